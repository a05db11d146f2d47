// SPDX-License-Identifier: Apache-2.0
#include "hal/board.h"
#include "hal/board_client_gpio.h"
#include "hal/board_client_i2c.h"

namespace deskd {
namespace {

class SimBoardClient final : public Board {
 public:
  // Connects at once, so that a path without a board is found when the board is made.
  explicit SimBoardClient(const std::string& socketPath)
      : path_(socketPath), gpio_(makeSimGpio(std::make_shared<BoardSocket>(socketPath))) {}

  GpioChips& gpio() override { return *gpio_; }
  std::unique_ptr<I2cBus> i2c(const std::string& bus) override { return openSimI2c(path_, bus); }

 private:
  const std::string path_;
  std::unique_ptr<GpioChips> gpio_;
};

}  // namespace

std::unique_ptr<Board> makeSimBoard(const std::string& socketPath) {
  return std::make_unique<SimBoardClient>(socketPath);
}

}  // namespace deskd
