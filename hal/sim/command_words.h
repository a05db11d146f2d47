// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hal/sim/board_wire.h"

namespace deskd {

// The words of a command, taken one after another. Throws std::invalid_argument that says what was expected.
class CommandWords {
 public:
  explicit CommandWords(std::string_view command) : words_(splitWords(command)) {}

  bool more() const { return next_ < words_.size(); }
  // The next word, decoded; `what` names it in the complaint if there is none.
  std::string take(const char* what);
  unsigned takeNumber(const char* what, unsigned least, unsigned most);
  // Takes "key=value" if that is next.
  std::optional<std::string> takeOption(std::string_view key);
  // Takes "key=value", whatever the key.
  std::pair<std::string, std::string> takePair(const char* what);
  // All that is left, with single spaces.
  std::string takeRest(const char* what);
  // Refuses what is left.
  void end() const;

 private:
  std::vector<std::string_view> words_;
  std::size_t next_ = 0;
};

// A whole word as a number, decimal or 0x...
unsigned numberIn(const std::string& word, const char* what, unsigned least, unsigned most);
bool bitIn(const std::string& word, const char* what);  // "0" or "1"

template <class E>
E enumIn(WordsOf<E> words, const std::string& word, const char* what) {
  std::string known;
  for (const auto& [name, value] : words) {
    if (word == name) return value;
    known.append(known.empty() ? "" : ", ").append(name);
  }
  throw std::invalid_argument(std::string(what) + ": expected one of " + known + ", found " + word);
}

}  // namespace deskd
