// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/jiecang_runner.h"

#include <array>

namespace deskd {

JiecangRunner::JiecangRunner(Loop& loop, const JiecangOptions& options, CableOptions cable,
                             JiecangDesk::Observer observer)
    : loop_(loop),
      cable_(std::move(cable)),
      desk_(options, loop.nowMs(), std::move(observer)),
      next_(loop, [this] { pump(); }) {
  plug();
  pump();
}

void JiecangRunner::plug() {
  if (end_) return;
  end_ = plugCable(cable_);
  poll_.emplace(loop_, end_->fd(), [this](int) { readCommands(); });
  poll_->start(UV_READABLE);
}

void JiecangRunner::unplug() {
  poll_.reset();
  end_.reset();
}

std::string JiecangRunner::path() const {
  if (end_) return end_->path();
  return cable_.device.empty() ? cable_.link : cable_.device;
}

void JiecangRunner::readCommands() {
  std::array<std::uint8_t, 1024> buffer;
  const std::size_t size = end_->read(buffer);
  desk_.receive({buffer.data(), size}, loop_.nowMs());
  pump();
}

void JiecangRunner::pump() {
  const std::uint64_t now = loop_.nowMs();
  desk_.advance(now, [this](std::span<const std::uint8_t> line) {
    if (end_) end_->write(line);
  });
  const auto next = desk_.nextEventMs();
  if (!next) return next_.stop();
  next_.start(Milliseconds(*next > now ? *next - now : 0));
}

}  // namespace deskd
