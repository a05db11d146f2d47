// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <v8.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "bindings/engine.h"
#include "bindings/isolate.h"
#include "bindings/memory_storage.h"
#include "hal/base/loop.h"

namespace deskd {

// The broker and the hub of a script under test: what it asked for is kept, and the test answers.
struct FakeBus final : MessageBus, HubPort {
  struct Subscription {
    std::string filter;
    OnMessage onMessage;
  };
  bool connectedNow = false;
  std::function<void(bool)> connectionChanged;
  std::vector<std::pair<std::string, Bytes>> published;
  std::vector<Done> pending;
  std::map<std::uint32_t, Subscription> subscriptions;
  std::uint32_t last = 0;
  std::function<void(std::string, std::string)> command;
  std::vector<std::string> hubCalls;

  bool connected() const override { return connectedNow; }
  void onConnection(std::function<void(bool)> changed) override { connectionChanged = std::move(changed); }
  void publish(std::string topic, Bytes payload, int, bool, Done done) override {
    published.emplace_back(std::move(topic), std::move(payload));
    pending.push_back(std::move(done));
  }
  std::uint32_t subscribe(std::string filter, int, OnMessage onMessage, Done done) override {
    subscriptions[++last] = {std::move(filter), std::move(onMessage)};
    pending.push_back(std::move(done));
    return last;
  }
  void unsubscribe(std::uint32_t subscription) override { subscriptions.erase(subscription); }

  void device(std::string json) override { hubCalls.push_back("device " + json); }
  void declare(std::string property, std::string component, std::string config, bool, bool) override {
    hubCalls.push_back("declare " + property + " " + component + " " + config);
  }
  void remove(std::string property) override { hubCalls.push_back("remove " + property); }
  void state(std::string property, std::string value) override {
    hubCalls.push_back("state " + property + " " + value);
  }
  void attributes(std::string json) override { hubCalls.push_back("attributes " + json); }
  void event(std::string property, std::string json) override {
    hubCalls.push_back("event " + property + " " + json);
  }
  void error(std::string property, std::string json) override {
    hubCalls.push_back("error " + property + " " + json);
  }
  void available(bool is) override { hubCalls.push_back(is ? "available" : "unavailable"); }
  void onCommand(std::function<void(std::string, std::string)> handler) override {
    command = std::move(handler);
  }
};

// Answers at once, and remembers what it was asked.
class FakeGuard final : public GuardPort {
 public:
  std::vector<std::string> calls;
  std::deque<Outcome> answers;  // to the next requests; after them all goes well
  bool there = true;
  std::map<Output, Ended> ended;

  bool available() const override { return there; }
  Output declare(MotionOutputOptions options, Ended whenEnded, Done done) override {
    calls.push_back("declare " + options.line + " safe=" + std::to_string(options.safe) +
                    " lease=" + std::to_string(options.leaseMs) +
                    " maxOn=" + std::to_string(options.maxOnMs) + " rest=" + std::to_string(options.restMs));
    return finish(std::move(whenEnded), done);
  }
  Output declare(FailsafeOptions options, Ended whenEnded, Done done) override {
    calls.push_back("failsafe " + options.path + " " + std::to_string(options.bytes.size()) +
                    " lease=" + std::to_string(options.leaseMs));
    return finish(std::move(whenEnded), done);
  }
  void interlock(std::vector<Output> outputs, std::uint32_t deadTimeMs, Done done) override {
    std::string text = "interlock";
    for (const Output output : outputs)
      text += " " + std::to_string(output);
    calls.push_back(text + " dead=" + std::to_string(deadTimeMs));
    done(answer());
  }
  void drive(Output output, bool on, std::uint32_t, std::uint32_t pulseMs, Done done) override {
    calls.push_back("drive " + std::to_string(output) + (on ? " on" : " off") +
                    (pulseMs > 0 ? " pulse=" + std::to_string(pulseMs) : ""));
    done(answer());
  }
  void renew(Output output) override { calls.push_back("renew " + std::to_string(output)); }
  void forget(Output output) override {
    calls.push_back("forget " + std::to_string(output));
    ended.erase(output);
  }
  void reopened(Output output) override { calls.push_back("reopened " + std::to_string(output)); }

 private:
  Outcome answer() {
    if (answers.empty()) return {};
    Outcome first = std::move(answers.front());
    answers.pop_front();
    return first;
  }
  Output finish(Ended whenEnded, const Done& done) {
    ended[++last_] = std::move(whenEnded);
    done(answer());
    return last_;
  }
  Output last_ = 0;
};

// Stores of the script that runs, as long as its loop is there.
struct LoopStorage final : StoragePort {
  std::optional<MemoryStorage> stores;

