// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <v8.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "bindings/host_services.h"
#include "bindings/js.h"

namespace deskd {

// Strict conversion between JavaScript and C++. Convert<T>::from throws std::invalid_argument "expected X,
// found Y" (or std::out_of_range); nothing is coerced. Convert<T>::to makes a value.
template <class T>
struct Convert;

// "5", "\"text\"", "null", "an object", ...: how error messages name a value.
std::string foundText(Js& js, v8::Local<v8::Value> value);
[[noreturn]] void throwExpected(Js& js, const std::string& expected, v8::Local<v8::Value> found);

// The words of an enumeration: specialise with a constexpr `list` of {word, value}.
template <class E>
struct Names;
// The fields of a value struct: specialise with a constexpr tuple `list` of field("name", &T::member).
template <class T>
struct Fields;

template <class T, class M>
struct Field {
  const char* name;
  M T::*member;
};
template <class T, class M>
constexpr Field<T, M> field(const char* name, M T::*member) {
  return {name, member};
}

template <class T>
concept Named = requires {
  Names<T>::list;
};
template <class T>
concept Structured = requires {
  Fields<T>::list;
};

template <>
struct Convert<bool> {
  static bool from(Js& js, v8::Local<v8::Value> value) {
    if (!value->IsBoolean()) throwExpected(js, "true or false", value);
    return value->IsTrue();
  }
  static v8::Local<v8::Value> to(Js& js, bool value) { return v8::Boolean::New(js.isolate(), value); }
};

template <>
struct Convert<double> {
  static double from(Js& js, v8::Local<v8::Value> value) {
    if (!value->IsNumber() || !std::isfinite(value.As<v8::Number>()->Value()))
      throwExpected(js, "a number", value);
    return value.As<v8::Number>()->Value();
  }
  static v8::Local<v8::Value> to(Js& js, double value) { return v8::Number::New(js.isolate(), value); }
};

template <class T>
requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) struct Convert<T> {
  static T from(Js& js, v8::Local<v8::Value> value) {
    const char* expected = std::is_unsigned_v<T> ? "a non-negative integer" : "an integer";
    if (!value->IsNumber()) throwExpected(js, expected, value);
    const double number = value.As<v8::Number>()->Value();
    // Beyond 2^53 a double no longer holds every integer.
    const double least = std::max(static_cast<double>(std::numeric_limits<T>::min()), -9007199254740991.0);
    const double most = std::min(static_cast<double>(std::numeric_limits<T>::max()), 9007199254740991.0);
    if (number != std::floor(number) || number < least || number > most) throwExpected(js, expected, value);
    return static_cast<T>(number);
  }
  static v8::Local<v8::Value> to(Js& js, T value) {
    return v8::Number::New(js.isolate(), static_cast<double>(value));
  }
};

template <>
struct Convert<std::string> {
  static std::string from(Js& js, v8::Local<v8::Value> value);
  static v8::Local<v8::Value> to(Js& js, const std::string& value) { return js.string(value); }
};

// Uint8Array, any other view, ArrayBuffer, or array of bytes; copied.
template <>
struct Convert<Bytes> {
  static Bytes from(Js& js, v8::Local<v8::Value> value);
  static v8::Local<v8::Value> to(Js& js, const Bytes& value);
};

// Anything V8 itself has a type for, checked by its Is...().
template <>
struct Convert<v8::Local<v8::Value>> {
  static v8::Local<v8::Value> from(Js&, v8::Local<v8::Value> value) { return value; }
  static v8::Local<v8::Value> to(Js&, v8::Local<v8::Value> value) { return value; }
};
template <>
struct Convert<v8::Local<v8::Function>> {
  static v8::Local<v8::Function> from(Js& js, v8::Local<v8::Value> value) {
    if (!value->IsFunction()) throwExpected(js, "a function", value);
    return value.As<v8::Function>();
  }
};
template <>
struct Convert<v8::Local<v8::Object>> {
  static v8::Local<v8::Object> from(Js& js, v8::Local<v8::Value> value) {
    if (!value->IsObject()) throwExpected(js, "an object", value);
    return value.As<v8::Object>();
  }
  static v8::Local<v8::Value> to(Js&, v8::Local<v8::Object> value) { return value; }
};
template <>
struct Convert<v8::Local<v8::Uint8Array>> {
  static v8::Local<v8::Uint8Array> from(Js& js, v8::Local<v8::Value> value) {
    if (!value->IsUint8Array()) throwExpected(js, "a Uint8Array", value);
    return value.As<v8::Uint8Array>();
  }
};
template <>
struct Convert<v8::Local<v8::Promise>> {
  static v8::Local<v8::Value> to(Js&, v8::Local<v8::Promise> value) { return value; }
};

