// SPDX-License-Identifier: Apache-2.0
#include "daemon/guard/guarded.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "hal/base/error.h"
#include "hal/serial.h"

namespace deskd {

GuardedGpio::GuardedGpio(GpioChips& chips, GuardedLine line) : line_(std::move(line)) {
  GpioOutputOptions options;
  options.lines = {line_.address};
  options.values = {line_.safe};
  options.activeLow = line_.activeLow;
  options.drive = line_.drive;
  options.bias = line_.bias;
  options.consumer = "deskd-guard";
  hardware_ = chips.output(options);
}

GuardedSerial::GuardedSerial(UniqueFd descriptor, GuardedPort port)
    : descriptor_(std::move(descriptor)), port_(std::move(port)) {}

namespace {

// Bytes that the kernel took; fewer than given if its buffer is full.
std::size_t writeSome(int descriptor, const GuardedPort& port) {
  ssize_t put = 0;
  do {
    put = ::write(descriptor, port.bytes.data(), port.bytes.size());
  } while (put < 0 && errno == EINTR);
  if (put < 0 && errno != EAGAIN) throwErrno("write the stop bytes to", port.path);
  return put < 0 ? 0 : static_cast<std::size_t>(put);
}

}  // namespace

void GuardedSerial::makeSafe() {
  if (writeSome(descriptor_.get(), port_) == port_.bytes.size()) return;
  // Whatever fills the buffer is older than this order and worth less; a frame cut short is repaired by the
  // next.
  discardSerialOutput(descriptor_.get());
  if (writeSome(descriptor_.get(), port_) < port_.bytes.size())
    throwErrno(EAGAIN, "write the stop bytes to", port_.path);
}

}  // namespace deskd
