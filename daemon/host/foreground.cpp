// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/foreground.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "bindings/isolate.h"
#include "bindings/memory_storage.h"
#include "daemon/host/guard_client.h"
#include "daemon/host/wire_bus.h"

namespace deskd {
namespace {

// A handler may have lost its way; nobody else ends this process.
constexpr Milliseconds longestUnload(5000);

void print(const ScriptError& error) {
  std::string text = error.message + "\n";
  if (!error.stack.empty())
    text += error.stack + "\n";
  else if (!error.file.empty() && error.line > 0)
    text += "at " + error.file + ":" + std::to_string(error.line) + ":" + std::to_string(error.column) + "\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

// As settings' mistakes are printed, so that editors find the place: "FILE:LINE:COLUMN: what".
void printPlaced(const ScriptError& error) {
  std::string place = error.file;
  if (error.line > 0) place += ":" + std::to_string(error.line) + ":" + std::to_string(error.column);
  std::fprintf(stderr, "%s: %s\n", place.c_str(), error.message.c_str());
}

void printLog(const LogRecord& record) {
  std::FILE* to = record.priority <= Priority::warning ? stderr : stdout;
  std::fputs((record.text + "\n").c_str(), to);
  std::fflush(to);
}

// Ports of the simulated board lie beside its socket.
std::function<std::string(const std::string&)> serialPaths(const ScriptInfo& script,
                                                           const std::string& serialPort) {
  return [board = script.boardPath + ".", serialPort](const std::string& path) {
    return serialPort.empty() || path.starts_with(board) ? path : serialPort;
  };
}

// What the end of a test's cases means for the exit code. Nothing: there were none.
int exitCodeOfTests(const std::string& path, std::optional<int> failed) {
  if (!failed) std::fprintf(stderr, "%s: expected test cases of deskd:test, found none\n", path.c_str());
  return failed == 0 ? 0 : 1;
}

}  // namespace

int runForeground(Engine& engine, const ScriptInfo& script, const ScriptLimits& limits,
                  const std::string& serialPort) {
  Loop loop;
  int exitCode = 0;
  // Nobody at the other end: every request to the broker is refused.
  WireBus* bus = nullptr;
  WireBus offline([&](const wire::Any& message) {
    const auto refuse = [&](std::uint32_t request) {
      bus->receive(wire::Result{request, "ERR_OFFLINE", "not connected to a broker"});
    };
    if (const auto* publish = std::get_if<wire::Publish>(&message)) refuse(publish->request);
    if (const auto* subscribe = std::get_if<wire::Subscribe>(&message)) refuse(subscribe->request);
    return true;
  });
  bus = &offline;
  NoGuard noGuard;
  MemoryStorage storage(loop);
  HostServices services{script,
                        limits,
                        offline,
                        offline,
                        noGuard,
                        storage,
                        printLog,
                        print,
                        serialPaths(script, serialPort),
                        lazyBoard(script.boardPath)};
  std::optional<ScriptIsolate> isolate;
  bool unloading = false;
  bool running = false;
  Timer giveUp(loop, [&] { loop.stop(); });
  giveUp.unref();
  const auto unload = [&] {
    unloading = true;
    giveUp.start(longestUnload);
    isolate->unload([&] { loop.stop(); });
  };
  // Whoever asks a second time does not want to wait for the handlers.
  const auto interrupted = [&] { unloading ? loop.stop() : unload(); };
  // Not from inside the turn that failed.
  Timer afterFailure(loop, [&] {
    if (!unloading) unload();
  });
  // Not from inside the turn in which the last case ended, or the script's top level.
  Timer afterTests(loop, [&] {
    if (!unloading) unload();
  });
  const auto tested = [&](std::optional<int> failed) {
    if (exitCodeOfTests(script.path, failed) != 0) exitCode = 1;
    afterTests.start(Milliseconds(0));
  };
  Timer beginTests(loop, [&] { isolate->runTests(tested); });
  isolate.emplace(engine, loop, services,
                  ScriptIsolate::Events{[&] {
                                          running = true;
                                          if (script.testing) beginTests.start(Milliseconds(0));
                                        },
                                        [&](const ScriptError& error) {
                                          print(error);
                                          exitCode = 1;
                                          if (!unloading) afterFailure.start(Milliseconds(0));
                                        }});
  Signal interrupt(loop, SIGINT, interrupted);
  Signal terminate(loop, SIGTERM, interrupted);
  interrupt.unref();
  terminate.unref();
  if (const auto error = isolate->load()) {
    print(*error);
    exitCode = 1;
  } else {
    isolate->run();
    loop.run();
    if (exitCode == 0 && !running && !unloading) {
      print({"exception", "the script's top level waits for something that never comes", "", script.path, 1,
             1});
      exitCode = 1;
    }
    if (!unloading) {
      unload();
      loop.run();
    }
  }
  isolate.reset();
  return exitCode;
}

int checkScript(Engine& engine, const ScriptInfo& script, const ScriptLimits& limits) {
  Loop loop;
  WireBus nowhere([](const wire::Any&) { return false; });
  NoGuard noGuard;
  MemoryStorage storage(loop);
  HostServices services{script,  limits,   nowhere, nowhere, noGuard,
                        storage, printLog, print,   nullptr, lazyBoard("")};
  ScriptIsolate isolate(engine, loop, services, {});
  const auto error = isolate.load();
  if (error) printPlaced(*error);
  return error ? 1 : 0;
}

}  // namespace deskd