// undefined is absence; null is a value that someone wrote, and no T.
template <class T>
struct Convert<std::optional<T>> {
  static std::optional<T> from(Js& js, v8::Local<v8::Value> value) {
    if (value->IsUndefined()) return std::nullopt;
    return Convert<T>::from(js, value);
  }
  static v8::Local<v8::Value> to(Js& js, const std::optional<T>& value) {
    return value ? Convert<T>::to(js, *value) : v8::Undefined(js.isolate()).template As<v8::Value>();
  }
};

template <Named E>
struct Convert<E> {
  static E from(Js& js, v8::Local<v8::Value> value) {
    std::string words;
    if (value->IsString()) {
      const std::string word = Convert<std::string>::from(js, value);
      for (const auto& [name, result] : Names<E>::list)
        if (word == name) return result;
    }
    for (const auto& [name, result] : Names<E>::list)
      words += (words.empty() ? "" : ", ") + std::string(name);
    throwExpected(js, "one of " + words, value);
  }
  static v8::Local<v8::Value> to(Js& js, E value) {
    for (const auto& [name, result] : Names<E>::list)
      if (result == value) return js.string(name);
    return v8::Undefined(js.isolate());
  }
};

template <Structured T>
struct Convert<T> {
  // Fields that are absent keep their default. Fields that T does not have are left alone.
  static T from(Js& js, v8::Local<v8::Value> value) {
    if (!value->IsObject()) throwExpected(js, "an object", value);
    T result{};
    std::apply([&](const auto&... fields) { (read(js, value.As<v8::Object>(), fields, result), ...); },
               Fields<T>::list);
    return result;
  }
  static v8::Local<v8::Value> to(Js& js, const T& value) {
    const auto object = v8::Object::New(js.isolate());
    const auto write = [&](const auto& field) {
      using Member = std::decay_t<decltype(value.*(field.member))>;
      object->Set(js.context(), js.name(field.name), Convert<Member>::to(js, value.*(field.member))).Check();
    };
    std::apply([&](const auto&... fields) { (write(fields), ...); }, Fields<T>::list);
    return object;
  }

 private:
  template <class M>
  static void read(Js& js, v8::Local<v8::Object> object, const Field<T, M>& field, T& result) {
    v8::Local<v8::Value> value;
    if (!object->Get(js.context(), js.name(field.name)).ToLocal(&value)) throw PendingException{};
    if (value->IsUndefined()) return;
    try {
      result.*(field.member) = Convert<M>::from(js, value);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(std::string(field.name) + ": " + error.what());
    } catch (const std::out_of_range& error) {
      throw std::out_of_range(std::string(field.name) + ": " + error.what());
    }
  }
};

// An array of such values.
template <class T>
requires(!std::is_same_v<std::vector<T>, Bytes>) struct Convert<std::vector<T>> {
  static std::vector<T> from(Js& js, v8::Local<v8::Value> value) {
    if (!value->IsArray()) throwExpected(js, "an array", value);
    const auto array = value.As<v8::Array>();
    std::vector<T> result;
    for (std::uint32_t i = 0; i < array->Length(); ++i) {
      v8::Local<v8::Value> element;
      if (!array->Get(js.context(), i).ToLocal(&element)) throw PendingException{};
      result.push_back(Convert<T>::from(js, element));
    }
    return result;
  }
  static v8::Local<v8::Value> to(Js& js, const std::vector<T>& values) {
    std::vector<v8::Local<v8::Value>> elements;
    for (const auto& value : values)
      elements.push_back(Convert<T>::to(js, value));
    return v8::Array::New(js.isolate(), elements.data(), elements.size());
  }
};

}  // namespace deskd
