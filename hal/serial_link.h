// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <system_error>

#include "hal/base/loop.h"
#include "hal/framer.h"
#include "hal/serial.h"

namespace deskd {

struct SerialLinkOptions {
  SerialOptions port;
  FramingOptions framing;
  bool reconnect = true;  // false: a lost device closes the link
  std::size_t maxQueuedBytes = 64 * 1024;
  // Pause before the device is looked for again; doubles up to the second value, starts over once it was
  // found.
  unsigned retryMs = 250;
  unsigned maxRetryMs = 10'000;
};

// All are called from the loop, may be empty, and may close or destroy the link. None is called after
// close().
struct SerialLinkHandlers {
  std::function<void(std::span<const std::uint8_t> frame)> onFrame;  // the bytes are valid during the call
  std::function<void(const std::system_error& reason)> onDisconnect;
  std::function<void()> onReconnect;
};

// A serial device that speaks in frames and may be unplugged: port, framer, write queue and reconnection on
// one loop.
class SerialLink {
 public:
  // Null once the kernel has taken all bytes; otherwise why it never will: CodedError ERR_DISCONNECTED or
  // ERR_CLOSED.
  using WriteDone = std::function<void(std::exception_ptr failure)>;

  // Throws what makeFramer() and openSerialPort() throw: only a device that was once there is waited for.
  SerialLink(Loop& loop, SerialLinkOptions options, SerialLinkHandlers handlers);
  // As close(), but pending writes are dropped without a word.
  ~SerialLink();
  SerialLink(const SerialLink&) = delete;
  SerialLink& operator=(const SerialLink&) = delete;

  // `done` comes from the loop, never from inside write(). Throws CodedError: ERR_QUEUE_FULL if the unsent
  // bytes would exceed maxQueuedBytes, ERR_DISCONNECTED while the device is away, ERR_CLOSED.
  void write(std::span<const std::uint8_t> bytes, WriteDone done = {});
  // Fails pending writes with ERR_CLOSED before it returns. Idempotent.
  void close();

  // Drops what has come in so far, the unfinished frame included: an answer to the next request is none of
  // it. From inside onFrame too: then whatever came in together with that frame goes with it.
  void discardInput();

  bool connected() const;
  bool closed() const;
  std::size_t queuedBytes() const;
  void setModemLines(bool dtr, bool rts);  // throws ERR_DISCONNECTED, ERR_CLOSED or std::system_error
  // Counts over the whole life of the link.
  FramerStatistics statistics() const;
  const SerialOptions& portOptions() const;
  // Of the open device; -1 while it is away. It changes when the device comes back.
  int descriptor() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace deskd
