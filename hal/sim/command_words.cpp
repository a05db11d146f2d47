// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/command_words.h"

#include <charconv>
#include <stdexcept>

namespace deskd {

std::string CommandWords::take(const char* what) {
  if (!more()) throw std::invalid_argument(std::string("expected ") + what + ", found nothing");
  return decodeWord(words_[next_++]);
}

unsigned CommandWords::takeNumber(const char* what, unsigned least, unsigned most) {
  return numberIn(take(what), what, least, most);
}

std::optional<std::string> CommandWords::takeOption(std::string_view key) {
  if (!more()) return std::nullopt;
  const std::string_view word = words_[next_];
  if (!word.starts_with(key) || word.substr(key.size(), 1) != "=") return std::nullopt;
  ++next_;
  return decodeWord(word.substr(key.size() + 1));
}

std::pair<std::string, std::string> CommandWords::takePair(const char* what) {
  if (!more()) throw std::invalid_argument(std::string("expected ") + what + ", found nothing");
  const std::string_view word = words_[next_++];
  const auto equals = word.find('=');
  if (equals == std::string_view::npos)
    throw std::invalid_argument(std::string("expected ") + what + ", found " + std::string(word));
  return {decodeWord(word.substr(0, equals)), decodeWord(word.substr(equals + 1))};
}

std::string CommandWords::takeRest(const char* what) {
  std::string rest = take(what);
  while (more())
    rest += " " + take(what);
  return rest;
}

void CommandWords::end() const {
  if (more())
    throw std::invalid_argument("expected the end of the command, found " + std::string(words_[next_]));
}

unsigned numberIn(const std::string& word, const char* what, unsigned least, unsigned most) {
  const bool hex = word.starts_with("0x");
  const char* first = word.data() + (hex ? 2 : 0);
  const char* last = word.data() + word.size();
  unsigned value = 0;
  const auto [end, error] = std::from_chars(first, last, value, hex ? 16 : 10);
  if (error == std::errc() && end == last && value >= least && value <= most) return value;
  throw std::invalid_argument(std::string(what) + ": expected " + std::to_string(least) + " to " +
                              std::to_string(most) + ", found " + word);
}

bool bitIn(const std::string& word, const char* what) {
  if (word == "0" || word == "1") return word == "1";
  throw std::invalid_argument(std::string(what) + ": expected 0 or 1, found " + word);
}

}  // namespace deskd
