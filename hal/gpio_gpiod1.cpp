// SPDX-License-Identifier: Apache-2.0
// GPIO over libgpiod 1.6. Debounce and the counting of events came with version 2.
#include <fcntl.h>
#include <gpiod.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

#include "hal/base/error.h"
#include "hal/base/unique_fd.h"
#include "hal/gpio_linux.h"
#include "hal/gpio_request.h"

namespace deskd {
namespace {

gpiod_line* lineAt(gpiod_chip* chip, const GpioAddress& address) {
  gpiod_line* line = gpiod_chip_get_line(chip, address.offset);
  if (line == nullptr) throwErrno("look up", gpioLinesText({{.address = address}}));
  return line;
}

GpioLineInfo infoOf(gpiod_chip* chip, gpiod_line* line, const GpioAddress& address) {
  return {.address = address,
          .chipLabel = orEmpty(gpiod_chip_label(chip)),
          .name = orEmpty(gpiod_line_name(line)),
          .consumer = orEmpty(gpiod_line_consumer(line)),
          .used = gpiod_line_is_used(line),
          .output = gpiod_line_direction(line) == GPIOD_LINE_DIRECTION_OUTPUT};
}

int biasFlags(GpioBias bias) {
  switch (bias) {
    case GpioBias::asIs:
      return 0;
    case GpioBias::disabled:
      return GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE;
    case GpioBias::pullUp:
      return GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP;
    case GpioBias::pullDown:
      return GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN;
  }
  return 0;
}

int driveFlags(GpioDrive drive) {
  switch (drive) {
    case GpioDrive::pushPull:
      return 0;
    case GpioDrive::openDrain:
      return GPIOD_LINE_REQUEST_FLAG_OPEN_DRAIN;
    case GpioDrive::openSource:
      return GPIOD_LINE_REQUEST_FLAG_OPEN_SOURCE;
  }
  return 0;
}

std::array<int, mostGpioLines> toInts(const std::vector<bool>& values) {
  std::array<int, mostGpioLines> ints{};
  std::copy(values.begin(), values.end(), ints.begin());
  return ints;
}

// Lines of one chip that are ours while it lives.
class Lines {
 public:
  explicit Lines(const std::vector<GpioAddress>& addresses) : chip_(openGpiodChip(addresses.front().chip)) {
    gpiod_line_bulk_init(&bulk_);
    for (const GpioAddress& address : addresses) {
      gpiod_line* line = lineAt(chip_.get(), address);
      gpiod_line_bulk_add(&bulk_, line);
      infos_.push_back(infoOf(chip_.get(), line, address));
    }
    text_ = gpioLinesText(infos_);
  }

  // `values` may be null.
  void request(const std::string& consumer, int type, int flags, const int* values, const char* as) {
    const gpiod_line_request_config config{consumer.c_str(), type, flags};
    if (gpiod_line_request_bulk(&bulk_, &config, values) != 0) throwGpioRequestError(errno, as, infos_);
    edges_ = type != GPIOD_LINE_REQUEST_DIRECTION_INPUT && type != GPIOD_LINE_REQUEST_DIRECTION_OUTPUT;
  }

  void set(const std::vector<bool>& values) {
    if (values.size() != size()) throw std::invalid_argument("expected a value for each line");
    if (gpiod_line_set_value_bulk(&bulk_, toInts(values).data()) != 0) throwErrno("set", text_);
  }

  // Lines with edges are requests of their own in the kernel. The others are one, and asked for a line of it
  // libgpiod 1 answers with the first.
  std::vector<bool> read() {
    std::array<int, mostGpioLines> values{};
    if (edges_) {
      for (std::size_t index = 0; index < size(); ++index) {
        values.at(index) = gpiod_line_get_value(line(index));
        if (values.at(index) < 0) throwErrno("read", text_);
      }
    } else if (gpiod_line_get_value_bulk(&bulk_, values.data()) != 0) {
      throwErrno("read", text_);
    }
    return std::vector<bool>(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(size()));
  }

  std::size_t size() const { return infos_.size(); }
  gpiod_line* line(std::size_t index) { return bulk_.lines[index]; }
  const std::string& text() const { return text_; }

 private:
  GpiodChip chip_;
  gpiod_line_bulk bulk_{};
  bool edges_ = false;
  std::vector<GpioLineInfo> infos_;
  std::string text_;
};

class Output final : public GpioOutput {
 public:
  explicit Output(const GpioOutputOptions& options) : lines_(options.lines) {
    const int flags = (options.activeLow ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0) |
                      driveFlags(options.drive) | biasFlags(options.bias);
    lines_.request(options.consumer, GPIOD_LINE_REQUEST_DIRECTION_OUTPUT, flags,
                   toInts(options.values).data(), "output");
  }

