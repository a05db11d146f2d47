// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "hal/framer.h"

namespace deskd {

// The makers behind makeFramer(), one source file each. They expect options that have been validated.
std::unique_ptr<Framer> makeChunkFramer(const FramingOptions& options);      // none
std::unique_ptr<Framer> makeMarkedFramer(const FramingOptions& options);     // fixed, length
std::unique_ptr<Framer> makeDelimiterFramer(const FramingOptions& options);  // delimiter
std::unique_ptr<Framer> makeGapFramer(const FramingOptions& options);        // gap
std::unique_ptr<Framer> makeSlipFramer(const FramingOptions& options);       // slip

}  // namespace deskd
