// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hal/base/error.h"
#include "hal/base/unique_fd.h"
#include "hal/board.h"
#include "hal/gpio_request.h"

namespace deskd::test {

inline std::uint64_t monotonicNs() {
  return static_cast<std::uint64_t>(
      std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
}

class FakeGpio;

class FakeInput final : public GpioInput {
 public:
  FakeInput(FakeGpio& chips, const GpioInputOptions& options);
  ~FakeInput() override;

  std::vector<bool> get() const override;
  int fd() const override { return fd_.get(); }
  std::vector<GpioEvent> readEvents() override;
  bool kernelDebounce() const override;

  void edge(const GpioAddress& line, bool level, std::uint64_t timestampNs, std::uint32_t skipped);

 private:
  FakeGpio& chips_;
  const GpioInputOptions options_;
  UniqueFd fd_;
  std::deque<GpioEvent> events_;
  std::map<std::size_t, std::uint32_t> sequences_;
};

class FakeOutput final : public GpioOutput {
 public:
  FakeOutput(FakeGpio& chips, const GpioOutputOptions& options);
  ~FakeOutput() override;
  void set(const std::vector<bool>& values) override;
  std::vector<bool> get() const override;

 private:
  FakeGpio& chips_;
  const GpioOutputOptions options_;
};

// A Raspberry Pi's header as far as tests need it: lines with levels that a test drives and sees.
class FakeGpio final : public GpioChips {
 public:
  FakeGpio() {
    add("gpiochip0", "pinctrl-bcm2711", 28, "GPIO");
    add("gpiochip1", "raspberrypi-exp-gpio", 8, "EXP");
  }

  void add(const std::string& chip, const std::string& label, unsigned count, const std::string& name) {
    for (unsigned offset = 0; offset < count; ++offset) {
      lines_.push_back({.address = {chip, offset},
                        .chipLabel = label,
                        .name = name.empty() ? "" : name + std::to_string(offset)});
    }
  }

  std::vector<GpioLineInfo> lines() const override {
    failIfTold("lines", "gpiochip0");
    return lines_;
  }
  std::unique_ptr<GpioOutput> output(const GpioOutputOptions& options) override {
    checkGpioOptions(options);
    request(options.lines, options.consumer, "output");
    outputs.push_back(options);
    return std::make_unique<FakeOutput>(*this, options);
  }
  std::unique_ptr<GpioInput> input(const GpioInputOptions& options) override {
    checkGpioOptions(options);
    request(options.lines, options.consumer, "input");
    inputs.push_back(options);
    return std::make_unique<FakeInput>(*this, options);
  }

  // Drives a line from outside, with `skipped` events that the kernel had to forget before this one.
  void drive(unsigned offset, bool level, std::uint64_t timestampNs = monotonicNs(),
             std::uint32_t skipped = 0) {
    const GpioAddress line{"gpiochip0", offset};
    levels[offset] = level;
    for (FakeInput* input : watchers)
      input->edge(line, level, timestampNs, skipped);
  }

  GpioLineInfo& info(const GpioAddress& line) {
    return *std::find_if(lines_.begin(), lines_.end(),
                         [&](const GpioLineInfo& info) { return info.address == line; });
  }
  void failIfTold(const std::string& action, const std::string& object) const {
    if (const auto found = failures.find(action); found != failures.end())
      throwErrno(found->second, action, object);
  }
  void failIfTold(const std::string& action, const std::vector<GpioAddress>& lines) const {
    std::vector<GpioLineInfo> infos;
    for (const GpioAddress& line : lines)
      infos.push_back({.address = line});
    failIfTold(action, gpioLinesText(infos));
  }

  void request(const std::vector<GpioAddress>& addresses, const std::string& consumer, const char* as) {
    std::vector<GpioLineInfo> infos;
    for (const GpioAddress& line : addresses)
      infos.push_back(info(line));
    const bool busy = std::any_of(infos.begin(), infos.end(), [](const auto& line) { return line.used; });
    if (busy) throwGpioRequestError(EBUSY, as, infos);
    for (const GpioAddress& line : addresses) {
      info(line).used = true;
      info(line).consumer = consumer;
    }
  }
  void release(const std::vector<GpioAddress>& addresses) {
    for (const GpioAddress& line : addresses) {
      info(line).used = false;
      info(line).consumer.clear();
    }
  }

  std::vector<GpioOutputOptions> outputs;  // as requested
  std::vector<GpioInputOptions> inputs;
  std::map<std::string, int> failures;  // action ("set", "read", "lines") -> error number
  std::map<unsigned, bool> levels;      // of gpiochip0, physical
  std::vector<std::string> log;         // "17=1 27=0 at once", "release 17"
  bool kernelDebounces = true;
  std::vector<FakeInput*> watchers;

 private:
  std::vector<GpioLineInfo> lines_;
};

class FakeBoard final : public Board {
 public:
  GpioChips& gpio() override { return chips; }
  std::unique_ptr<I2cBus> i2c(const std::string& bus) override { throwErrno(ENOENT, "open", bus); }
  FakeGpio chips;
};

inline FakeOutput::FakeOutput(FakeGpio& chips, const GpioOutputOptions& options)
    : chips_(chips), options_(options) {
  set(options.values);
}
inline FakeOutput::~FakeOutput() {
  for (const GpioAddress& line : options_.lines)
    chips_.log.push_back("release " + std::to_string(line.offset));
  chips_.release(options_.lines);
}
inline void FakeOutput::set(const std::vector<bool>& values) {
  chips_.failIfTold("set", options_.lines);
  std::string text;
  for (std::size_t index = 0; index < values.size(); ++index) {
    const unsigned offset = options_.lines.at(index).offset;
    chips_.levels[offset] = values[index] != options_.activeLow;
    text += (text.empty() ? "" : " ") + std::to_string(offset) + "=" + (chips_.levels[offset] ? "1" : "0");
  }
  chips_.log.push_back(text);
}
inline std::vector<bool> FakeOutput::get() const {
  std::vector<bool> values;
  for (const GpioAddress& line : options_.lines)
    values.push_back(chips_.levels[line.offset] != options_.activeLow);
  return values;
}

inline FakeInput::FakeInput(FakeGpio& chips, const GpioInputOptions& options)
    : chips_(chips), options_(options) {
  const bool edges = options.edge != GpioEdge::none || (options.debounceUs > 0 && !kernelDebounce());
  if (edges) fd_.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  chips_.watchers.push_back(this);
}
inline FakeInput::~FakeInput() {
  std::erase(chips_.watchers, this);
  chips_.log.push_back("release " + std::to_string(options_.lines.front().offset));
  chips_.release(options_.lines);
}
inline std::vector<bool> FakeInput::get() const {
  chips_.failIfTold("read", options_.lines);
  std::vector<bool> values;
  for (const GpioAddress& line : options_.lines)
    values.push_back(chips_.levels[line.offset] != options_.activeLow);
  return values;
}
inline std::vector<GpioEvent> FakeInput::readEvents() {
  std::uint64_t ignored = 0;
  [[maybe_unused]] const auto got = ::read(fd(), &ignored, sizeof ignored);
  chips_.failIfTold("read", options_.lines);
  const std::vector<GpioEvent> events(events_.begin(), events_.end());
  events_.clear();
  return events;
}
inline bool FakeInput::kernelDebounce() const {
  return chips_.kernelDebounces;
}
inline void FakeInput::edge(const GpioAddress& line, bool level, std::uint64_t timestampNs,
                            std::uint32_t skipped) {
  const auto found = std::find(options_.lines.begin(), options_.lines.end(), line);
  if (found == options_.lines.end() || fd() < 0) return;
  const auto index = static_cast<std::size_t>(found - options_.lines.begin());
  const bool rising = level != options_.activeLow;
  const bool all = options_.debounceUs > 0 && !kernelDebounce();
  if (!all && options_.edge == (rising ? GpioEdge::falling : GpioEdge::rising)) return;
  events_.push_back({index, rising, timestampNs, sequences_[index] += 1 + skipped});
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto sent = ::write(fd(), &one, sizeof one);
}

}  // namespace deskd::test
