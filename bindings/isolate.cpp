// SPDX-License-Identifier: Apache-2.0
#include "bindings/isolate.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include <v8.h>

#include <vector>

#include "bindings/builtins.h"
#include "bindings/engine.h"
#include "bindings/errors.h"
#include "bindings/js.h"
#include "bindings/module_loader.h"
#include "bindings/platform.h"
#include "bindings/test_runner.h"
#include "bindings/turn_watch.h"
#include "bindings/unload.h"
#include "bindings/wrapped.h"

namespace deskd {
namespace {

// Room above the limit for the script to be ended in: what V8 allocates between the limit and the
// termination.
constexpr std::size_t graceBytes = 16 * 1024 * 1024;
constexpr int insistSignal = SIGUSR1;

// For handlers that V8 and the kernel call without saying for whom. A process has one script.
Js* theScript = nullptr;

std::string heapText(const Js& js) {
  return std::to_string(const_cast<Js&>(js).services().limits.heapMib) + " MiB";
}

const char* kindOfOverdue(const Js& js) {
  return js.cpuExceeded().empty() ? "turn" : "cpu";
}

std::string textOfOverdue(const Js& js) {
  if (!js.cpuExceeded().empty()) return js.cpuExceeded();
  return "turn took longer than " + std::to_string(js.turnWatch()->budgetMs()) + " ms";
}

// V8 gives up: the process cannot go on. The stack costs memory that may not be there, hence the guard.
[[noreturn]] void dieWithoutMemory(const char* where) {
  static bool dying = false;
  if (!dying && theScript != nullptr) {
    dying = true;
    ScriptError error{
        "heap", "RangeError: out of memory (heap limit " + heapText(*theScript) + ")", "", "", 0, 0};
    theScript->services().lastWords(error);
    error.stack = currentStack(theScript->isolate());
    placeFromStack(error);
    theScript->services().lastWords(error);
  }
  (void)where;
  ::_exit(70);
}

#if V8_MAJOR_VERSION >= 11
void onOutOfMemory(const char* location, const v8::OOMDetails&) {
  dieWithoutMemory(location);
}
#else
void onOutOfMemory(const char* location, bool) {
  dieWithoutMemory(location);
}
#endif

void onFatalError(const char* location, const char* message) {
  const std::string text = std::string("V8 gave up: ") + (message != nullptr ? message : "fatal error");
  if (theScript != nullptr) {
    theScript->services().lastWords(
        {"engine", text + (location != nullptr ? std::string(" in ") + location : ""), "", "", 0, 0});
  }
  ::_exit(70);
}

// A built-in that V8 cannot interrupt is running. Asking V8 for the stack here is not safe, but this process
// has a few milliseconds to live: if it works the user reads where. If it does not, as during a collection,
// it crashes, or TurnWatch's kill follows: what is wrong has been said by then.
void onInsist(int) {
  if (theScript == nullptr || theScript->turnWatch() == nullptr || !theScript->turnWatch()->overdue()) return;
  ScriptError error{kindOfOverdue(*theScript),
                    textOfOverdue(*theScript) + ", inside a built-in that cannot be interrupted",
                    "",
                    "",
                    0,
                    0};
  theScript->services().lastWords(error);
  error.stack = currentStack(theScript->isolate());
  placeFromStack(error);
  theScript->services().lastWords(error);
}

}  // namespace

struct ScriptIsolate::Parts {
  Parts(Engine& engineUsed, Loop& loop, HostServices& wanted, Events wantedEvents)
      : engine(engineUsed), services(wanted), events(std::move(wantedEvents)), scriptThread(pthread_self()) {
    allocator.reset(v8::ArrayBuffer::Allocator::NewDefaultAllocator());
    v8::Isolate::CreateParams params;
    params.array_buffer_allocator = allocator.get();
    params.constraints.ConfigureDefaultsFromHeapSize(0, static_cast<std::size_t>(wanted.limits.heapMib)
                                                            << 20);
    isolate = v8::Isolate::Allocate();
    // V8 asks the platform for a task runner while it initialises; tasks run once the loop does.
    js = std::make_unique<Js>(isolate, loop, services);
    engine.platform().attach(loop, [this](v8::Task& task) { js->enter([&] { task.Run(); }); });
    v8::Isolate::Initialize(isolate, params);
    isolate->Enter();
    isolate->SetData(0, js.get());
    configure();
  }

