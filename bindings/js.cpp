// SPDX-License-Identifier: Apache-2.0
#include "bindings/js.h"

#include "bindings/errors.h"
#include "bindings/turn_watch.h"
#include "bindings/wrapped.h"

namespace deskd {
namespace {

// A script that fails in every turn has said enough then.
constexpr int mostUnloadFailures = 10;

}  // namespace

Js::Js(v8::Isolate* isolate, Loop& loop, HostServices& services)
    : isolate_(isolate), loop_(loop), services_(services), pending_(new PendingPromises{this, 1, {}}) {
  isolate->SetData(0, this);
}

Js::~Js() = default;

v8::Local<v8::String> Js::string(std::string_view utf8) const {
  v8::Local<v8::String> made;
  if (!v8::String::NewFromUtf8(isolate_, utf8.data(), v8::NewStringType::kNormal,
                               static_cast<int>(utf8.size()))
           .ToLocal(&made))
    throw PendingException{};  // longer than V8's longest string
  return made;
}

v8::Local<v8::String> Js::name(const char* literal) const {
  return v8::String::NewFromUtf8(isolate_, literal, v8::NewStringType::kInternalized).ToLocalChecked();
}

v8::Local<v8::FunctionTemplate> Js::classTemplate(const void* key) const {
  return templates_.at(key).Get(isolate_);
}

void Js::setClassTemplate(const void* key, v8::Local<v8::FunctionTemplate> made) {
  templates_[key].Reset(isolate_, made);
}

void Js::enter(const std::function<void()>& body) {
  if (stopped_ || failed_) return;
  const v8::HandleScope handles(isolate_);
  const v8::Context::Scope scope(context());
  if (depth_ > 0) {  // called by a native function: the turn is already being watched
    body();
    return;
  }
  ++depth_;
  // A request to terminate that came just after the turn it was meant for must not hit this one.
  if (termination_.kind.empty()) isolate_->CancelTerminateExecution();
  if (turnWatch_ != nullptr) turnWatch_->begin();
  runTurn(body);
  if (turnWatch_ != nullptr) turnWatch_->end();
  --depth_;
}

void Js::runTurn(const std::function<void()>& body) {
  {
    v8::TryCatch caught(isolate_);
    try {
      body();
    } catch (const PendingException&) {  // NOLINT(bugprone-empty-catch): V8 holds it, `caught` has it
    }
    if (failFromTermination()) return;
    if (caught.HasCaught()) {
      fail(describe(*this, "exception", caught.Exception(), caught.Message()));
      if (failed_) return;
    }
  }
  const v8::TryCatch caught(isolate_);
  isolate_->PerformMicrotaskCheckpoint();
  if (failFromTermination()) return;
  failFromRejection();
}

bool Js::failFromTermination() {
  if (termination_.kind.empty()) return false;
  isolate_->CancelTerminateExecution();
  fail(std::exchange(termination_, {}));
  return true;
}

void Js::failFromRejection() {
  if (rejections_.empty()) return;
  for (const auto& unhandled : std::exchange(rejections_, {})) {
    const auto reason = unhandled.reason.Get(isolate_);
    fail(describe(*this, "rejection", reason, v8::Exception::CreateMessage(isolate_, reason)));
    if (failed_) return;
  }
}

void Js::beginUnload() {
  unloading_ = true;
  failed_ = false;
  rejections_.clear();
}

void Js::fail(ScriptError error) {
  if (failed_) return;
  if (unloading_ && ++unloadFailures_ > mostUnloadFailures) return;
  failed_ = !unloading_;
  if (onFailure_) onFailure_(std::move(error));
}

}  // namespace deskd
