// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "daemon/deskctl/command.h"
#include "hal/board.h"

namespace deskd {
namespace {

constexpr std::uint16_t firstAddress = 0x08;  // the rest is reserved
constexpr std::uint16_t lastAddress = 0x77;

void printTable(I2cBus& bus) {
  std::printf("%s\n     0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f\n", bus.name().c_str());
  for (std::uint16_t row = 0; row <= lastAddress; row += 16) {
    std::string line;
    for (std::uint16_t address = row; address < row + 16; ++address) {
      if (address < firstAddress || address > lastAddress) {
        line += "   ";
        continue;
      }
      char hex[8];
      std::snprintf(hex, sizeof hex, " %02x", address);
      const std::optional<bool> answers = bus.probe(address);
      line += !answers ? " UU" : *answers ? hex : " --";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    std::printf("%02x:%s\n", row, line.c_str());
  }
  std::puts("UU: a driver of the kernel has it");
}

void printJson(I2cBus& bus) {
  nlohmann::ordered_json found{{"bus", bus.name()},
                               {"answer", nlohmann::ordered_json::array()},
                               {"kernel", nlohmann::ordered_json::array()}};
  for (std::uint16_t address = firstAddress; address <= lastAddress; ++address) {
    const std::optional<bool> answers = bus.probe(address);
    if (!answers) found["kernel"].push_back(address);
    if (answers && *answers) found["answer"].push_back(address);
  }
  std::puts(found.dump(2).c_str());
}

}  // namespace

void addI2c(Commands& commands) {
  struct Options {
    std::string bus = "1";
    std::string boardPath;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      commands.add("i2c", "Show who answers on an I2C bus", [options](const Context& context) {
        const std::unique_ptr<Board> board =
            options->boardPath.empty() ? makeLinuxBoard() : makeSimBoard(options->boardPath);
        const std::unique_ptr<I2cBus> bus = board->i2c(options->bus);
        context.json ? printJson(*bus) : printTable(*bus);
        return exitGood;
      });
  command->add_option("BUS", options->bus, "1, i2c-1 or /dev/i2c-1 (1)");
  command->add_option("--board", options->boardPath, "Of a board that deskd-sim simulates")
      ->type_name("SOCKET");
}

}  // namespace deskd
