// SPDX-License-Identifier: Apache-2.0
#include "hal/serial_link.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "hal/base/error.h"

namespace deskd {
namespace {

FramingOptions completed(FramingOptions framing, const SerialOptions& port) {
  if (framing.baudRate == 0) framing.baudRate = port.baudRate;
  framing.bitsPerChar = 1 + port.dataBits + (port.parity == Parity::none ? 0 : 1) + port.stopBits;
  return framing;
}

}  // namespace

// Apart from the face, so that a callback may destroy the face: each entry from the loop keeps this alive
// until it returns.
class SerialLink::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Loop& loop, SerialLinkOptions options, SerialLinkHandlers handlers)
      : loop_(loop),
        options_(std::move(options)),
        handlers_(std::move(handlers)),
        framer_(makeFramer(completed(options_.framing, options_.port))),
        nextRetryMs_(options_.retryMs),
        deadline_(loop, [this] { onDeadline(); }),
        retry_(loop, [this] { onRetry(); }) {
    connect();
  }

  void write(std::span<const std::uint8_t> bytes, WriteDone done) {
    requireConnected();
    if (bytes.size() > options_.maxQueuedBytes - queuedBytes_) {
      throw CodedError("ERR_QUEUE_FULL",
                       "write queue of " + options_.port.path + " is full: expected at most " +
                           std::to_string(options_.maxQueuedBytes) + " unsent bytes, found " +
                           std::to_string(queuedBytes_) + " and " + std::to_string(bytes.size()) + " more");
    }
    queue_.push_back({{bytes.begin(), bytes.end()}, 0, std::move(done)});
    queuedBytes_ += bytes.size();
    if (queue_.size() == 1) sendNow();
    watch();
  }

  void close() {
    if (muted_) return;
    const auto keep = shared_from_this();
    muted_ = true;
    closed_ = true;
    disconnect();
    retry_.stop();
    failPending("ERR_CLOSED", "serial port " + options_.port.path + " is closed");
  }

  void abandon() {
    queue_.clear();
    close();
  }

  void setModemLines(bool dtr, bool rts) {
    requireConnected();
    port_->setModemLines(dtr, rts);
    options_.port.dtr = dtr;  // as they shall be after a reconnection
    options_.port.rts = rts;
  }

  // What waits in the kernel goes at once: it is older than this call, and the answer to what is written next
  // must not go with it. The framer may be in the middle of its bytes; then it forgets them when it is done.
  void discardInput() {
    if (!port_) return;
    port_->discardInput();
    if (framing_) {
      discard_ = true;
    } else {
      framer_->reset();
      armDeadline();
    }
  }

  bool connected() const { return port_ != nullptr; }
  int descriptor() const { return port_ ? port_->fd() : -1; }
  bool closed() const { return closed_; }
  std::size_t queuedBytes() const { return queuedBytes_; }
  FramerStatistics statistics() const { return framer_->statistics(); }
  const SerialOptions& portOptions() const { return options_.port; }

 private:
  struct Pending {
    std::vector<std::uint8_t> bytes;
    std::size_t sent = 0;
    WriteDone done;
  };

  void requireConnected() const {
    if (closed_) throw CodedError("ERR_CLOSED", "serial port " + options_.port.path + " is closed");
    if (!port_)
      throw CodedError("ERR_DISCONNECTED", "serial port " + options_.port.path + " is not connected");
  }

  void connect() {
    auto port = openSerialPort(options_.port);
    poll_.emplace(loop_, port->fd(), [this](int events) { onReady(events); });
    port_ = std::move(port);
    watching_ = 0;
    watch();
  }

  void disconnect() {
    poll_.reset();  // before the descriptor it watches is closed
    port_.reset();
    deadline_.stop();
  }

  void watch() {
    if (!poll_) return;
    const int wanted = UV_READABLE | (queue_.empty() ? 0 : UV_WRITABLE);
    if (wanted != watching_) poll_->start(wanted);
    watching_ = wanted;
  }

  void onReady(int events) {
    const auto keep = shared_from_this();
    if (events < 0 || (events & UV_READABLE) != 0) readAvailable();
    if (!port_) return;
    // A hang-up can come as an error without anything to read.
    if (events < 0)
      return lost(std::system_error(EIO, std::generic_category(), "watch serial port " + path()));
    if ((events & UV_WRITABLE) != 0) flush();
  }

  void onDeadline() {
    const auto keep = shared_from_this();
    // If the process was busy, what looks like silence may be waiting in the kernel.
    readAvailable();
    if (!port_) return;
    runFramer([this] { framer_->expire(loop_.nowMs(), sink_); });
    armDeadline();
  }

  // Bounded, so that a chattering device leaves the loop time for others.
  void readAvailable() {
    std::array<std::uint8_t, 4096> buffer;
    for (int round = 0; round < 16; ++round) {
      std::size_t size = 0;
      try {
        size = port_->read(buffer);
      } catch (const std::system_error& error) {
        return lost(error);
      }
      if (size == 0) break;
      runFramer([&] { framer_->feed({buffer.data(), size}, loop_.nowMs(), sink_); });
      if (!port_) return;
      if (size < buffer.size()) break;
    }
    armDeadline();
  }

  // Frames leave the framer from inside, where it must be left alone: a handler that wants the input dropped
  // gets no more frames, and the rest follows here.
  template <class Work>
  void runFramer(const Work& work) {
    framing_ = true;
    work();
    framing_ = false;
    if (std::exchange(discard_, false)) framer_->reset();
  }

  void armDeadline() {
    const auto deadline = port_ ? framer_->deadlineMs() : std::nullopt;
    if (!deadline) return deadline_.stop();
    const std::uint64_t now = loop_.nowMs();
    deadline_.start(Milliseconds(*deadline > now ? *deadline - now : 0));
  }

  void deliver(std::span<const std::uint8_t> frame) {
    if (!muted_ && !discard_ && handlers_.onFrame) handlers_.onFrame(frame);
  }

  // From inside write(): failures are left for the loop to find, which then has a caller to tell.
  void sendNow() {
    try {
      sendFront();
    } catch (const std::system_error&) {
    }
  }

  bool sendFront() {
    Pending& front = queue_.front();
    if (front.sent < front.bytes.size()) {
      const std::size_t sent = port_->write(std::span(front.bytes).subspan(front.sent));
      front.sent += sent;
      queuedBytes_ -= sent;
    }
    return front.sent == front.bytes.size();
  }

  void flush() {
    while (port_ && !queue_.empty()) {
      try {
        if (!sendFront()) break;
      } catch (const std::system_error& error) {
        return lost(error);
      }
      const WriteDone done = std::move(queue_.front().done);
      queue_.pop_front();
      if (done) done(nullptr);
    }
    watch();
  }

  void lost(const std::system_error& reason) {
    disconnect();
    framer_->reset();  // not in disconnect(), which close() may call from inside the framer's sink
    if (options_.reconnect) {
      retry_.start(Milliseconds(nextRetryMs_));
    } else {
      closed_ = true;
    }
    failPending("ERR_DISCONNECTED", "serial port " + path() + " was disconnected");
    if (!muted_ && handlers_.onDisconnect) handlers_.onDisconnect(reason);
  }

  void onRetry() {
    const auto keep = shared_from_this();
    try {
      connect();
    } catch (const std::exception&) {
      poll_.reset();
      nextRetryMs_ = std::min(2 * nextRetryMs_, options_.maxRetryMs);
      return retry_.start(Milliseconds(nextRetryMs_));
    }
    nextRetryMs_ = options_.retryMs;
    if (handlers_.onReconnect) handlers_.onReconnect();
  }

  // One by one from the member: a callback may close or destroy the link.
  void failPending(const char* code, const std::string& message) {
    const auto failure = std::make_exception_ptr(CodedError(code, message));
    queuedBytes_ = 0;
    while (!queue_.empty()) {
      const WriteDone done = std::move(queue_.front().done);
      queue_.pop_front();
      if (done) done(failure);
    }
  }

  const std::string& path() const { return options_.port.path; }

  Loop& loop_;
  SerialLinkOptions options_;
  const SerialLinkHandlers handlers_;
  const std::unique_ptr<Framer> framer_;
  const Framer::Sink sink_ = [this](std::span<const std::uint8_t> frame) { deliver(frame); };
  std::deque<Pending> queue_;
  std::size_t queuedBytes_ = 0;  // unsent bytes in the queue
  unsigned nextRetryMs_;
  int watching_ = 0;
  bool closed_ = false;
  bool muted_ = false;    // closed from outside: nobody wants to hear more
  bool framing_ = false;  // inside the framer, perhaps in a handler that it called
  bool discard_ = false;  // a handler wants what else the framer holds to be dropped
  std::unique_ptr<SerialPort> port_;
  std::optional<Poll> poll_;  // declared after port_: stops before the descriptor closes
  Timer deadline_;
  Timer retry_;
};

SerialLink::SerialLink(Loop& loop, SerialLinkOptions options, SerialLinkHandlers handlers)
    : core_(std::make_shared<Core>(loop, std::move(options), std::move(handlers))) {}

SerialLink::~SerialLink() {
  core_->abandon();
}

void SerialLink::write(std::span<const std::uint8_t> bytes, WriteDone done) {
  core_->write(bytes, std::move(done));
}

void SerialLink::close() {
  core_->close();
}

void SerialLink::discardInput() {
  core_->discardInput();
}

int SerialLink::descriptor() const {
  return core_->descriptor();
}

bool SerialLink::connected() const {
  return core_->connected();
}

bool SerialLink::closed() const {
  return core_->closed();
}

std::size_t SerialLink::queuedBytes() const {
  return core_->queuedBytes();
}

void SerialLink::setModemLines(bool dtr, bool rts) {
  core_->setModemLines(dtr, rts);
}

FramerStatistics SerialLink::statistics() const {
  return core_->statistics();
}

const SerialOptions& SerialLink::portOptions() const {
  return core_->portOptions();
}

}  // namespace deskd
