// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/outcome.h"

namespace deskd {

// Carried out as a whole or not at all: first what has to be there and what must not, then what changes.
struct StorageChanges {
  std::vector<std::pair<std::string, std::string>> expected;  // key and JSON text
  std::vector<std::string> expectedAbsent;
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::string> removed;
};

// The script's store and the one that all scripts share, as JSON texts. Implemented above bindings/; answers
// come on the script's loop, those to changes once they are on the disk. Throws CodedError if more is asked
// for than is taken at a time.
class StoragePort {
 public:
  struct Answer {
    Outcome outcome;
    std::vector<std::string> values;  // of get: none or one; of keys; of apply: the keys that were removed
    bool more = false;                // there are further keys
  };
  using Answered = std::function<void(Answer)>;

  virtual ~StoragePort() = default;
  virtual void get(bool shared, std::string key, Answered answered) = 0;
  // Some of those that begin with `prefix`, in order, the first behind `after`.
  virtual void keys(bool shared, std::string prefix, std::string after, Answered answered) = 0;
  virtual void apply(bool shared, StorageChanges changes, Answered answered) = 0;
  // Answered when everything before it is on the disk.
  virtual void flush(bool shared, Answered answered) = 0;
};

}  // namespace deskd
