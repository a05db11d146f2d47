// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "daemon/deskctl/command.h"
#include "hal/board.h"

namespace deskd {
namespace {

// The 40 pins of a Raspberry Pi's header: a line's number, or what else is there.
constexpr std::array<const char*, 40> header{
    "3.3 V", "5 V", "2",  "5 V",    "3",      "ground", "4",     "14", "ground", "15",
    "17",    "18",  "27", "ground", "22",     "23",     "3.3 V", "24", "10",     "ground",
    "9",     "25",  "11", "8",      "ground", "7",      "0",     "1",  "5",      "ground",
    "6",     "12",  "13", "ground", "19",     "16",     "26",    "20", "ground", "21"};

std::string state(const GpioLineInfo& line) {
  const std::string direction = line.output ? "out" : "in";
  if (!line.used) return direction;
  return direction + " " + (line.consumer.empty() ? "used" : line.consumer);
}

std::string clipped(const std::string& text, std::size_t most) {
  return text.size() <= most ? text : text.substr(0, most - 1) + "~";
}

bool isAt(const GpioLineInfo& line, const std::string& pin) {
  // The two for the EEPROM of a board on top have names of their own.
  if (pin == "0" && line.name == "ID_SDA") return true;
  if (pin == "1" && line.name == "ID_SCL") return true;
  return line.name == "GPIO" + pin;
}

// The line that the pin leads to; null for power and ground.
const GpioLineInfo* lineAt(const std::vector<GpioLineInfo>& lines, const char* pin) {
  const auto found =
      std::find_if(lines.begin(), lines.end(), [&](const GpioLineInfo& line) { return isAt(line, pin); });
  return found == lines.end() ? nullptr : &*found;
}

bool hasHeader(const std::vector<GpioLineInfo>& lines) {
  return std::all_of(header.begin(), header.end(), [&](const char* pin) {
    return pin[0] < '0' || pin[0] > '9' || std::string(pin).find(' ') != std::string::npos ||
           lineAt(lines, pin) != nullptr;
  });
}

void printHeader(const std::vector<GpioLineInfo>& lines) {
  for (std::size_t i = 0; i < header.size(); i += 2) {
    std::array<std::string, 2> names;
    std::array<std::string, 2> states;
    for (const std::size_t side : {0U, 1U}) {
      const GpioLineInfo* line = lineAt(lines, header[i + side]);
      names[side] = line == nullptr ? header[i + side] : line->name;
      states[side] = line == nullptr ? "" : clipped(state(*line), 24);
    }
    std::string row(96, '\0');
    const int size =
        std::snprintf(row.data(), row.size(), "%24s  %6s  %2zu | %-2zu  %-6s  %s", states[0].c_str(),
                      names[0].c_str(), i + 1, i + 2, names[1].c_str(), states[1].c_str());
    row.resize(static_cast<std::size_t>(size));
    row.erase(row.find_last_not_of(' ') + 1);
    std::puts(row.c_str());
  }
}

bool onHeader(const GpioLineInfo& line) {
  return std::any_of(header.begin(), header.end(), [&](const char* pin) { return isAt(line, pin); });
}

void printLines(const std::vector<GpioLineInfo>& lines) {
  for (const GpioLineInfo& line : lines) {
    const std::string place = line.address.chip + ":" + std::to_string(line.address.offset);
    std::printf("%-14s  %-24s  %s\n", clipped(place, 14).c_str(), clipped(line.name, 24).c_str(),
                clipped(state(line), 38).c_str());
  }
}

int pins(const Context& context, const std::string& boardPath, bool all) {
  const std::unique_ptr<Board> board = boardPath.empty() ? makeLinuxBoard() : makeSimBoard(boardPath);
  std::vector<GpioLineInfo> lines = board->gpio().lines();
  if (context.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const GpioLineInfo& line : lines)
      list.push_back({{"chip", line.address.chip},
                      {"label", line.chipLabel},
                      {"offset", line.address.offset},
                      {"name", line.name},
                      {"output", line.output},
                      {"used", line.used},
                      {"consumer", line.consumer}});
    std::puts(list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    return exitGood;
  }
  if (lines.empty())
    throw std::runtime_error("expected a GPIO chip that may be opened, found none; see deskctl doctor");
  const bool withHeader = hasHeader(lines);
  if (withHeader) {
    printHeader(lines);
    // What is not on the header is the board's own business, unless somebody uses it.
    std::erase_if(lines, [&](const GpioLineInfo& line) { return onHeader(line) || (!all && !line.used); });
    if (!lines.empty()) std::puts("");
  }
  printLines(lines);
  return exitGood;
}

}  // namespace

void addPins(Commands& commands) {
  struct Options {
    std::string boardPath;
    bool all = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = commands.add(
      "pins", "Show the GPIO lines, and who holds them",
      [options](const Context& context) { return pins(context, options->boardPath, options->all); });
  command->add_option("--board", options->boardPath, "Of a board that deskd-sim simulates")
      ->type_name("SOCKET");
  command->add_flag("--all", options->all, "Lines that are not on the header, too");
}

}  // namespace deskd
