// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/board.h"

#include <algorithm>
#include <cctype>
#include <cerrno>

#include "hal/base/error.h"

namespace deskd {
namespace {

std::string busNameOf(const std::string& text) {
  constexpr std::string_view directory = "/dev/";
  if (text.starts_with(directory)) return text.substr(directory.size());
  const bool number = !text.empty() && std::all_of(text.begin(), text.end(),
                                                   [](unsigned char c) { return std::isdigit(c) != 0; });
  return number ? "i2c-" + text : text;
}

}  // namespace

SimBoard::SimBoard(const SimBoardOptions& options)
    : lines_(makeHeader(options.header)), requests_(lines_, options.kernelDebounce) {
  for (const std::string& name : options.i2cBuses)
    buses_.try_emplace(name, name);
}

SimI2cBus& SimBoard::bus(const std::string& name) {
  const auto found = buses_.find(busNameOf(name));
  if (found != buses_.end()) return found->second;
  std::string known;
  for (const auto& [known_, bus] : buses_)
    known += (known.empty() ? "" : ", ") + known_;
  throwErrno(ENOENT, "open I2C bus", name + " (there are " + (known.empty() ? "none" : known) + ")");
}

std::vector<std::string> SimBoard::busNames() const {
  std::vector<std::string> names;
  for (const auto& [name, bus] : buses_)
    names.push_back(name);
  return names;
}

void SimBoard::advance(std::uint64_t nowNs) {
  for (auto next = nextNs(); next && *next <= nowNs; next = nextNs()) {
    lines_.advance(*next);
    requests_.advance(*next);
  }
}

std::optional<std::uint64_t> SimBoard::nextNs() const {
  return earlier(lines_.nextNs(), requests_.nextNs());
}

std::optional<std::uint64_t> earlier(std::optional<std::uint64_t> a, std::optional<std::uint64_t> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace deskd
