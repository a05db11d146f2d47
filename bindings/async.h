// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <v8.h>

#include <array>
#include <exception>
#include <functional>
#include <memory>

#include "bindings/convert.h"
#include "bindings/errors.h"

namespace deskd {

// A function of the script that the loop will call.
class Callback {
 public:
  Callback() = default;
  Callback(Js& js, v8::Local<v8::Function> function) : function_(js.isolate(), function) {}

  explicit operator bool() const { return !function_.IsEmpty(); }
  void reset() { function_.Reset(); }

  // Calls it now and returns what it returned, as a promise; empty if it threw.
  v8::Local<v8::Promise> callForPromise(Js& js) const;
  // Calls it now; only inside Js::enter(). Throws PendingException if it throws, for enter() to report.
  template <class... A>
  void call(Js& js, const A&... arguments) const {
    const auto function = function_.Get(js.isolate());  // survives a reset() from inside
    std::array<v8::Local<v8::Value>, sizeof...(A)> values{Convert<A>::to(js, arguments)...};
    v8::Local<v8::Value> ignored;
    if (!function
             ->Call(js.context(), v8::Undefined(js.isolate()), static_cast<int>(values.size()), values.data())
             .ToLocal(&ignored))
      throw PendingException{};
  }

 private:
  v8::Global<v8::Function> function_;
};

template <>
struct Convert<Callback> {
  static Callback from(Js& js, v8::Local<v8::Value> value) {
    return Callback(js, Convert<v8::Local<v8::Function>>::from(js, value));
  }
};

// A promise that C++ settles later. Copies share it; settling twice, or after the script has ended, does
// nothing.
class Deferred {
 public:
  explicit Deferred(Js& js);
  v8::Local<v8::Promise> promise() const;

  // These enter JavaScript by themselves: call them from the loop, not from inside a script's call.
  void resolve() const;
  void reject(const Outcome& outcome) const;
  void rejectWith(const std::exception_ptr& failure) const;
  // The value is made inside the script's context.
  void resolveWith(const std::function<v8::Local<v8::Value>()>& value) const;
  void settle(const Outcome& outcome) const { outcome.ok() ? resolve() : reject(outcome); }

 private:
  // The handle lives in the isolate's table, which teardown empties, so a copy may outlive the isolate.
  struct Ticket {
    std::weak_ptr<PendingPromises> table;
    std::uint64_t number;
    ~Ticket();
  };
  // Takes the resolver out of the table and hands it over inside the script's context; once.
  void settleOnce(const std::function<void(Js&, v8::Local<v8::Promise::Resolver>)>& settle) const;

  std::shared_ptr<Ticket> ticket_;
};

}  // namespace deskd
