// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "hal/board_socket.h"
#include "hal/gpio.h"

namespace deskd {

// The GPIO chips of a simulated board. What is requested keeps the connection open.
std::unique_ptr<GpioChips> makeSimGpio(std::shared_ptr<BoardSocket> board);

}  // namespace deskd
