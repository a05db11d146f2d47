// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hal/gpio.h"

// What a simulated board and its clients say to each other over an AF_UNIX SOCK_SEQPACKET socket. A datagram
// is a command, "gpio set 3 0 1"; one datagram answers it, "ok ..." or "error ERRNO_NAME message". Commands
// and answers are words with one space between; encodeWord() keeps spaces out of them.
namespace deskd {

// The longest command or answer.
inline constexpr std::size_t kLongestBoardMessage = 128 * 1024;
// As the kernel's I2C_RDWR.
inline constexpr std::size_t kMostI2cSegments = 42;
inline constexpr std::size_t kLongestI2cSegment = 8192;

// An edge, on the SOCK_SEQPACKET descriptor that comes with the answer to "gpio input". A datagram holds one
// or more of them.
struct BoardEvent {
  std::uint64_t timestampNs = 0;  // CLOCK_MONOTONIC
  std::uint32_t sequence = 0;     // of this line, from 1 on
  std::uint16_t line = 0;         // index into the request's lines
  std::uint16_t rising = 0;       // logical: 0 or 1
};
static_assert(sizeof(BoardEvent) == 16);
inline constexpr std::size_t kMostEventsInDatagram = 16;
// How many edges wait for their reader before the oldest is dropped; a few more are on their way.
inline constexpr std::size_t kMostWaitingEvents = 1024;

// "-" for nothing; '%' and two hexadecimal digits for white space, '%' and a lone '-'.
std::string encodeWord(std::string_view text);
// Throws std::invalid_argument.
std::string decodeWord(std::string_view word);
std::vector<std::string_view> splitWords(std::string_view text);

std::string lowerHex(std::span<const std::uint8_t> bytes);
std::vector<std::uint8_t> fromHex(std::string_view text);  // throws std::invalid_argument

// The words for an enumeration's values.
template <class E>
using WordsOf = std::span<const std::pair<const char*, E>>;
WordsOf<GpioBias> biasWords();
WordsOf<GpioDrive> driveWords();
WordsOf<GpioEdge> edgeWords();

template <class E>
const char* wordOf(WordsOf<E> words, E value) {
  for (const auto& [word, candidate] : words)
    if (candidate == value) return word;
  return "";
}

// The number of a name such as "EBUSY"; 0 if there is none. errnoName() goes the other way.
int errnoOf(std::string_view name);

}  // namespace deskd
