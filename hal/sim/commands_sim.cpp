// SPDX-License-Identifier: Apache-2.0
// "sim ..." of the board's protocol, for lines: what a person does to them, and what goes wrong.
#include <array>
#include <cmath>
#include <stdexcept>

#include "hal/sim/board_session.h"

namespace deskd {
namespace {

using Answer = BoardSession::Answer;

constexpr unsigned kMostBounces = 1'000'000;
constexpr double kLongestBounceMs = 60'000;
constexpr double kNsPerMs = 1e6;
constexpr unsigned kMostUses = 1'000'000'000;

SimLineId takeLine(BoardSession& session, CommandWords& words) {
  return session.board().lines().find(words.take("LINE"));
}

void drive(BoardSession& session, CommandWords& words, std::uint64_t nowNs, Answer&) {
  const SimLineId line = takeLine(session, words);
  const std::string level = words.take("0|1|z");
  words.end();
  if (level != "0" && level != "1" && level != "z")
    throw std::invalid_argument("level: expected 0, 1 or z, found " + level);
  session.board().lines().drive(kPerson, line, level == "z" ? std::nullopt : std::optional(level == "1"),
                                nowNs);
}

void pull(BoardSession& session, CommandWords& words, std::uint64_t nowNs, Answer&) {
  static constexpr std::array<std::pair<const char*, SimPull>, 3> pulls{
      {{"up", SimPull::up}, {"down", SimPull::down}, {"none", SimPull::none}}};
  const SimLineId line = takeLine(session, words);
  const SimPull wanted = enumIn(WordsOf<SimPull>(pulls), words.take("up|down|none"), "pull");
  words.end();
  session.board().lines().pull(line, wanted, nowNs);
}

void wire(BoardSession& session, CommandWords& words, std::uint64_t nowNs, Answer&) {
  const SimLineId a = takeLine(session, words);
  const SimLineId b = takeLine(session, words);
  words.end();
  session.board().lines().wire(a, b, nowNs);
}

void unwire(BoardSession& session, CommandWords& words, std::uint64_t nowNs, Answer&) {
  const SimLineId line = takeLine(session, words);
  words.end();
  session.board().lines().unwire(line, nowNs);
}

void bounce(BoardSession& session, CommandWords& words, std::uint64_t, Answer&) {
  const SimLineId line = takeLine(session, words);
  const unsigned times = numberIn(words.takeOption("times").value_or("0"), "times", 0, kMostBounces);
  const double ms = plantNumber("ms", words.takeOption("ms").value_or("0"), 0, kLongestBounceMs);
  words.end();
  session.board().lines().bounce(line, times, static_cast<std::uint64_t>(std::llround(ms * kNsPerMs)));
}

void hold(BoardSession& session, CommandWords& words, std::uint64_t, Answer&) {
  const SimLineId line = takeLine(session, words);
  const std::string consumer = words.take("CONSUMER");
  words.end();
  session.board().requests().hold(line, consumer);
}

void unhold(BoardSession& session, CommandWords& words, std::uint64_t, Answer&) {
  const SimLineId line = takeLine(session, words);
  words.end();
  session.board().requests().unhold(line);
}

void level(BoardSession& session, CommandWords& words, std::uint64_t, Answer& answer) {
  const SimLineId line = takeLine(session, words);
  words.end();
  answer.text += session.board().lines().level(line) ? " 1" : " 0";
}

void fault(BoardSession& session, CommandWords& words, std::uint64_t, Answer&) {
  SimFaults::Fault made;
  made.operation = words.take("an operation or none");
  if (made.operation == "none") {
    words.end();
    return session.board().faults().clear();
  }
  const std::string name = words.take("ERRNO_NAME");
  made.error = errnoOf(name);
  if (made.error == 0)
    throw std::invalid_argument("expected the name of an error number, such as EIO, found " + name);
  made.count = 1;
  while (words.more()) {
    const auto [key, value] = words.takePair("after=N, count=N, count=always or line=LINE");
    if (key == "after")
      made.after = numberIn(value, "after", 0, kMostUses);
    else if (key == "count" && value == "always")
      made.count.reset();
    else if (key == "count")
      made.count = numberIn(value, "count", 1, kMostUses);
    else if (key == "line")
      made.line = session.board().lines().find(value);
    else
      throw std::invalid_argument("expected after, count or line, found " + key);
  }
  session.board().faults().add(std::move(made));
}

void record(BoardSession& session, CommandWords& words, std::uint64_t, Answer& answer) {
  words.end();
  auto recording = session.runner().recorder().listen(session.runner().loop());
  answer.descriptor = recording->takeReader();
  session.listen(std::move(recording));
}

}  // namespace

std::span<const BoardCommand> simCommands() {
  static constexpr std::array commands{
      BoardCommand{"sim drive", drive},   BoardCommand{"sim pull", pull},
      BoardCommand{"sim wire", wire},     BoardCommand{"sim unwire", unwire},
      BoardCommand{"sim bounce", bounce}, BoardCommand{"sim hold", hold},
      BoardCommand{"sim unhold", unhold}, BoardCommand{"sim level", level},
      BoardCommand{"sim fault", fault},   BoardCommand{"sim record", record},
  };
  return commands;
}

}  // namespace deskd
