// SPDX-License-Identifier: Apache-2.0
// setTimeout, setInterval, their clear functions and queueMicrotask.
#include <map>

#include "bindings/async.h"
#include "bindings/builtins.h"
#include "bindings/open_handle.h"

namespace deskd {
namespace {

// The longest delay, as in browsers: 2^31 - 1 ms.
constexpr double longestMs = 2147483647;

class Timers final : public Wrapped {
 public:
  explicit Timers(Js& js) : Wrapped(js) {}

  int start(v8::Local<v8::Function> callback, double delayMs, bool repeat, const Rest& arguments) {
    auto open = std::make_unique<OpenHandle>(js());
    const int id = ++lastId_;
    auto& timer = timers_[id];
    timer.open = std::move(open);
    timer.callback.Reset(js().isolate(), callback);
    for (const auto& argument : arguments)
      timer.arguments.emplace_back(js().isolate(), argument);
    // NaN and negative delays count as 0, and an interval of 0 would starve everything else.
    const double delay = delayMs > 1 ? std::min(delayMs, longestMs) : (repeat ? 1 : std::max(0.0, delayMs));
    const Milliseconds wait(static_cast<long>(delay));
    timer.repeat = repeat;
    timer.uv = std::make_unique<Timer>(js().loop(), [this, id] { fire(id); });
    timer.uv->start(wait, repeat ? wait : Milliseconds(0));
    return id;
  }

  void clear(int id) { timers_.erase(id); }
  void close() override { timers_.clear(); }

 private:
  struct Pending {
    std::unique_ptr<OpenHandle> open;
    v8::Global<v8::Function> callback;
    std::vector<v8::Global<v8::Value>> arguments;
    bool repeat = false;
    std::unique_ptr<Timer> uv;
  };

  void fire(int id) {
    FromLoop(*this).enter([&] {
      const auto found = timers_.find(id);
      if (found == timers_.end()) return;
      const auto callback = found->second.callback.Get(js().isolate());
      Rest arguments;
      for (const auto& argument : found->second.arguments)
        arguments.push_back(argument.Get(js().isolate()));
      if (!found->second.repeat) timers_.erase(found);  // the callback may clear it, or look for it
      v8::Local<v8::Value> ignored;
      if (!callback
               ->Call(js().context(), v8::Undefined(js().isolate()), static_cast<int>(arguments.size()),
                      arguments.data())
               .ToLocal(&ignored))
        throw PendingException{};
    });
  }

  int lastId_ = 0;
  std::map<int, Pending> timers_;
};

double delayOf(v8::Local<v8::Value> value) {
  return value->IsNumber() ? value.As<v8::Number>()->Value() : 0;
}

int setTimeout(Js& js, v8::Local<v8::Function> callback, v8::Local<v8::Value> delayMs, Rest arguments) {
  return js.single<Timers>().start(callback, delayOf(delayMs), false, arguments);
}

int setInterval(Js& js, v8::Local<v8::Function> callback, v8::Local<v8::Value> delayMs, Rest arguments) {
  return js.single<Timers>().start(callback, delayOf(delayMs), true, arguments);
}

// Like the web's: whatever is no timer is ignored.
void clearTimer(Js& js, v8::Local<v8::Value> id) {
  if (id->IsInt32()) js.single<Timers>().clear(id.As<v8::Int32>()->Value());
}

void queueMicrotask(Js& js, v8::Local<v8::Function> callback) {
  js.isolate()->EnqueueMicrotask(callback);
}

}  // namespace

void addTimers(Js& js, v8::Local<v8::Object> global) {
  ModuleBuilder functions(js);
  functions.function<setTimeout>("setTimeout")
      .function<setInterval>("setInterval")
      .function<clearTimer>("clearTimeout")
      .function<clearTimer>("clearInterval")
      .function<queueMicrotask>("queueMicrotask");
  for (const auto& [name, function] : functions.exports())
    global->DefineOwnProperty(js.context(), js.name(name), function, v8::DontEnum).Check();
}

}  // namespace deskd
