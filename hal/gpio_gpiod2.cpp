// SPDX-License-Identifier: Apache-2.0
// GPIO over libgpiod 2.
#include <fcntl.h>
#include <gpiod.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

#include "hal/base/error.h"
#include "hal/gpio_linux.h"
#include "hal/gpio_request.h"

namespace deskd {
namespace {

// A stateless deleter for each of libgpiod's objects.
template <auto F>
struct Free {
  template <class T>
  void operator()(T* object) const {
    F(object);
  }
};
using ChipInfo = std::unique_ptr<gpiod_chip_info, Free<gpiod_chip_info_free>>;
using LineInfo = std::unique_ptr<gpiod_line_info, Free<gpiod_line_info_free>>;
using LineSettings = std::unique_ptr<gpiod_line_settings, Free<gpiod_line_settings_free>>;
using LineConfig = std::unique_ptr<gpiod_line_config, Free<gpiod_line_config_free>>;
using RequestConfig = std::unique_ptr<gpiod_request_config, Free<gpiod_request_config_free>>;
using Request = std::unique_ptr<gpiod_line_request, Free<gpiod_line_request_release>>;
using EventBuffer = std::unique_ptr<gpiod_edge_event_buffer, Free<gpiod_edge_event_buffer_free>>;

// The most events that wait in the kernel for a request: all that it allows. When they are more it forgets
// the oldest, which the sequence numbers tell.
constexpr std::size_t eventBufferSize = 1024;
// How many of them are read at once.
constexpr std::size_t eventChunk = 64;

// libgpiod's constructors fail only for want of memory.
template <class Owner, class T>
Owner own(T* object) {
  if (object == nullptr) throwErrno("prepare", "a GPIO request");
  return Owner(object);
}

std::string labelOf(gpiod_chip* chip, const std::string& name) {
  const ChipInfo info(gpiod_chip_get_info(chip));
  if (!info) throwErrno("look up", name);
  return orEmpty(gpiod_chip_info_get_label(info.get()));
}

GpioLineInfo infoOf(gpiod_chip* chip, const std::string& label, const GpioAddress& address) {
  const LineInfo info(gpiod_chip_get_line_info(chip, address.offset));
  if (!info) throwErrno("look up", gpioLinesText({{.address = address}}));
  return {.address = address,
          .chipLabel = label,
          .name = orEmpty(gpiod_line_info_get_name(info.get())),
          .consumer = orEmpty(gpiod_line_info_get_consumer(info.get())),
          .used = gpiod_line_info_is_used(info.get()),
          .output = gpiod_line_info_get_direction(info.get()) == GPIOD_LINE_DIRECTION_OUTPUT};
}

gpiod_line_bias toBias(GpioBias bias) {
  switch (bias) {
    case GpioBias::asIs:
      return GPIOD_LINE_BIAS_AS_IS;
    case GpioBias::disabled:
      return GPIOD_LINE_BIAS_DISABLED;
    case GpioBias::pullUp:
      return GPIOD_LINE_BIAS_PULL_UP;
    case GpioBias::pullDown:
      return GPIOD_LINE_BIAS_PULL_DOWN;
  }
  return GPIOD_LINE_BIAS_AS_IS;
}

gpiod_line_drive toDrive(GpioDrive drive) {
  switch (drive) {
    case GpioDrive::pushPull:
      return GPIOD_LINE_DRIVE_PUSH_PULL;
    case GpioDrive::openDrain:
      return GPIOD_LINE_DRIVE_OPEN_DRAIN;
    case GpioDrive::openSource:
      return GPIOD_LINE_DRIVE_OPEN_SOURCE;
  }
  return GPIOD_LINE_DRIVE_PUSH_PULL;
}

gpiod_line_edge toEdge(GpioEdge edge) {
  switch (edge) {
    case GpioEdge::none:
      return GPIOD_LINE_EDGE_NONE;
    case GpioEdge::rising:
      return GPIOD_LINE_EDGE_RISING;
    case GpioEdge::falling:
      return GPIOD_LINE_EDGE_FALLING;
    case GpioEdge::both:
      return GPIOD_LINE_EDGE_BOTH;
  }
  return GPIOD_LINE_EDGE_NONE;
}

std::array<gpiod_line_value, mostGpioLines> toValues(const std::vector<bool>& values) {
  std::array<gpiod_line_value, mostGpioLines> converted{};
  std::transform(values.begin(), values.end(), converted.begin(),
                 [](bool value) { return value ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE; });
  return converted;
}

// Refuses what libgpiod refuses, such as a value that it does not know: a mistake of this file.
void require(int result, const char* what) {
  if (result != 0) throwErrno("prepare", what);
}

// Lines of one chip that are ours while it lives.
class Lines {
 public:
  // `values`: of outputs; empty for inputs.
  Lines(const std::vector<GpioAddress>& addresses, const std::string& consumer, gpiod_line_settings* settings,
        const std::vector<bool>& values, const char* as)
      : addresses_(addresses) {
    const GpiodChip chip = openGpiodChip(addresses.front().chip);
    const std::string label = labelOf(chip.get(), addresses.front().chip);
    std::vector<GpioLineInfo> infos;
    std::vector<unsigned> offsets;
    for (const GpioAddress& address : addresses) {
      infos.push_back(infoOf(chip.get(), label, address));
      offsets.push_back(address.offset);
    }
    text_ = gpioLinesText(infos);

    const auto lines = own<LineConfig>(gpiod_line_config_new());
    require(gpiod_line_config_add_line_settings(lines.get(), offsets.data(), offsets.size(), settings),
            "lines");
    if (!values.empty()) {
      require(gpiod_line_config_set_output_values(lines.get(), toValues(values).data(), values.size()),
              "values");
    }
    const auto config = own<RequestConfig>(gpiod_request_config_new());
    gpiod_request_config_set_consumer(config.get(), consumer.c_str());
    if (gpiod_line_settings_get_edge_detection(settings) != GPIOD_LINE_EDGE_NONE)
      gpiod_request_config_set_event_buffer_size(config.get(), eventBufferSize);
    request_.reset(gpiod_chip_request_lines(chip.get(), config.get(), lines.get()));
    if (!request_) throwGpioRequestError(errno, as, infos);
  }

