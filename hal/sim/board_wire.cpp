// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/board_wire.h"

#include <array>
#include <cstring>
#include <stdexcept>

namespace deskd {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

int digitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::uint8_t byteOf(char high, char low) {
  const int first = digitOf(high);
  const int second = digitOf(low);
  if (first < 0 || second < 0)
    throw std::invalid_argument(std::string("expected two hexadecimal digits, found ") + high + low);
  return static_cast<std::uint8_t>(first * 16 + second);
}

}  // namespace

std::string encodeWord(std::string_view text) {
  if (text.empty()) return "-";
  std::string word;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte != 0x7f && c != '%' && text != "-") {
      word += c;
    } else {
      word += '%';
      word += kHexDigits[byte >> 4];
      word += kHexDigits[byte & 15];
    }
  }
  return word;
}

std::string decodeWord(std::string_view word) {
  if (word == "-") return {};
  std::string text;
  for (std::size_t at = 0; at < word.size(); ++at) {
    if (word[at] != '%') {
      text += word[at];
    } else if (at + 2 < word.size()) {
      text += static_cast<char>(byteOf(word[at + 1], word[at + 2]));
      at += 2;
    } else {
      throw std::invalid_argument("expected two digits after %, found " + std::string(word));
    }
  }
  return text;
}

std::vector<std::string_view> splitWords(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  std::vector<std::string_view> words;
  for (std::size_t at = text.find_first_not_of(space); at != std::string_view::npos;
       at = text.find_first_not_of(space, at)) {
    const std::size_t end = std::min(text.find_first_of(space, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::string lowerHex(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 15];
  }
  return text;
}

std::vector<std::uint8_t> fromHex(std::string_view text) {
  if (text.size() % 2 != 0)
    throw std::invalid_argument("expected an even number of hexadecimal digits, found " +
                                std::to_string(text.size()));
  std::vector<std::uint8_t> bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t at = 0; at < text.size(); at += 2)
    bytes.push_back(byteOf(text[at], text[at + 1]));
  return bytes;
}

WordsOf<GpioBias> biasWords() {
  static constexpr std::array<std::pair<const char*, GpioBias>, 4> words{{{"as-is", GpioBias::asIs},
                                                                          {"disabled", GpioBias::disabled},
                                                                          {"pull-up", GpioBias::pullUp},
                                                                          {"pull-down", GpioBias::pullDown}}};
  return words;
}

WordsOf<GpioDrive> driveWords() {
  static constexpr std::array<std::pair<const char*, GpioDrive>, 3> words{
      {{"push-pull", GpioDrive::pushPull},
       {"open-drain", GpioDrive::openDrain},
       {"open-source", GpioDrive::openSource}}};
  return words;
}

WordsOf<GpioEdge> edgeWords() {
  static constexpr std::array<std::pair<const char*, GpioEdge>, 4> words{{{"none", GpioEdge::none},
                                                                          {"rising", GpioEdge::rising},
                                                                          {"falling", GpioEdge::falling},
                                                                          {"both", GpioEdge::both}}};
  return words;
}

int errnoOf(std::string_view name) {
  constexpr int most = 134;  // of Linux
  for (int number = 1; number < most; ++number)
    if (const char* known = strerrorname_np(number); known != nullptr && name == known) return number;
  return 0;
}

}  // namespace deskd
