// SPDX-License-Identifier: Apache-2.0
// native:guard: outputs that deskd-guard drives. What scripts see of them is bindings/js/gpio_motion.js.
#include "bindings/async.h"
#include "bindings/builtins.h"
#include "bindings/gpio_words.h"
#include "bindings/grants.h"
#include "bindings/open_handle.h"
#include "hal/base/error.h"

namespace deskd {

template <>
struct Fields<MotionOutputOptions> {
  static constexpr std::tuple list{
      field("line", &MotionOutputOptions::line),           field("safe", &MotionOutputOptions::safe),
      field("activeLow", &MotionOutputOptions::activeLow), field("drive", &MotionOutputOptions::drive),
      field("bias", &MotionOutputOptions::bias),           field("leaseMs", &MotionOutputOptions::leaseMs),
      field("maxOnMs", &MotionOutputOptions::maxOnMs),     field("restMs", &MotionOutputOptions::restMs)};
};

namespace {

class MotionOutput final : public Wrapped {
 public:
  MotionOutput(Js& js, Callback ended) : Wrapped(js), ended_(std::move(ended)) {}

  void declare(MotionOutputOptions options, Done done) {
    pin();
    number_ = js().services().guard.declare(
        std::move(options),
        [this](const std::string& reason) {
          FromLoop(*this).enter([&] {
            if (ended_) ended_.call(js(), reason);
          });
        },
        std::move(done));
  }

  std::uint32_t number() const { return number_; }

  v8::Local<v8::Promise> drive(bool on, std::uint32_t pulseMs) {
    const Deferred deferred(js());
    const auto promise = deferred.promise();
    js().services().guard.drive(number_, on, 0, pulseMs,
                                [deferred](const Outcome& outcome) { deferred.settle(outcome); });
    return promise;
  }

  void renew() { js().services().guard.renew(number_); }

  void close() override {
    if (number_ != 0) js().services().guard.forget(std::exchange(number_, 0));
    ended_.reset();
    open_.reset();
    unpin();
  }

 private:
  std::optional<OpenHandle> open_{std::in_place, js()};
  Callback ended_;
  GuardPort::Output number_ = 0;
};

void requireGuard(Js& js) {
  if (!js.services().guard.available())
    throw CodedError("ERR_NOT_SUPPORTED",
                     "what moves is driven by deskd-guard, and there is none: run the script under deskd");
}

v8::Local<v8::Promise> declare(Js& js, MotionOutputOptions options, Callback ended) {
  requireGuard(js);
  requireLine(js, options.line);
  auto* output = make<MotionOutput>(js, std::move(ended));
  const Deferred deferred(js);
  const auto promise = deferred.promise();
  output->declare(std::move(options), [output, deferred](const Outcome& outcome) {
    if (outcome.ok()) {
      deferred.resolveWith([output] { return output->wrapper(); });
    } else {
      output->close();
      deferred.reject(outcome);
    }
  });
  return promise;
}

v8::Local<v8::Promise> interlock(Js& js, std::vector<std::uint32_t> outputs, std::uint32_t deadTimeMs) {
  requireGuard(js);
  const Deferred deferred(js);
  const auto promise = deferred.promise();
  js.services().guard.interlock(std::move(outputs), deadTimeMs,
                                [deferred](const Outcome& outcome) { deferred.settle(outcome); });
  return promise;
}

}  // namespace

void addGuard(ModuleBuilder& module) {
  module.type<MotionOutput>("MotionOutput")
      .method<&MotionOutput::drive>("drive")
      .method<&MotionOutput::renew>("renew")
      .method<&MotionOutput::close>("close")
      .getter<&MotionOutput::number>("number");
  module.function<declare>("declare").function<interlock>("interlock");
}

}  // namespace deskd