  void set(const std::vector<bool>& values) {
    if (values.size() != addresses_.size()) throw std::invalid_argument("expected a value for each line");
    if (gpiod_line_request_set_values(request_.get(), toValues(values).data()) != 0) throwErrno("set", text_);
  }

  std::vector<bool> read() const {
    std::array<gpiod_line_value, mostGpioLines> values{};
    if (gpiod_line_request_get_values(request_.get(), values.data()) != 0) throwErrno("read", text_);
    std::vector<bool> read;
    for (std::size_t index = 0; index < addresses_.size(); ++index)
      read.push_back(values.at(index) == GPIOD_LINE_VALUE_ACTIVE);
    return read;
  }

  gpiod_line_request* request() const { return request_.get(); }
  const std::string& text() const { return text_; }

  std::size_t indexOf(unsigned offset) const {
    const auto found = std::find_if(addresses_.begin(), addresses_.end(),
                                    [&](const GpioAddress& line) { return line.offset == offset; });
    return static_cast<std::size_t>(found - addresses_.begin());
  }

 private:
  const std::vector<GpioAddress> addresses_;
  Request request_;
  std::string text_;
};

LineSettings settingsFor(const GpioOutputOptions& options) {
  auto settings = own<LineSettings>(gpiod_line_settings_new());
  require(gpiod_line_settings_set_direction(settings.get(), GPIOD_LINE_DIRECTION_OUTPUT), "direction");
  require(gpiod_line_settings_set_drive(settings.get(), toDrive(options.drive)), "drive");
  require(gpiod_line_settings_set_bias(settings.get(), toBias(options.bias)), "bias");
  gpiod_line_settings_set_active_low(settings.get(), options.activeLow);
  return settings;
}

LineSettings settingsFor(const GpioInputOptions& options) {
  auto settings = own<LineSettings>(gpiod_line_settings_new());
  require(gpiod_line_settings_set_direction(settings.get(), GPIOD_LINE_DIRECTION_INPUT), "direction");
  require(gpiod_line_settings_set_bias(settings.get(), toBias(options.bias)), "bias");
  require(gpiod_line_settings_set_edge_detection(settings.get(), toEdge(options.edge)), "edges");
  require(gpiod_line_settings_set_event_clock(settings.get(), GPIOD_LINE_CLOCK_MONOTONIC), "clock");
  gpiod_line_settings_set_debounce_period_us(settings.get(), options.debounceUs);
  gpiod_line_settings_set_active_low(settings.get(), options.activeLow);
  return settings;
}

class Output final : public GpioOutput {
 public:
  explicit Output(const GpioOutputOptions& options)
      : lines_(options.lines, options.consumer, settingsFor(options).get(), options.values, "output") {}

