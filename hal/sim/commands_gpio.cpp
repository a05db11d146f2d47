// SPDX-License-Identifier: Apache-2.0
// "gpio ..." of the board's protocol: what libgpiod does on a real one.
#include <array>
#include <cstring>
#include <stdexcept>

#include "hal/sim/board_session.h"

namespace deskd {
namespace {

using Answer = BoardSession::Answer;

// Offsets of header chips are far below.
constexpr unsigned kMostOffset = 4096;
// The kernel's GPIO_V2_LINES_MAX.
constexpr std::size_t kMostLines = 64;
// An hour.
constexpr unsigned kLongestDebounceUs = 3'600'000'000U;

template <class E>
E takeWord(CommandWords& words, const char* key, WordsOf<E> known, E fallback) {
  const auto word = words.takeOption(key);
  return word ? enumIn(known, *word, key) : fallback;
}

void requireLine(const std::vector<GpioAddress>& lines) {
  if (lines.empty() || lines.size() > kMostLines)
    throw std::invalid_argument("expected 1 to " + std::to_string(kMostLines) + " lines, found " +
                                std::to_string(lines.size()));
}

void listLines(BoardSession& session, CommandWords& words, std::uint64_t, Answer& answer) {
  words.end();
  session.board().faults().check("gpio-lines");
  for (const GpioLineInfo& line : session.board().requests().lines()) {
    const std::string consumer = line.used && line.consumer.empty() ? "?" : encodeWord(line.consumer);
    answer.text += "\n" + line.address.chip + " " + encodeWord(line.chipLabel) + " " +
                   std::to_string(line.address.offset) + " " + encodeWord(line.name) +
                   (line.output ? " out " : " in ") + consumer;
  }
}

void requestOutput(BoardSession& session, CommandWords& words, std::uint64_t nowNs, Answer& answer) {
  GpioOutputOptions options;
  const std::string chip = words.take("CHIP");
  options.activeLow = bitIn(words.takeOption("active-low").value_or("0"), "active-low");
  options.drive = takeWord(words, "drive", driveWords(), options.drive);
  options.bias = takeWord(words, "bias", biasWords(), options.bias);
  options.consumer = words.takeOption("consumer").value_or("");
  while (words.more()) {
    const auto [offset, value] = words.takePair("OFFSET=0|1");
    options.lines.push_back({chip, numberIn(offset, "offset", 0, kMostOffset)});
    options.values.push_back(bitIn(value, "value"));
  }
  requireLine(options.lines);
  SimLineRequests& requests = session.board().requests();
  session.board().faults().check("gpio-request", requests.find(options.lines));
  const auto handle = requests.output(options, nowNs);
  session.own(handle, nullptr);
  answer.text += " " + std::to_string(handle);
}

std::string recordOf(const GpioEvent& event) {
  const BoardEvent wire{event.timestampNs, event.sequence, static_cast<std::uint16_t>(event.line),
                        static_cast<std::uint16_t>(event.rising ? 1 : 0)};
  std::string record(sizeof wire, '\0');
  std::memcpy(record.data(), &wire, sizeof wire);
  return record;
}

std::unique_ptr<DatagramStream> eventStream(Loop& loop) {
  DatagramStream::Options options;
  options.mostWaiting = kMostWaitingEvents;
  options.mostInDatagram = kMostEventsInDatagram;
  options.sendBufferBytes = 8192;  // little: a kernel's buffer overruns at a thousand events
  return std::make_unique<DatagramStream>(loop, options);
}

void requestInput(BoardSession& session, CommandWords& words, std::uint64_t nowNs, Answer& answer) {
  GpioInputOptions options;
  const std::string chip = words.take("CHIP");
  options.activeLow = bitIn(words.takeOption("active-low").value_or("0"), "active-low");
  options.bias = takeWord(words, "bias", biasWords(), options.bias);
  options.edge = takeWord(words, "edge", edgeWords(), options.edge);
  options.debounceUs =
      numberIn(words.takeOption("debounce-us").value_or("0"), "debounce-us", 0, kLongestDebounceUs);
  options.consumer = words.takeOption("consumer").value_or("");
  while (words.more())
    options.lines.push_back({chip, words.takeNumber("OFFSET", 0, kMostOffset)});
  requireLine(options.lines);
  SimLineRequests& requests = session.board().requests();
  session.board().faults().check("gpio-request", requests.find(options.lines));
  std::unique_ptr<DatagramStream> events;
  SimLineRequests::OnEvent onEvent;
  if (options.edge != GpioEdge::none) {
    events = eventStream(session.runner().loop());
    onEvent = [stream = events.get()](const GpioEvent& event) { stream->push(recordOf(event)); };
  }
  const auto handle = requests.input(options, std::move(onEvent), nowNs);
  if (events) answer.descriptor = events->takeReader();
  session.own(handle, std::move(events));
  answer.text += " " + std::to_string(handle) +
                 (requests.kernelDebounce() ? " kernel-debounce=1" : " kernel-debounce=0");
}

void setValues(BoardSession& session, CommandWords& words, std::uint64_t nowNs, Answer&) {
  const auto handle = session.takeHandle(words);
  std::vector<bool> values;
  while (words.more())
    values.push_back(bitIn(words.take("0|1"), "value"));
  SimLineRequests& requests = session.board().requests();
  session.board().faults().check("gpio-set", requests.linesOf(handle));
  requests.set(handle, values, nowNs);
}

void getValues(BoardSession& session, CommandWords& words, std::uint64_t, Answer& answer) {
  const auto handle = session.takeHandle(words);
  words.end();
  SimLineRequests& requests = session.board().requests();
  session.board().faults().check("gpio-get", requests.linesOf(handle));
  for (const bool value : requests.get(handle))
    answer.text += value ? " 1" : " 0";
}

void releaseLines(BoardSession& session, CommandWords& words, std::uint64_t, Answer&) {
  const auto handle = session.takeHandle(words);
  words.end();
  session.release(handle);
}

}  // namespace

std::span<const BoardCommand> gpioCommands() {
  static constexpr std::array commands{
      BoardCommand{"gpio lines", listLines},    BoardCommand{"gpio output", requestOutput},
      BoardCommand{"gpio input", requestInput}, BoardCommand{"gpio set", setValues},
      BoardCommand{"gpio get", getValues},      BoardCommand{"gpio release", releaseLines},
  };
  return commands;
}

}  // namespace deskd
