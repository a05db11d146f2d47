// SPDX-License-Identifier: Apache-2.0
#include "hal/gpio_watch.h"

#include <cerrno>
#include <chrono>

#include "hal/base/error.h"

namespace deskd {
namespace {

// The clock that stamps the events.
std::uint64_t nowNs() {
  return static_cast<std::uint64_t>(
      std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
}

}  // namespace

GpioWatch::GpioWatch(Loop& loop, std::unique_ptr<GpioInput> input, const GpioInputOptions& options,
                     GpioWatchHandlers handlers)
    : input_(std::move(input)), handlers_(std::move(handlers)), sequences_(options.lines.size()) {
  if (options.debounceUs > 0 && !input_->kernelDebounce()) {
    debounce_.emplace(std::uint64_t{options.debounceUs} * 1000, options.edge, input_->get());
    settled_.emplace(loop, [this] { onReady(0); });
  }
  if (input_->fd() < 0) return;
  poll_.emplace(loop, input_->fd(), [this](int events) { onReady(events); });
  poll_->start(UV_READABLE);
}

std::vector<bool> GpioWatch::levels() const {
  return debounce_ ? debounce_->levels() : input_->get();
}

void GpioWatch::close() {
  poll_.reset();
  settled_.reset();
  input_.reset();
}

void GpioWatch::onReady(int events) {
  try {
    debounce_ ? readDebounced() : read();
    // uv has stopped listening, because the descriptor is of no use any more.
    if (events < 0 && !closed()) throwErrno(ENODEV, "watch", "GPIO lines");
  } catch (const std::system_error&) {
    const auto failure = std::current_exception();
    close();
    handlers_.onFailure(failure);
  }
}

void GpioWatch::read() {
  for (const GpioEvent& event : input_->readEvents()) {
    std::uint32_t& last = sequences_.at(event.line);
    lost_ += event.sequence - last - 1;  // modulo 2^32, as the kernel counts
    last = event.sequence;
    handlers_.onEvent(event);
    if (closed()) return;
  }
}

void GpioWatch::readDebounced() {
  for (const GpioEvent& raw : input_->readEvents()) {
    const auto settled = debounce_->add(raw);
    if (settled) handlers_.onEvent(*settled);
    if (closed()) return;
  }
  const auto due = debounce_->dueNs();
  if (due && *due <= nowNs()) {
    for (const GpioEvent& settled : debounce_->settle(nowNs(), input_->get())) {
      handlers_.onEvent(settled);
      if (closed()) return;
    }
  }
  startTimer();
}

void GpioWatch::startTimer() {
  const auto due = debounce_->dueNs();
  if (!due) return;
  const std::uint64_t now = nowNs();
  const auto wait = std::chrono::nanoseconds(*due > now ? *due - now : 0);
  settled_->start(std::chrono::ceil<Milliseconds>(wait));
}

}  // namespace deskd
