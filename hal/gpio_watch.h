// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "hal/base/loop.h"
#include "hal/gpio.h"
#include "hal/gpio_debounce.h"

namespace deskd {

struct GpioWatchHandlers {
  std::function<void(const GpioEvent&)> onEvent;
  // The lines cannot be read any more. The last call.
  std::function<void(const std::exception_ptr&)> onFailure;
};

// Inputs on a loop: their events, debounced here where the kernel does not. Handlers may call close(), which
// is the last thing that they hear of it, but must not destroy it.
class GpioWatch {
 public:
  // `options`: what `input` was opened with.
  GpioWatch(Loop& loop, std::unique_ptr<GpioInput> input, const GpioInputOptions& options,
            GpioWatchHandlers handlers);

  // The levels that count now. Throws std::system_error.
  std::vector<bool> levels() const;
  // Events that the kernel had to forget because nobody read them.
  std::uint64_t lost() const { return lost_; }

  // Gives the lines back. Idempotent.
  void close();
  bool closed() const { return !input_; }

 private:
  void onReady(int events);
  void read();
  void readDebounced();
  void startTimer();

  std::unique_ptr<GpioInput> input_;
  const GpioWatchHandlers handlers_;
  std::vector<std::uint32_t> sequences_;  // of each line's last event
  std::uint64_t lost_ = 0;
  std::optional<GpioDebounce> debounce_;  // where the kernel does not
  std::optional<Timer> settled_;
  std::optional<Poll> poll_;  // declared last: stops before the descriptor closes
};

}  // namespace deskd