  void set(const std::vector<bool>& values) override { lines_.set(values); }
  std::vector<bool> get() const override { return lines_.read(); }

 private:
  Lines lines_;
};

class Input final : public GpioInput {
 public:
  explicit Input(const GpioInputOptions& options)
      : lines_(options.lines, options.consumer, settingsFor(options).get(), {},
               options.edge == GpioEdge::none ? "input" : "input with edges") {
    if (options.edge == GpioEdge::none) return;
    fd_ = gpiod_line_request_get_fd(lines_.request());
    if (::fcntl(fd_, F_SETFL, O_NONBLOCK) != 0) throwErrno("watch", lines_.text());
    buffer_ = own<EventBuffer>(gpiod_edge_event_buffer_new(eventChunk));
  }

  std::vector<bool> get() const override { return lines_.read(); }
  int fd() const override { return fd_; }

  std::vector<GpioEvent> readEvents() override {
    std::vector<GpioEvent> events;
    if (!buffer_) return events;
    while (events.size() < eventBufferSize) {
      const int count = gpiod_line_request_read_edge_events(lines_.request(), buffer_.get(), eventChunk);
      if (count < 0 && errno != EAGAIN && errno != EINTR) throwErrno("read events of", lines_.text());
      for (int index = 0; index < count; ++index)
        events.push_back(eventAt(static_cast<unsigned long>(index)));
      if (count < static_cast<int>(eventChunk)) break;
    }
    return events;
  }

  bool kernelDebounce() const override { return true; }

 private:
  GpioEvent eventAt(unsigned long index) const {
    gpiod_edge_event* event = gpiod_edge_event_buffer_get_event(buffer_.get(), index);
    return {lines_.indexOf(gpiod_edge_event_get_line_offset(event)),
            gpiod_edge_event_get_event_type(event) == GPIOD_EDGE_EVENT_RISING_EDGE,
            gpiod_edge_event_get_timestamp_ns(event),
            static_cast<std::uint32_t>(gpiod_edge_event_get_line_seqno(event))};
  }

  Lines lines_;
  int fd_ = -1;  // the request's
  EventBuffer buffer_;
};

}  // namespace

std::vector<GpioLineInfo> gpiodLinesOf(const std::string& name) {
  const GpiodChip chip = openGpiodChip(name);
  const ChipInfo info(gpiod_chip_get_info(chip.get()));
  if (!info) throwErrno("look up", name);
  const std::string label = orEmpty(gpiod_chip_info_get_label(info.get()));
  std::vector<GpioLineInfo> infos;
  for (unsigned offset = 0; offset < gpiod_chip_info_get_num_lines(info.get()); ++offset)
    infos.push_back(infoOf(chip.get(), label, {name, offset}));
  return infos;
}

std::unique_ptr<GpioOutput> requestGpiodOutput(const GpioOutputOptions& options) {
  return std::make_unique<Output>(options);
}

std::unique_ptr<GpioInput> requestGpiodInput(const GpioInputOptions& options) {
  return std::make_unique<Input>(options);
}

}  // namespace deskd
