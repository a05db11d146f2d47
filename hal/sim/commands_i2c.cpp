// SPDX-License-Identifier: Apache-2.0
// "i2c ..." of the board's protocol: what i2c-dev does on a real one.
#include <array>
#include <stdexcept>

#include "hal/sim/board_session.h"

namespace deskd {
namespace {

using Answer = BoardSession::Answer;

constexpr unsigned kMostAddress = 0x3ff;
constexpr std::uint64_t kNsPerMs = 1'000'000;

void listBuses(BoardSession& session, CommandWords& words, std::uint64_t, Answer& answer) {
  words.end();
  for (const std::string& name : session.board().busNames())
    answer.text += " " + name;
}

void openBus(BoardSession& session, CommandWords& words, std::uint64_t, Answer& answer) {
  const std::string name = words.take("BUS");
  words.end();
  session.board().faults().check("i2c-open");
  answer.text += " " + session.board().bus(name).name();
}

I2cAddress takeAddress(CommandWords& words) {
  I2cAddress address;
  std::string word = words.take("ADDRESS");
  if (word.ends_with("/10")) {
    address.tenBit = true;
    word.resize(word.size() - 3);
  }
  address.value = static_cast<std::uint16_t>(numberIn(word, "address", 0, kMostAddress));
  return address;
}

I2cSegment segmentOf(const std::string& word) {
  I2cSegment segment;
  if (word.starts_with("w:")) {
    segment.bytes = fromHex(std::string_view(word).substr(2));
    segment.length = segment.bytes.size();
  } else if (word.starts_with("r:")) {
    segment.read = true;
    segment.length = numberIn(word.substr(2), "r", 0, kLongestI2cSegment);
  } else {
    throw std::invalid_argument("expected w:HEX or r:LENGTH, found " + word);
  }
  if (segment.length > kLongestI2cSegment)
    throw std::invalid_argument("expected at most " + std::to_string(kLongestI2cSegment) +
                                " bytes in a segment, found " + std::to_string(segment.length));
  return segment;
}

void transfer(BoardSession& session, CommandWords& words, std::uint64_t nowNs, Answer& answer) {
  SimI2cBus& bus = session.board().bus(words.take("BUS"));
  const I2cAddress address = takeAddress(words);
  std::vector<I2cSegment> segments;
  while (words.more())
    segments.push_back(segmentOf(words.take("w:HEX or r:LENGTH")));
  if (segments.size() > kMostI2cSegments)
    throw std::invalid_argument("expected at most " + std::to_string(kMostI2cSegments) + " segments, found " +
                                std::to_string(segments.size()));
  if (bus.stuck(address.value)) throw StuckBus();
  session.board().faults().check("i2c-transfer");
  bus.transfer(address, segments, nowNs / kNsPerMs);
  for (const I2cSegment& segment : segments)
    if (segment.read) answer.text += " " + (segment.bytes.empty() ? "-" : lowerHex(segment.bytes));
}

void probe(BoardSession& session, CommandWords& words, std::uint64_t, Answer& answer) {
  const SimI2cBus& bus = session.board().bus(words.take("BUS"));
  const I2cAddress address = takeAddress(words);
  words.end();
  if (bus.stuck(address.value)) throw StuckBus();
  session.board().faults().check("i2c-probe");
  const auto answers = bus.probe(address.value);
  answer.text += !answers ? " -" : *answers ? " 1" : " 0";
}

}  // namespace

std::span<const BoardCommand> i2cCommands() {
  static constexpr std::array commands{
      BoardCommand{"i2c buses", listBuses},
      BoardCommand{"i2c open", openBus},
      BoardCommand{"i2c transfer", transfer},
      BoardCommand{"i2c probe", probe},
  };
  return commands;
}

}  // namespace deskd
