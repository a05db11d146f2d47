// SPDX-License-Identifier: Apache-2.0
// native:gpio: plain outputs and inputs. Options, events and iterators are bindings/js/gpio.js.
#include <cmath>

#include "bindings/async.h"
#include "bindings/builtins.h"
#include "bindings/gpio_words.h"
#include "bindings/grants.h"
#include "bindings/open_handle.h"
#include "bindings/script_clock.h"
#include "hal/base/error.h"
#include "hal/gpio_names.h"
#include "hal/gpio_watch.h"

namespace deskd {

// Options as bindings/js/gpio.js gives them, with an entry in each list for each line.
struct OutputScriptOptions {
  std::vector<std::string> lines;
  std::vector<bool> initial;
  std::vector<bool> safe;
  bool activeLow = false;
  GpioDrive drive = GpioDrive::pushPull;
  GpioBias bias = GpioBias::asIs;
};
struct InputScriptOptions {
  std::string line;
  bool activeLow = false;
  GpioBias bias = GpioBias::asIs;
  GpioEdge edge = GpioEdge::both;
  std::uint32_t debounceUs = 0;
};
struct InputScriptCallbacks {
  Callback event;
  Callback failed;
};
struct LineScriptInfo {
  std::string chip;
  std::string label;
  unsigned offset = 0;
  std::string name;
  std::string consumer;
  bool used = false;
  bool output = false;
};

template <>
struct Fields<OutputScriptOptions> {
  static constexpr std::tuple list{
      field("lines", &OutputScriptOptions::lines), field("initial", &OutputScriptOptions::initial),
      field("safe", &OutputScriptOptions::safe),   field("activeLow", &OutputScriptOptions::activeLow),
      field("drive", &OutputScriptOptions::drive), field("bias", &OutputScriptOptions::bias)};
};
template <>
struct Fields<InputScriptOptions> {
  static constexpr std::tuple list{
      field("line", &InputScriptOptions::line), field("activeLow", &InputScriptOptions::activeLow),
      field("bias", &InputScriptOptions::bias), field("edge", &InputScriptOptions::edge),
      field("debounceUs", &InputScriptOptions::debounceUs)};
};
template <>
struct Fields<InputScriptCallbacks> {
  static constexpr std::tuple list{field("event", &InputScriptCallbacks::event),
                                   field("failed", &InputScriptCallbacks::failed)};
};
template <>
struct Fields<LineScriptInfo> {
  static constexpr std::tuple list{
      field("chip", &LineScriptInfo::chip),     field("label", &LineScriptInfo::label),
      field("offset", &LineScriptInfo::offset), field("name", &LineScriptInfo::name),
      field("used", &LineScriptInfo::used),     field("consumer", &LineScriptInfo::consumer),
      field("output", &LineScriptInfo::output)};
};

namespace {

GpioChips& chips(Js& js) {
  return js.services().board().gpio();
}

// Who holds the line, for others who want it; the kernel keeps 31 bytes.
std::string consumer(Js& js) {
  return ("deskd:" + js.services().script.name).substr(0, 31);
}

std::vector<GpioAddress> resolve(Js& js, const std::vector<std::string>& names) {
  const auto lines = chips(js).lines();
  std::vector<GpioAddress> addresses;
  for (const std::string& name : names) {
    addresses.push_back(resolveLine(lines, name));
    requireLine(js, lines, name, addresses.back());
  }
  return addresses;
}

// What is wrong with the lines is said of the option that named them.
template <class F>
auto asOption(const char* option, F&& request) {
  try {
    return request();
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(std::string(option) + ": " + error.what());
  }
}

// Output lines that are set together, and left at their safe levels.
class Output final : public Wrapped {
 public:
  Output(Js& js, std::unique_ptr<GpioOutput> output, OutputScriptOptions options, Callback changed)
      : Wrapped(js),
        output_(std::move(output)),
        values_(std::move(options.initial)),
        safe_(std::move(options.safe)),
        changed_(std::move(changed)),
        pulseEnd_(js.loop(), [this] { endPulse(); }) {}

  void keep() { pin(); }
  std::vector<bool> values() const { return values_; }

  void set(std::vector<bool> values) {
    drive(std::move(values));
    interruptPulse();
  }

  // The opposite of the safe levels for a while, then those. Resolves with whether nobody interfered.
  v8::Local<v8::Promise> pulse(double milliseconds) {
    if (pulse_) throw CodedError("ERR_BUSY", "pulse: expected the one before to be over, found it running");
    std::vector<bool> opposite = safe_;
    opposite.flip();
    drive(std::move(opposite));
    pulse_.emplace(js());
    // uv counts whole milliseconds, of which the first has begun.
    pulseEnd_.start(Milliseconds(static_cast<long>(std::ceil(milliseconds)) + 1));
    return pulse_->promise();
  }

  // For the script: throws if the safe levels could not be driven. The lines are given back all the same.
  void release() {
    if (const auto failure = giveBack()) std::rethrow_exception(failure);
  }

  // For the end of the script.
  void close() override {
    try {
      release();
    } catch (const std::exception& error) {
      js().services().log({Priority::warning, std::string(error.what()) + "; left as it is, ignoring", {}});
    }
  }