  void configure() {
    theScript = js.get();
    isolate->SetMicrotasksPolicy(v8::MicrotasksPolicy::kExplicit);
    isolate->SetCaptureStackTraceForUncaughtExceptions(true, 12);
    isolate->SetPromiseRejectCallback(onPromiseReject);
    isolate->SetHostImportModuleDynamicallyCallback(ModuleLoader::onDynamicImport);
    isolate->SetHostInitializeImportMetaObjectCallback(ModuleLoader::onImportMeta);
    isolate->AddMessageListener(onMessage);
    isolate->SetFatalErrorHandler(onFatalError);
    isolate->SetOOMErrorHandler(onOutOfMemory);
    isolate->AddNearHeapLimitCallback(onNearHeapLimit, this);

    const v8::HandleScope handles(isolate);
    const auto context = v8::Context::New(isolate);
    js->context_.Reset(isolate, context);
    const v8::Context::Scope scope(context);
    js->modules_ = &modules.emplace(*js, services.script.path, services.script.libraryPath);
    addTimers(*js, context->Global());
    for (const LazyGlobal& lazy : lazyGlobals())
      context->Global()
          ->SetLazyDataProperty(context, js->string(lazy.name), makeGlobal,
                                v8::External::New(isolate, const_cast<LazyGlobal*>(&lazy)), v8::DontEnum)
          .Check();

    struct sigaction action {};
    action.sa_handler = onInsist;
    ::sigaction(insistSignal, &action, nullptr);
    watch.emplace(services.limits.turnMs,
                  TurnWatch::Steps{[this] { isolate->RequestInterrupt(onOverdue, js.get()); },
                                   [this] {
                                     isolate->TerminateExecution();
                                     ::pthread_kill(scriptThread, insistSignal);
                                   },
                                   [] { ::kill(::getpid(), SIGKILL); }});
    js->turnWatch_ = &*watch;
    js->onFailure_ = [this](ScriptError error) {
      if (events.failure) events.failure(std::move(error));
    };
  }

  // The order is the story: first nobody may call the script any more, then what it held outside is closed,
  // then the handles V8 must not see afterwards go, then the isolate, whose end posts no more tasks, then its
  // task queue.
  ~Parts() {
    js->stopCallbacks();
    watch.reset();
    js->turnWatch_ = nullptr;
    {
      const v8::HandleScope handles(isolate);
      const std::vector<Wrapped*> objects(js->live().begin(), js->live().end());
      for (Wrapped* object : objects)
        object->close();
      for (Wrapped* object : objects)
        if (js->live().contains(object)) delete object;
    }
    js->pending_.reset();
    js->rejections_.clear();
    main.Reset();
    modules.reset();
    js->templates_.clear();
    js->context_.Reset();
    theScript = nullptr;
    isolate->Exit();
    engine.platform().detach();
    isolate->Dispose();
    engine.platform().detach();
  }

  static void onPromiseReject(v8::PromiseRejectMessage message) {
    Js& js = Js::of(message.GetPromise()->GetIsolate());
    auto& list = js.rejections_;
    if (message.GetEvent() == v8::kPromiseRejectWithNoHandler) {
      auto reason = message.GetValue();
      if (reason.IsEmpty()) reason = v8::Undefined(js.isolate());
      list.push_back({v8::Global<v8::Promise>(js.isolate(), message.GetPromise()),
                      v8::Global<v8::Value>(js.isolate(), reason)});
    } else if (message.GetEvent() == v8::kPromiseHandlerAddedAfterReject) {
      std::erase_if(list, [&](const auto& item) { return item.promise == message.GetPromise(); });
    }
  }

