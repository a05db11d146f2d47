// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "bindings/storage_port.h"
#include "daemon/wire/messages.h"

namespace deskd {

// Stores as a script's host has them: requests over the wire to the supervisor.
class WireStorage final : public StoragePort {
 public:
  // `post` sends to the supervisor; false means that it did not fit.
  using Post = std::function<bool(const wire::Any&)>;
  explicit WireStorage(Post post) : post_(std::move(post)) {}

  void receive(wire::StorageAnswer&& answer);

  void get(bool shared, std::string key, Answered answered) override;
  void keys(bool shared, std::string prefix, std::string after, Answered answered) override;
  void apply(bool shared, StorageChanges changes, Answered answered) override;
  void flush(bool shared, Answered answered) override;

 private:
  template <class Request>
  void send(Request request, Answered answered);

  Post post_;
  std::uint32_t lastRequest_ = 0;
  std::map<std::uint32_t, Answered> requests_;
};

}  // namespace deskd
