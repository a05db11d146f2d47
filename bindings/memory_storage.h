// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>

#include "bindings/storage_port.h"
#include "hal/base/loop.h"

namespace deskd {

// Stores that end with the process, without a quota: for a script that runs in the foreground.
class MemoryStorage final : public StoragePort {
 public:
  explicit MemoryStorage(Loop& loop);

  void get(bool shared, std::string key, Answered answered) override;
  void keys(bool shared, std::string prefix, std::string after, Answered answered) override;
  void apply(bool shared, StorageChanges changes, Answered answered) override;
  void flush(bool shared, Answered answered) override;

 private:
  using Entries = std::map<std::string, std::string>;

  // Never from inside a call of the script.
  void answerLater(Answered answered, Answer answer);
  static Answer change(Entries& entries, StorageChanges&& changes);

  Entries own_;
  Entries shared_;
  std::deque<std::function<void()>> answers_;
  Timer later_;
};

}  // namespace deskd