  void get(bool shared, std::string key, Answered answered) override {
    stores->get(shared, std::move(key), std::move(answered));
  }
  void keys(bool shared, std::string prefix, std::string after, Answered answered) override {
    stores->keys(shared, std::move(prefix), std::move(after), std::move(answered));
  }
  void apply(bool shared, StorageChanges changes, Answered answered) override {
    stores->apply(shared, std::move(changes), std::move(answered));
  }
  void flush(bool shared, Answered answered) override { stores->flush(shared, std::move(answered)); }
};

// Runs scripts in isolates of this process, one after another. V8 starts once for all tests. With
// DESKD_FORCE_GC in the environment everything that is let go of is collected at once: before each call into
// JavaScript, at each line that is logged, in each turn of the loop.
class ScriptTest : public testing::Test {
 protected:
  static Engine& engine() {
    [[maybe_unused]] static const bool flagged = [] {
      if (forceGc()) v8::V8::SetFlagsFromString("--expose-gc --stress-compaction");
      return true;
    }();
    static Engine one;
    return one;
  }

  static bool forceGc() {
    static const bool wanted = std::getenv("DESKD_FORCE_GC") != nullptr;
    return wanted;
  }
  static void collectNow(v8::Isolate* isolate) {
    isolate->RequestGarbageCollectionForTesting(v8::Isolate::kFullGarbageCollection);
  }

  ScriptTest() {
    std::string name = (std::filesystem::temp_directory_path() / "deskd-script-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    services_.script.name = "test";
    services_.script.path = path("test.js");
  }
  ~ScriptTest() override {
    close();
    std::filesystem::remove_all(directory_);
  }

  std::string path(const std::string& file) const { return directory_ + "/" + file; }
  void write(const std::string& file, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path(file)).parent_path());
    std::ofstream(path(file)) << text;
  }

  // Loads and evaluates test.js; then the loop runs as long as the script keeps it going, or until it fails.
  void run(const std::string& source) {
    write("test.js", source);
    open();
    if (loadError_) return;
    isolate_->run();
    loop_->run();
  }
  void open() {
    close();
    loop_.emplace();
    storage_.stores.emplace(*loop_);
    failure_.reset();
    unloadFailures_.clear();
    unloading_ = false;
    logged_.clear();
    running_ = false;
    isolate_.emplace(engine(), *loop_, services_,
                     ScriptIsolate::Events{[this] { running_ = true; },
                                           [this](const ScriptError& error) { failed(error); }});
    if (forceGc()) {
      auto* const isolate = v8::Isolate::GetCurrent();
      isolate->AddBeforeCallEnteredCallback(collectNow);
      everyTurn_.emplace(*loop_, [isolate] { collectNow(isolate); });
      everyTurn_->unref();
    }
    loadError_ = isolate_->load();
    imported_.clear();
    for (const auto& [file, signature] : isolate_->importedFiles())
      imported_.push_back(file);
  }
  // Runs the unload handlers, and the loop until they have ended; false if they never do.
  bool unload(Milliseconds limit = Milliseconds(10'000)) {
    unloading_ = true;
    bool done = false;
    Timer giveUp(*loop_, [this] { loop_->stop(); });
    giveUp.start(limit);
    isolate_->unload([&] {
      done = true;
      loop_->stop();
    });
    if (!done) loop_->run();
    return done;
  }
  void failed(const ScriptError& error) {
    if (unloading_) return unloadFailures_.push_back(error.message);
    failure_ = error;
    loop_->stop();
  }
  // The teardown that the host does: after it nothing of the script may be left on the loop.
  void close() {
    everyTurn_.reset();
    isolate_.reset();
    storage_.stores.reset();
    if (!loop_) return;
    EXPECT_EQ(loop_->close(), 0) << "handles are left open";
    loop_.reset();
  }

  std::string directory_;
  FakeBus bus_;
  FakeGuard guard_;
  LoopStorage storage_;
  std::vector<std::string> logged_;
  std::string boardPath_;
  std::unique_ptr<Board> board_;
  HostServices services_{{},
                         {},
                         bus_,
                         bus_,
                         guard_,
                         storage_,
                         [this](const LogRecord& record) {
                           logged_.push_back(record.text);
                           if (forceGc()) collectNow(v8::Isolate::GetCurrent());
                         },
                         [](const ScriptError&) {},
                         [](const std::string& wanted) { return wanted; },
                         [this]() -> Board& {
                           if (!board_) board_ = makeSimBoard(boardPath_);
                           return *board_;
                         }};
  std::optional<Loop> loop_;
  std::optional<Prepare> everyTurn_;
  std::optional<ScriptIsolate> isolate_;
  std::optional<ScriptError> loadError_;
  std::vector<std::string> imported_;
  std::optional<ScriptError> failure_;
  std::vector<std::string> unloadFailures_;
  bool unloading_ = false;
  bool running_ = false;
};

}  // namespace deskd