  // Exceptions that no C++ frame of ours sees: those of queueMicrotask() callbacks.
  static void onMessage(v8::Local<v8::Message> message, v8::Local<v8::Value> thrown) {
    Js& js = Js::of(message->GetIsolate());
    if (js.termination_.kind.empty()) js.fail(describe(js, "exception", thrown, message));
  }

  static void onOverdue(v8::Isolate* isolate, void* data) {
    Js& js = *static_cast<Js*>(data);
    if (js.turnWatch() == nullptr || !js.turnWatch()->overdue() || !js.termination_.kind.empty()) {
      isolate->SetPromiseHook(nullptr);
      return;
    }
    // Between two microtasks no JavaScript is on the stack. The next one that makes a promise, as every await
    // does, has its function there; one that makes none is met when TurnWatch asks again.
    if (currentStack(isolate).empty()) {
      isolate->SetPromiseHook(onPromiseWhileOverdue);
      return;
    }
    isolate->SetPromiseHook(nullptr);
    terminate(isolate, js, kindOfOverdue(js), textOfOverdue(js));
  }

  static void onPromiseWhileOverdue(v8::PromiseHookType, v8::Local<v8::Promise> promise,
                                    v8::Local<v8::Value>) {
    v8::Isolate* isolate = promise->GetIsolate();
    if (!currentStack(isolate).empty()) onOverdue(isolate, &Js::of(isolate));
  }

  static void terminate(v8::Isolate* isolate, Js& js, const char* kind, const std::string& message) {
    js.termination_ = {kind, message, currentStack(isolate), "", 0, 0};
    placeFromStack(js.termination_);
    isolate->TerminateExecution();
  }

  static std::size_t onNearHeapLimit(void* data, std::size_t current, std::size_t initial) {
    auto& parts = *static_cast<Parts*>(data);
    // In the middle of a collection nothing may be allocated, a stack trace neither: V8 comes back to us
    // after it.
    parts.isolate->RequestInterrupt(
        [](v8::Isolate* isolate, void* js) {
          Js& script = *static_cast<Js*>(js);
          if (script.termination_.kind.empty())
            terminate(isolate, script, "heap", "RangeError: heap limit of " + heapText(script) + " reached");
        },
        parts.js.get());
    return std::max(current, initial) + graceBytes;
  }

  static void onUnloaded(const v8::FunctionCallbackInfo<v8::Value>& info) {
    auto& parts = *static_cast<Parts*>(info.Data().As<v8::External>()->Value());
    if (const auto done = std::exchange(parts.unloaded, nullptr)) done();
  }

  static void onTested(const v8::FunctionCallbackInfo<v8::Value>& info) {
    auto& parts = *static_cast<Parts*>(info.Data().As<v8::External>()->Value());
    const int failed = info[0]->IsInt32() ? info[0].As<v8::Int32>()->Value() : 1;
    if (const auto done = std::exchange(parts.tested, nullptr)) done(failed);
  }

  static void makeGlobal(v8::Local<v8::Name> name, const v8::PropertyCallbackInfo<v8::Value>& info) {
    Js& js = Js::of(info.GetIsolate());
    const auto& lazy = *static_cast<const LazyGlobal*>(info.Data().As<v8::External>()->Value());
    try {
      const auto exports = js.modules().builtinNamespace(lazy.module);
      v8::Local<v8::Value> value;
      if (exports->Get(js.context(), name).ToLocal(&value)) info.GetReturnValue().Set(value);
    } catch (...) {
      throwToJs(js);
    }
  }