  void set(const std::vector<bool>& values) override { lines_.set(values); }
  std::vector<bool> get() const override { return lines_.read(); }

 private:
  mutable Lines lines_;  // libgpiod has no const
};

class Input final : public GpioInput {
 public:
  explicit Input(const GpioInputOptions& options) : lines_(options.lines) {
    const int flags = (options.activeLow ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0) | biasFlags(options.bias);
    if (options.edge == GpioEdge::none && options.debounceUs == 0) {
      lines_.request(options.consumer, GPIOD_LINE_REQUEST_DIRECTION_INPUT, flags, nullptr, "input");
      return;
    }
    // Who debounces needs both edges.
    const GpioEdge edge = options.debounceUs > 0 ? GpioEdge::both : options.edge;
    const int type = edge == GpioEdge::rising    ? GPIOD_LINE_REQUEST_EVENT_RISING_EDGE
                     : edge == GpioEdge::falling ? GPIOD_LINE_REQUEST_EVENT_FALLING_EDGE
                                                 : GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES;
    lines_.request(options.consumer, type, flags, nullptr, "input with edges");
    sequences_.resize(lines_.size());
    watchLines();
  }

  std::vector<bool> get() const override { return lines_.read(); }
  int fd() const override { return any_.get(); }

  // Each line has a queue of its own; of all together the order is that of the timestamps.
  std::vector<GpioEvent> readEvents() override {
    std::vector<GpioEvent> events;
    for (std::size_t index = 0; index < sequences_.size(); ++index)
      readLine(index, events);
    std::stable_sort(events.begin(), events.end(),
                     [](const GpioEvent& a, const GpioEvent& b) { return a.timestampNs < b.timestampNs; });
    for (GpioEvent& event : events)
      event.sequence = ++sequences_[event.line];
    return events;
  }

  bool kernelDebounce() const override { return false; }

 private:
  // The most events of one line that wait: the length of the kernel's queue.
  static constexpr unsigned longestQueue = 16;

  // One descriptor for all lines: with this interface the kernel has one for each.
  void watchLines() {
    any_.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (!any_) throwErrno("watch", lines_.text());
    for (std::size_t index = 0; index < lines_.size(); ++index) {
      const int fd = gpiod_line_event_get_fd(lines_.line(index));
      epoll_event wanted{};
      wanted.events = EPOLLIN;
      if (fd < 0 || ::fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
          ::epoll_ctl(any_.get(), EPOLL_CTL_ADD, fd, &wanted) != 0)
        throwErrno("watch", lines_.text());
    }
  }

  void readLine(std::size_t index, std::vector<GpioEvent>& events) {
    std::array<gpiod_line_event, longestQueue> raw{};
    const int count = gpiod_line_event_read_multiple(lines_.line(index), raw.data(), longestQueue);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count < 0) throwErrno("read events of", lines_.text());
    for (int number = 0; number < count; ++number) {
      const gpiod_line_event& event = raw.at(static_cast<std::size_t>(number));
      const auto timestamp = static_cast<std::uint64_t>(event.ts.tv_sec) * 1'000'000'000 +
                             static_cast<std::uint64_t>(event.ts.tv_nsec);
      events.push_back({index, event.event_type == GPIOD_LINE_EVENT_RISING_EDGE, timestamp, 0});
    }
  }

  mutable Lines lines_;
  std::vector<std::uint32_t> sequences_;  // of the last event of each line; empty without edges
  UniqueFd any_;
};

}  // namespace

std::vector<GpioLineInfo> gpiodLinesOf(const std::string& name) {
  const GpiodChip chip = openGpiodChip(name);
  std::vector<GpioLineInfo> infos;
  for (unsigned offset = 0; offset < gpiod_chip_num_lines(chip.get()); ++offset) {
    const GpioAddress address{name, offset};
    infos.push_back(infoOf(chip.get(), lineAt(chip.get(), address), address));
  }
  return infos;
}

std::unique_ptr<GpioOutput> requestGpiodOutput(const GpioOutputOptions& options) {
  return std::make_unique<Output>(options);
}

std::unique_ptr<GpioInput> requestGpiodInput(const GpioInputOptions& options) {
  return std::make_unique<Input>(options);
}

}  // namespace deskd
