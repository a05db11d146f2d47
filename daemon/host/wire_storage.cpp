// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/wire_storage.h"

#include <stdexcept>
#include <utility>

#include "hal/base/error.h"

namespace deskd {

void WireStorage::receive(wire::StorageAnswer&& answer) {
  const auto found = requests_.find(answer.request);
  if (found == requests_.end()) return;
  const Answered answered = std::move(found->second);
  requests_.erase(found);
  answered({{std::move(answer.code), std::move(answer.message)}, std::move(answer.values), answer.more});
}

template <class Request>
void WireStorage::send(Request request, Answered answered) {
  const std::size_t bytes = wire::encodedBytes(request);
  if (bytes > wire::maxMessageBytes)
    throw std::out_of_range("storage: expected at most " + std::to_string(wire::maxMessageBytes) +
                            " bytes at a time, found " + std::to_string(bytes));
  request.request = ++lastRequest_;
  requests_[request.request] = std::move(answered);
  if (post_(request)) return;
  requests_.erase(request.request);
  throw CodedError("ERR_QUEUE_FULL",
                   "storage: more is asked for than deskd can take: wait for earlier calls");
}

void WireStorage::get(bool shared, std::string key, Answered answered) {
  send(wire::StorageGet{0, shared, std::move(key)}, std::move(answered));
}

void WireStorage::keys(bool shared, std::string prefix, std::string after, Answered answered) {
  send(wire::StorageKeys{0, shared, std::move(prefix), std::move(after)}, std::move(answered));
}

void WireStorage::apply(bool shared, StorageChanges changes, Answered answered) {
  send(wire::StorageApply{0, shared, std::move(changes.expected), std::move(changes.expectedAbsent),
                          std::move(changes.set), std::move(changes.removed)},
       std::move(answered));
}

void WireStorage::flush(bool shared, Answered answered) {
  send(wire::StorageFlush{0, shared}, std::move(answered));
}

}  // namespace deskd
