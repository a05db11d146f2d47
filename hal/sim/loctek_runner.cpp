// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/loctek_runner.h"

#include <array>

namespace deskd {

LoctekRunner::LoctekRunner(Loop& loop, const LoctekOptions& options, std::string link,
                           LoctekDesk::Observer observer)
    : loop_(loop),
      link_(std::move(link)),
      desk_(options, loop.nowMs(), std::move(observer)),
      next_(loop, [this] { pump(); }) {
  plug();
  pump();
}

void LoctekRunner::plug() {
  if (pty_) return;
  pty_.emplace(link_);
  poll_.emplace(loop_, pty_->fd(), [this](int) { readKeys(); });
  poll_->start(UV_READABLE);
}

void LoctekRunner::unplug() {
  poll_.reset();
  pty_.reset();
}

void LoctekRunner::setPin20(bool level) {
  desk_.setPin20(level, loop_.nowMs());
  pump();
}

std::string LoctekRunner::path() const {
  return pty_ ? pty_->path() : link_;
}

void LoctekRunner::readKeys() {
  std::array<std::uint8_t, 1024> buffer;
  const std::size_t size = pty_->read(buffer);
  desk_.receive({buffer.data(), size}, loop_.nowMs());
  pump();
}

void LoctekRunner::pump() {
  const std::uint64_t now = loop_.nowMs();
  desk_.advance(now, [this](std::span<const std::uint8_t> line) {
    if (pty_) pty_->write(line);
  });
  const auto next = desk_.nextEventMs();
  if (!next) return next_.stop();
  next_.start(Milliseconds(*next > now ? *next - now : 0));
}

}  // namespace deskd
