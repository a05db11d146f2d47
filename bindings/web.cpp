// SPDX-License-Identifier: Apache-2.0
// native:web: what the web's globals in bindings/js need from C++.
#include <sys/random.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "bindings/builtins.h"
#include "bindings/script_clock.h"
#include "hal/base/base64.h"
#include "hal/base/error.h"
#include "hal/base/utf8.h"

namespace deskd {
namespace {

Bytes utf8Encode(Js&, std::string text) {
  return Bytes(text.begin(), text.end());
}

std::string utf8Decode(Js&, Bytes bytes, bool fatal, bool ignoreBom) {
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (fatal && !isUtf8(text))
    throw CodedError("ERR_ENCODING_INVALID_DATA", "expected UTF-8, found bytes that are none");
  if (!ignoreBom && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return std::string(text);  // V8 puts U+FFFD where the bytes make no sense
}

v8::Local<v8::Value> structuredClone(Js& js, v8::Local<v8::Value> value) {
  v8::ValueSerializer serializer(js.isolate());
  serializer.WriteHeader();
  if (!serializer.WriteValue(js.context(), value).FromMaybe(false)) throw PendingException{};
  const auto [data, size] = serializer.Release();
  const std::unique_ptr<std::uint8_t, decltype(&std::free)> owned(data, &std::free);
  v8::ValueDeserializer deserializer(js.isolate(), data, size);
  v8::Local<v8::Value> copy;
  if (!deserializer.ReadHeader(js.context()).FromMaybe(false) ||
      !deserializer.ReadValue(js.context()).ToLocal(&copy))
    throw PendingException{};
  return copy;
}

void randomFill(Js&, v8::Local<v8::Uint8Array> array) {
  auto* bytes = static_cast<std::uint8_t*>(array->Buffer()->GetBackingStore()->Data()) + array->ByteOffset();
  for (std::size_t done = 0; done < array->ByteLength();) {
    const ssize_t got = ::getrandom(bytes + done, array->ByteLength() - done, 0);
    if (got < 0 && errno != EINTR) throwErrno("read random bytes");
    if (got > 0) done += static_cast<std::size_t>(got);
  }
}

double monotonicMs(Js&) {
  return scriptClockNowMs();
}

std::string btoa(Js& js, v8::Local<v8::Value> value) {
  v8::Local<v8::String> text;
  if (!value->ToString(js.context()).ToLocal(&text)) throw PendingException{};
  if (!text->ContainsOnlyOneByte())
    throw CodedError("ERR_INVALID_CHARACTER", "btoa: expected characters up to U+00FF");
  std::string bytes(static_cast<std::size_t>(text->Length()), '\0');
  text->WriteOneByte(js.isolate(), reinterpret_cast<std::uint8_t*>(bytes.data()), 0, text->Length(),
                     v8::String::NO_NULL_TERMINATION);
  return base64Encode(bytes);
}

v8::Local<v8::Value> atob(Js& js, v8::Local<v8::Value> value) {
  v8::Local<v8::String> text;
  if (!value->ToString(js.context()).ToLocal(&text)) throw PendingException{};
  const auto bytes = base64Decode(Convert<std::string>::from(js, text));
  if (!bytes) throw CodedError("ERR_INVALID_CHARACTER", "atob: expected base64");
  return v8::String::NewFromOneByte(js.isolate(), reinterpret_cast<const std::uint8_t*>(bytes->data()),
                                    v8::NewStringType::kNormal, static_cast<int>(bytes->size()))
      .ToLocalChecked();
}

}  // namespace

void addWeb(ModuleBuilder& module) {
  const auto sinceEpoch = std::chrono::system_clock::now().time_since_epoch();
  const double timeOriginMs =
      std::chrono::duration<double, std::milli>(sinceEpoch).count() - scriptClockNowMs();
  module.constant("timeOriginMs", timeOriginMs)
      .function<utf8Encode>("utf8Encode")
      .function<utf8Decode>("utf8Decode")
      .function<structuredClone>("structuredClone")
      .function<randomFill>("randomFill")
      .function<monotonicMs>("monotonicMs")
      .function<btoa>("btoa")
      .function<atob>("atob");
}

}  // namespace deskd