 private:
  void drive(std::vector<bool> values) {
    output_->set(values);
    values_ = std::move(values);
  }

  void interruptPulse() {
    pulseEnd_.stop();
    if (const auto pulse = std::exchange(pulse_, std::nullopt)) settle(*pulse, false);
  }

  void settle(const Deferred& pulse, bool undisturbed) {
    pulse.resolveWith([this, undisturbed] { return Convert<bool>::to(js(), undisturbed); });
  }

  // Drives the safe levels even if the script has failed meanwhile and hears nothing of it.
  void endPulse() {
    const auto pulse = std::exchange(pulse_, std::nullopt);
    std::exception_ptr failure;
    try {
      drive(safe_);
    } catch (const std::system_error&) {
      failure = std::current_exception();
    }
    enterHeld([&] {
      if (failure) return pulse->rejectWith(failure);
      settle(*pulse, true);
      changed_.call(js());
    });
  }

  std::exception_ptr giveBack() {
    if (!output_) return nullptr;
    std::exception_ptr failure;
    try {
      drive(safe_);
    } catch (const std::system_error&) {
      failure = std::current_exception();
    }
    output_.reset();
    open_.reset();
    interruptPulse();
    changed_.reset();  // it holds the script's object, which holds this one
    unpin();
    return failure;
  }

  std::optional<OpenHandle> open_{std::in_place, js()};
  std::unique_ptr<GpioOutput> output_;
  std::vector<bool> values_;
  const std::vector<bool> safe_;
  Callback changed_;
  std::optional<Deferred> pulse_;  // that runs
  Timer pulseEnd_;
};

class Input final : public Wrapped {
 public:
  Input(Js& js, std::unique_ptr<GpioInput> line, const GpioInputOptions& options,
        InputScriptCallbacks callbacks)
      : Wrapped(js), callbacks_(std::move(callbacks)) {
    GpioWatchHandlers handlers;
    handlers.onEvent = [this](const GpioEvent& event) { deliver(event); };
    handlers.onFailure = [this](const std::exception_ptr& failure) { fail(failure); };
    watch_.emplace(js.loop(), std::move(line), options, std::move(handlers));
  }

  void keep() { pin(); }
  bool value() const { return watch_->levels().front(); }
  double lost() const { return static_cast<double>(watch_->lost()); }

  void close() override {
    if (watch_) watch_->close();
    open_.reset();
    callbacks_ = {};  // they hold the script's object, which holds this one
    unpin();
  }

 private:
  // Each event is a turn of its own, so that a loop over events takes one before the next arrives.
  void deliver(const GpioEvent& event) {
    enterHeld(
        [&] { callbacks_.event.call(js(), event.rising, scriptClockMs(event.timestampNs), event.sequence); });
  }

  void fail(const std::exception_ptr& failure) {
    enterHeld([&] { callbacks_.failed.call(js(), toJsError(js(), failure)); });
  }

  std::optional<OpenHandle> open_{std::in_place, js()};
  InputScriptCallbacks callbacks_;
  std::optional<GpioWatch> watch_;  // declared last: it calls the others
};

Output* openOutput(Js& js, v8::Local<v8::Object> wanted, bool single, Callback changed) {
  auto options = Convert<OutputScriptOptions>::from(js, wanted);
  auto lines = asOption(single ? "line" : "lines", [&] {
    return chips(js).output({.lines = resolve(js, options.lines),
                             .values = options.initial,
                             .activeLow = options.activeLow,
                             .drive = options.drive,
                             .bias = options.bias,
                             .consumer = consumer(js)});
  });
  auto* output = make<Output>(js, std::move(lines), std::move(options), std::move(changed));
  output->keep();  // until close(): collecting an output must not release its lines
  return output;
}

Input* openInput(Js& js, v8::Local<v8::Object> wanted, InputScriptCallbacks callbacks) {
  const auto options = Convert<InputScriptOptions>::from(js, wanted);
  GpioInputOptions request{.activeLow = options.activeLow,
                           .bias = options.bias,
                           .edge = options.edge,
                           .debounceUs = options.debounceUs,
                           .consumer = consumer(js)};
  auto line = asOption("line", [&] {
    request.lines = resolve(js, {options.line});
    return chips(js).input(request);
  });
  auto* input = make<Input>(js, std::move(line), request, std::move(callbacks));
  input->keep();
  return input;
}

std::vector<LineScriptInfo> lines(Js& js) {
  std::vector<LineScriptInfo> infos;
  for (GpioLineInfo& line : chips(js).lines()) {
    infos.push_back({std::move(line.address.chip), std::move(line.chipLabel), line.address.offset,
                     std::move(line.name), std::move(line.consumer), line.used, line.output});
  }
  return infos;
}

}  // namespace

void addGpio(ModuleBuilder& module) {
  module.type<Output>("Output")
      .method<&Output::set>("set")
      .method<&Output::pulse>("pulse")
      .method<&Output::release>("close")
      .getter<&Output::values>("values");
  module.type<Input>("Input")
      .method<&Input::close>("close")
      .getter<&Input::value>("value")
      .getter<&Input::lost>("lost");
  module.function<openOutput>("openOutput").function<openInput>("openInput").function<lines>("lines");
}

}  // namespace deskd
