// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <v8.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "bindings/host_services.h"
#include "bindings/script_error.h"
#include "hal/base/loop.h"

namespace deskd {

class Wrapped;
class TurnWatch;
class ModuleLoader;
class CpuBudget;
class Js;

// Thrown by C++ in bindings/ when V8 already holds the JavaScript exception: it goes on from there.
struct PendingException {};

// The promises that C++ has still to settle, by number.
struct PendingPromises {
  Js* js;
  std::uint64_t next = 1;
  std::unordered_map<std::uint64_t, v8::Global<v8::Promise::Resolver>> byNumber;
};

// A script's isolate as the bindings see it; passed down as the proof of being on the script's thread.
class Js {
 public:
  Js(v8::Isolate* isolate, Loop& loop, HostServices& services);
  ~Js();
  Js(const Js&) = delete;
  Js& operator=(const Js&) = delete;

  static Js& of(v8::Isolate* isolate) { return *static_cast<Js*>(isolate->GetData(0)); }

  v8::Isolate* isolate() const { return isolate_; }
  v8::Local<v8::Context> context() const { return context_.Get(isolate_); }
  Loop& loop() { return loop_; }
  HostServices& services() { return services_; }
  ModuleLoader& modules() { return *modules_; }
  TurnWatch* turnWatch() const { return turnWatch_; }

  v8::Local<v8::String> string(std::string_view utf8) const;
  v8::Local<v8::String> name(const char* literal) const;  // internalized: for property names

  // Enters JavaScript from the loop, with nothing of it on the stack: scopes, the turn's budget, exceptions,
  // microtasks and unhandled rejections. Does nothing once the script has failed or is being torn down.
  void enter(const std::function<void()>& body);

  // Ends the script with this error; the first one counts. While it unloads, what fails is only reported, up
  // to a bound: its handlers go on, for as long as whoever called them allows.
  void fail(ScriptError error);
  bool failed() const { return failed_; }
  bool unloading() const { return unloading_; }
  // What to say if the script is over its CPU budget; then every turn is too long.
  const std::string& cpuExceeded() const { return cpuExceeded_; }
  // From here on enter() does nothing: no callback may reach a script that is being taken apart.
  void stopCallbacks() { stopped_ = true; }
  // Lets unload handlers run, also after a failure, and whatever else of the script they wait for. What the
  // failure has left unhandled is no news any more.
  void beginUnload();

  // For OpenHandle alone. Throws CodedError ERR_LIMIT, except while the script unloads: what it does to stop
  // may need more.
  void openHandle();
  void closeHandle() { --handles_; }

  // The template that makes wrappers of one C++ class, kept for the isolate's life. The key is any unique
  // address.
  v8::Local<v8::FunctionTemplate> classTemplate(const void* key) const;
  void setClassTemplate(const void* key, v8::Local<v8::FunctionTemplate> made);

  // The one T of this isolate, made when first asked for: state that a native module keeps behind its
  // functions.
  template <class T>
  T& single() {
    static const char key = 0;
    Wrapped*& slot = singles_[&key];
    if (slot == nullptr) slot = new T(*this);
    return static_cast<T&>(*slot);
  }

  // Wrapped objects that are alive; teardown closes and frees them before the isolate goes.
  std::unordered_set<Wrapped*>& live() { return live_; }
  const std::shared_ptr<PendingPromises>& pendingPromises() const { return pending_; }

 private:
  friend class ScriptIsolate;

  void beginTurn();
  void endTurn();
  void runTurn(const std::function<void()>& body);
  bool failFromTermination();
  void failFromRejection();

  v8::Isolate* isolate_;
  Loop& loop_;
  HostServices& services_;
  v8::Global<v8::Context> context_;
  ModuleLoader* modules_ = nullptr;
  TurnWatch* turnWatch_ = nullptr;
  std::function<void(ScriptError)> onFailure_;
  struct Rejection {
    v8::Global<v8::Promise> promise;
    v8::Global<v8::Value> reason;
  };
  std::vector<Rejection> rejections_;  // that nobody handles so far
  // Set by whoever terminates the script, with the stack of that moment; V8 itself keeps neither.
  ScriptError termination_;
  bool failed_ = false;
  bool stopped_ = false;
  bool unloading_ = false;
  int unloadFailures_ = 0;
  int handles_ = 0;
  std::unique_ptr<CpuBudget> cpu_;
  std::int64_t cpuReadAtMs_ = 0;
  std::int64_t cpuFailAtMs_ = 0;
  std::string cpuExceeded_;  // what to say of it, once that is known
  int depth_ = 0;
  std::unordered_map<const void*, v8::Global<v8::FunctionTemplate>> templates_;
  std::unordered_set<Wrapped*> live_;
  std::unordered_map<const void*, Wrapped*> singles_;  // on the live list, which owns them
  std::shared_ptr<PendingPromises> pending_;
};

}  // namespace deskd
