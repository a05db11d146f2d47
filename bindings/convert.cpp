// SPDX-License-Identifier: Apache-2.0
#include "bindings/convert.h"

#include <cstring>

namespace deskd {

std::string foundText(Js& js, v8::Local<v8::Value> value) {
  if (value->IsUndefined()) return "undefined";
  if (value->IsNull()) return "null";
  if (value->IsFunction()) return "a function";
  if (value->IsArray()) return "an array";
  if (value->IsPromise()) return "a promise (is an await missing?)";
  if (value->IsObject()) return "an object";
  if (value->IsSymbol()) return "a symbol";
  const v8::String::Utf8Value text(js.isolate(), value);
  std::string shown(*text != nullptr ? *text : "?");
  if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
  return value->IsString() ? "\"" + shown + "\"" : shown;
}

void throwExpected(Js& js, const std::string& expected, v8::Local<v8::Value> found) {
  throw std::invalid_argument("expected " + expected + ", found " + foundText(js, found));
}

std::string Convert<std::string>::from(Js& js, v8::Local<v8::Value> value) {
  if (!value->IsString()) throwExpected(js, "a string", value);
  const auto text = value.As<v8::String>();
  std::string result(static_cast<std::size_t>(text->Utf8Length(js.isolate())), '\0');
  text->WriteUtf8(js.isolate(), result.data(), static_cast<int>(result.size()), nullptr,
                  v8::String::NO_NULL_TERMINATION | v8::String::REPLACE_INVALID_UTF8);
  return result;
}

Bytes Convert<Bytes>::from(Js& js, v8::Local<v8::Value> value) {
  if (value->IsArrayBufferView()) {
    const auto view = value.As<v8::ArrayBufferView>();
    Bytes bytes(view->ByteLength());
    view->CopyContents(bytes.data(), bytes.size());
    return bytes;
  }
  if (value->IsArrayBuffer()) {
    const auto store = value.As<v8::ArrayBuffer>()->GetBackingStore();
    const auto* data = static_cast<const std::uint8_t*>(store->Data());
    return Bytes(data, data + store->ByteLength());
  }
  if (value->IsArray()) {
    const auto array = value.As<v8::Array>();
    Bytes bytes(array->Length());
    for (std::uint32_t i = 0; i < bytes.size(); ++i) {
      v8::Local<v8::Value> element;
      if (!array->Get(js.context(), i).ToLocal(&element)) throw PendingException{};
      if (!element->IsUint32() || element.As<v8::Uint32>()->Value() > 255)
        throwExpected(js, "bytes from 0 to 255", element);
      bytes[i] = static_cast<std::uint8_t>(element.As<v8::Uint32>()->Value());
    }
    return bytes;
  }
  throwExpected(js, "a Uint8Array", value);
}

v8::Local<v8::Value> Convert<Bytes>::to(Js& js, const Bytes& value) {
  const auto buffer = v8::ArrayBuffer::New(js.isolate(), value.size());
  if (!value.empty()) std::memcpy(buffer->GetBackingStore()->Data(), value.data(), value.size());
  return v8::Uint8Array::New(buffer, 0, value.size());
}

}  // namespace deskd
