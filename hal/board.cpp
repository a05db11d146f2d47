// SPDX-License-Identifier: Apache-2.0
#include "hal/board.h"

#include <mutex>
#include <utility>

namespace deskd {
namespace {

class LinuxBoard final : public Board {
 public:
  GpioChips& gpio() override {
    if (!gpio_) gpio_ = makeLinuxGpio();
    return *gpio_;
  }
  std::unique_ptr<I2cBus> i2c(const std::string& bus) override { return openLinuxI2c(bus); }

 private:
  std::unique_ptr<GpioChips> gpio_;
};

struct Lazy {
  std::mutex mutex;
  std::unique_ptr<Board> board;
};

}  // namespace

std::unique_ptr<Board> makeLinuxBoard() {
  return std::make_unique<LinuxBoard>();
}

std::function<Board&()> lazyBoard(std::string socketPath) {
  return [lazy = std::make_shared<Lazy>(), path = std::move(socketPath)]() -> Board& {
    const std::lock_guard lock(lazy->mutex);
    if (!lazy->board) lazy->board = path.empty() ? makeLinuxBoard() : makeSimBoard(path);
    return *lazy->board;
  };
}

}  // namespace deskd