  Engine& engine;
  HostServices& services;
  Events events;
  std::function<void()> unloaded;
  std::function<void(std::optional<int>)> tested;
  pthread_t scriptThread;
  std::unique_ptr<v8::ArrayBuffer::Allocator> allocator;
  v8::Isolate* isolate = nullptr;
  std::unique_ptr<Js> js;
  std::optional<ModuleLoader> modules;
  v8::Global<v8::Module> main;
  std::optional<TurnWatch> watch;
};

ScriptIsolate::ScriptIsolate(Engine& engine, Loop& loop, HostServices& services, Events events)
    : parts_(std::make_unique<Parts>(engine, loop, services, std::move(events))) {}

ScriptIsolate::~ScriptIsolate() = default;

std::optional<ScriptError> ScriptIsolate::load() {
  Js& js = *parts_->js;
  const v8::HandleScope handles(js.isolate());
  const v8::Context::Scope scope(js.context());
  const v8::TryCatch caught(js.isolate());
  try {
    parts_->main.Reset(js.isolate(), js.modules().loadMain());
    return std::nullopt;
  } catch (...) {
    throwToJs(js);
  }
  ScriptError error = describe(js, "module", caught.Exception(), caught.Message());
  if (error.file.empty()) js.modules().placeFailedImport(error);
  if (error.file.empty()) error.file = parts_->services.script.path;
  js.modules().explainMissingExport(error);
  return error;
}

std::vector<std::pair<std::string, std::string>> ScriptIsolate::importedFiles() const {
  const auto& files = parts_->modules->imported();
  return {files.begin(), files.end()};
}

void ScriptIsolate::run() {
  Js& js = *parts_->js;
  const auto finish = [](const v8::FunctionCallbackInfo<v8::Value>& info) {
    auto& parts = *static_cast<Parts*>(info.Data().As<v8::External>()->Value());
    parts.engine.platform().keepLoopAlive(false);
    if (parts.events.running) parts.events.running();
  };
  // What top-level await waits for may be a task of V8's alone.
  parts_->engine.platform().keepLoopAlive(true);
  js.enter([&] {
    v8::Local<v8::Value> evaluated;
    if (!parts_->main.Get(js.isolate())->Evaluate(js.context()).ToLocal(&evaluated)) return;
    v8::Local<v8::Function> then;
    if (v8::Function::New(js.context(), finish, v8::External::New(js.isolate(), parts_.get()))
            .ToLocal(&then)) {
      v8::Local<v8::Promise> chained;
      if (!evaluated.As<v8::Promise>()->Then(js.context(), then).ToLocal(&chained)) return;
    }
  });
}

void ScriptIsolate::runTests(std::function<void(std::optional<int>)> done) {
  Js& js = *parts_->js;
  auto& runner = js.single<TestRunner>().run();
  if (!runner) {
    done(std::nullopt);
    return;
  }
  parts_->tested = std::move(done);
  js.enter([&] {
    const auto promise = runner.callForPromise(js);
    v8::Local<v8::Function> finish;
    v8::Local<v8::Promise> chained;
    if (!v8::Function::New(js.context(), Parts::onTested, v8::External::New(js.isolate(), parts_.get()))
             .ToLocal(&finish) ||
        !promise->Then(js.context(), finish).ToLocal(&chained))
      throw PendingException{};
  });
}

void ScriptIsolate::unload(std::function<void()> done) {
  Js& js = *parts_->js;
  js.beginUnload();
  auto& hook = js.single<UnloadHook>().hook();
  if (!hook) {
    done();
    return;
  }
  parts_->unloaded = std::move(done);
  js.enter([&] {
    const auto promise = hook.callForPromise(js);
    v8::Local<v8::Function> finish;
    v8::Local<v8::Promise> chained;
    if (!v8::Function::New(js.context(), Parts::onUnloaded, v8::External::New(js.isolate(), parts_.get()))
             .ToLocal(&finish) ||
        !promise->Then(js.context(), finish, finish).ToLocal(&chained))
      throw PendingException{};
  });
}

std::size_t ScriptIsolate::heapBytes() const {
  v8::HeapStatistics statistics;
  parts_->isolate->GetHeapStatistics(&statistics);
  return statistics.used_heap_size();
}

}  // namespace deskd
