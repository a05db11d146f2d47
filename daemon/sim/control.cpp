// SPDX-License-Identifier: Apache-2.0
#include "daemon/sim/control.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace deskd {
namespace {

std::vector<std::string_view> wordsOf(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::vector<std::string_view> words;
  for (std::size_t at = line.find_first_not_of(kSpace); at != std::string_view::npos;
       at = line.find_first_not_of(kSpace, at)) {
    const std::size_t end = std::min(line.find_first_of(kSpace, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

unsigned numberIn(std::string_view word, unsigned least, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error == std::errc() && end == word.data() + word.size() && value >= least && value <= most)
    return value;
  throw std::invalid_argument("expected " + std::to_string(least) + " to " + std::to_string(most) +
                              ", found " + std::string(word));
}

const char* name(Travel travel) {
  return travel == Travel::up ? "up" : travel == Travel::down ? "down" : "still";
}

std::string status(const JiecangRunner& runner) {
  const JiecangDesk& desk = runner.desk();
  return "height " + std::to_string(std::lround(desk.heightMm())) + " moving " + name(desk.travel()) +
         " lock " + (desk.locked() ? "on" : "off") + " error " + std::to_string(desk.error()) + " homing " +
         (desk.needsHoming() ? "needed" : "done") + " power " + (desk.asleep() ? "asleep" : "awake") +
         " violations " + std::to_string(desk.violations().size());
}

using Now = std::uint64_t;

bool obeyHandset(JiecangRunner& runner, const std::vector<std::string_view>& words) {
  const bool preset = words.size() == 3 && words[1] == "preset";
  if (preset) {
    const unsigned slot = numberIn(words[2], 1, 4);
    runner.act([slot](JiecangDesk& desk, Now now) { desk.tapPreset(slot, now); });
    return true;
  }
  if (words.size() != 2) return false;
  if (words[1] == "release") {
    runner.act([](JiecangDesk& desk, Now now) { desk.releaseHandset(now); });
    return true;
  }
  if (words[1] != "up" && words[1] != "down") return false;
  const HandsetKey key = words[1] == "up" ? HandsetKey::up : HandsetKey::down;
  runner.act([key](JiecangDesk& desk, Now now) { desk.pressHandset(key, now); });
  return true;
}

bool obeyOthers(JiecangRunner& runner, const std::vector<std::string_view>& words) {
  const std::string_view verb = words[0];
  if (verb == "error" && words.size() == 2) {
    const unsigned code = numberIn(words[1], 0, 15);
    runner.act([code](JiecangDesk& desk, Now now) { desk.raiseError(code, now); });
    return true;
  }
  if (words.size() != 1) return false;
  if (verb == "plug") {
    runner.plug();
  } else if (verb == "unplug") {
    runner.unplug();
  } else if (verb == "lock" || verb == "unlock") {
    runner.act([verb](JiecangDesk& desk, Now now) { desk.setLocked(verb == "lock", now); });
  } else if (verb == "freeze" || verb == "thaw") {
    runner.act([verb](JiecangDesk& desk, Now now) { desk.setReportsFrozen(verb == "freeze", now); });
  } else if (verb == "power-cycle") {
    runner.act([](JiecangDesk& desk, Now now) { desk.powerCycle(now); });
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string obey(JiecangRunner& runner, std::string_view line) {
  const auto words = wordsOf(line);
  if (words.empty()) return "error: expected a command, found an empty line";
  if (words.size() == 1 && words[0] == "status") return status(runner);
  try {
    const bool known = words[0] == "handset" ? obeyHandset(runner, words) : obeyOthers(runner, words);
    return known ? "ok" : "error: unknown command " + std::string(line) + " (see deskd-sim --help)";
  } catch (const std::exception& error) {
    return std::string("error: ") + error.what();
  }
}

}  // namespace deskd
