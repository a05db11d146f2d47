// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace deskd {

// RFC 4648, with padding.
std::string base64Encode(std::string_view bytes);
// Takes what the web's atob() takes: ASCII white space anywhere, padding or none. Empty for anything else.
std::optional<std::string> base64Decode(std::string_view text);

}  // namespace deskd
