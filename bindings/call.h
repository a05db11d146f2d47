// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <v8.h>

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "bindings/convert.h"
#include "bindings/errors.h"
#include "bindings/wrapped.h"

namespace deskd {

// All arguments that are left, as they are.
using Rest = std::vector<v8::Local<v8::Value>>;

// Reads a call's arguments strictly from left to right and names the one that does not fit.
class ArgReader {
 public:
  ArgReader(Js& js, const v8::FunctionCallbackInfo<v8::Value>& info) : js_(js), info_(info) {}

  template <class T>
  T next() {
    if constexpr (std::is_same_v<T, Rest>)
      return rest();
    else
      return one<T>();
  }

  template <class R>
  void result(R&& value) {
    using Plain = std::decay_t<R>;
    if constexpr (std::is_pointer_v<Plain> && std::is_base_of_v<Wrapped, std::remove_pointer_t<Plain>>)
      info_.GetReturnValue().Set(value->wrapper());
    else
      info_.GetReturnValue().Set(Convert<Plain>::to(js_, value));
  }

 private:
  Rest rest() {
    Rest values;
    for (; index_ < info_.Length(); ++index_)
      values.push_back(info_[index_]);
    return values;
  }

  template <class T>
  T one() {
    const int index = index_++;
    try {
      return Convert<T>::from(js_, info_[index]);  // beyond the last argument: undefined
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(prefix(index) + error.what());
    } catch (const std::out_of_range& error) {
      throw std::out_of_range(prefix(index) + error.what());
    }
  }

  static std::string prefix(int index) { return "argument " + std::to_string(index + 1) + ": "; }

  Js& js_;
  const v8::FunctionCallbackInfo<v8::Value>& info_;
  int index_ = 0;
};

template <class T>
T& unwrap(v8::Local<v8::Object> object) {
  return static_cast<T&>(*static_cast<Wrapped*>(object->GetAlignedPointerFromInternalField(0)));
}

// The one crossing point from JavaScript into C++: unwrap, convert, call, convert back, translate exceptions.
template <class R, class... A>
struct Crossing {
  template <class F>
  static void call(const v8::FunctionCallbackInfo<v8::Value>& info, F&& target) noexcept {
    Js& js = Js::of(info.GetIsolate());
    try {
      ArgReader in(js, info);
      std::tuple<std::decay_t<A>...> args{in.template next<std::decay_t<A>>()...};  // braces: left to right
      auto run = [&](auto&... a) -> R { return target(js, std::move(a)...); };
      if constexpr (std::is_void_v<R>)
        std::apply(run, args);
      else
        in.result(std::apply(run, args));
    } catch (...) {
      throwToJs(js);
    }
  }
};

template <class T>
inline constexpr bool takesUndefined = std::is_same_v<T, Rest> || std::is_same_v<T, v8::Local<v8::Value>>;

// What a function's `length` tells scripts: the arguments before the first that may be left out.
template <class... A>
constexpr int requiredArguments() {
  int count = 0;
  bool required = true;
  ((required = required && !takesUndefined<std::decay_t<A>>, count += required ? 1 : 0), ...);
  return count;
}

// Method<&T::m>::call and Method<&freeFunction>::call are V8 callbacks. A free function takes Js& first.
template <auto M>
struct Method;

template <class T, class R, class... A, R (T::*M)(A...)>
struct Method<M> {
  static void call(const v8::FunctionCallbackInfo<v8::Value>& info) {
    Crossing<R, A...>::call(
        info, [&](Js&, auto&&... a) -> R { return (unwrap<T>(info.This()).*M)(std::move(a)...); });
  }
};
template <class T, class R, class... A, R (T::*M)(A...) const>
struct Method<M> {
  static void call(const v8::FunctionCallbackInfo<v8::Value>& info) {
    Crossing<R, A...>::call(
        info, [&](Js&, auto&&... a) -> R { return (unwrap<T>(info.This()).*M)(std::move(a)...); });
  }
};
template <class R, class... A, R (*F)(Js&, A...)>
struct Method<F> {
  static constexpr int length = requiredArguments<A...>();
  static void call(const v8::FunctionCallbackInfo<v8::Value>& info) {
    Crossing<R, A...>::call(info, [&](Js& js, auto&&... a) -> R { return F(js, std::move(a)...); });
  }
};

}  // namespace deskd
