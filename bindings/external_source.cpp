// SPDX-License-Identifier: Apache-2.0
// Compiled with -fno-rtti, as every class that derives from V8's.
#include "bindings/external_source.h"

namespace deskd {
namespace {

class Source final : public v8::String::ExternalOneByteStringResource {
 public:
  explicit Source(std::string_view text) : text_(text) {}
  const char* data() const override { return text_.data(); }
  std::size_t length() const override { return text_.size(); }

 private:
  std::string_view text_;
};

}  // namespace

v8::Local<v8::String> externalSource(v8::Isolate* isolate, std::string_view latin1) {
  return v8::String::NewExternalOneByte(isolate, new Source(latin1)).ToLocalChecked();
}

}  // namespace deskd
