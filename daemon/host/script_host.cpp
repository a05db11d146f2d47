// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/script_host.h"

#include <sys/socket.h>

#include <cstdint>
#include <exception>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "bindings/isolate.h"
#include "daemon/host/device_nodes.h"
#include "daemon/host/guard_client.h"
#include "daemon/host/process_limits.h"
#include "daemon/host/sandbox.h"
#include "daemon/host/wire_bus.h"
#include "daemon/host/wire_storage.h"
#include "daemon/wire/channel.h"

namespace deskd {
namespace {

// After a failure the unload handlers get this long, all together: what they stop is worth a moment, and no
// more.
constexpr Milliseconds unloadAfterFailure(150);

// The supervisor may have to wait for a processor before it reads them.
constexpr Milliseconds lastWords(1000);
// What scripts say may be of any length; a message to the supervisor may not.
constexpr std::size_t mostText = 16 * 1024;
constexpr std::size_t mostPath = 4 * 1024;

std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80)
    --most;  // not inside a character
  text.resize(most);
  return text + "... (cut)";
}

wire::Failed toWire(const ScriptError& error) {
  return {error.kind,
          cut(error.message, mostText),
          cut(error.stack, mostText),
          cut(error.file, mostPath),
          error.line,
          error.column};
}

template <class... T>
struct Overloaded : T... {
  using T::operator()...;
};
template <class... T>
Overloaded(T...) -> Overloaded<T...>;

std::string serialPath(const wire::Fields& paths, const std::string& wanted) {
  for (const auto& [path, there] : paths) {
    const bool begins = path.ends_with('*') && wanted.starts_with(path.substr(0, path.size() - 1));
    if (begins || path == wanted) return there.empty() ? wanted : there;
  }
  return wanted;
}

// A simulated board has serial ports on pseudo-terminals, and all else behind its socket.
std::vector<std::string> devicesFor(const wire::Load& order) {
  if (!order.boardPath.empty()) return {"/dev/pts"};
  return deviceNodes({order.lines, order.i2c, order.serial});
}

class ScriptHost {
 public:
  ScriptHost(Engine& engine, UniqueFd supervisor)
      : engine_(engine),
        bus_([this](const wire::Any& message) { return channel_.post(message); }),
        storage_([this](const wire::Any& message) { return channel_.post(message); }),
        guard_(loop_),
        giveUp_(loop_, [this] { end(); }),
        channel_(loop_, std::move(supervisor),
                 {[this](wire::Any&& message) { receive(std::move(message)); },
                  [this](const std::string&) { end(); },
                  [this](wire::Any&& message, UniqueFd&& descriptor) {
                    if (std::holds_alternative<wire::GuardSocket>(message))
                      guard_.connect(std::move(descriptor));
                    else
                      receive(std::move(message));
                  }}) {}

  int run() {
    loop_.run();
    guard_.disconnect();  // what moves does not wait for words
    channel_.flush(lastWords);
    if (lostLines_ > 0 && channel_.post(wire::LostLines{lostLines_})) channel_.flush(lastWords);
    isolate_.reset();
    return exitCode_;
  }

 private:
  void receive(wire::Any&& message) {
    std::visit(
        Overloaded{[this](wire::Load& load) { this->load(load); }, [this](wire::Run&) { isolate_->run(); },
                   [this](wire::Unload& unload) { this->unload(Milliseconds(unload.timeoutMs)); },
                   [this](wire::Connection& change) { bus_.receive(change); },
                   [this](wire::Message& arrived) { bus_.receive(std::move(arrived)); },
                   [this](wire::Result& result) { bus_.receive(result); },
                   [this](wire::Command& command) { bus_.receive(command); },
                   [this](wire::StorageAnswer& answer) { storage_.receive(std::move(answer)); },
                   [this](auto&) { end(); }},
        message);
  }

  void load(const wire::Load& order) {
    try {
      prepare(order);
    } catch (const std::exception& error) {
      return refuse({"process", std::string("cannot set up its process: ") + error.what(), "", "", 0, 0});
    }
    const auto error = isolate_->load();
    tellImports(isolate_->importedFiles());
    if (error)
      refuse(*error);
    else
      channel_.post(wire::Loaded{});
  }

  void refuse(const ScriptError& error) {
    exitCode_ = 1;
    channel_.post(toWire(error));
    end();
  }

  void prepare(const wire::Load& order) {
    setProcessName("deskd:" + order.name);
    applyProcessLimits({order.memoryMib, order.handles, order.nice, order.oomScore}, order.supervisorPid);
    enterSandbox({order.path, order.libraryPath, order.boardPath, devicesFor(order)});
    services_.emplace(HostServices{
        {order.name, order.path, order.libraryPath, order.settingsJson, order.simulated, order.boardPath},
        {static_cast<int>(order.turnMs), static_cast<int>(order.heapMib), static_cast<int>(order.cpuPercent),
         static_cast<int>(order.handles)},
        bus_,
        bus_,
        guard_,
        storage_,
        [this](LogRecord record) { log(std::move(record)); },
        // Straight to the socket: the queue and its memory may be what has failed.
        [socket = channel_.fd()](const ScriptError& error) {
          const auto datagram = wire::encode(toWire(error));
          [[maybe_unused]] const auto sent =
              ::send(socket, datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        },
        [paths = order.serialPaths](const std::string& wanted) { return serialPath(paths, wanted); },
        lazyBoard(order.boardPath)});
    services_->grants = {order.lines, order.i2c, order.serial};
    bus_.receive(wire::Connection{order.connected});
    isolate_.emplace(engine_, loop_, *services_,
                     ScriptIsolate::Events{[this] { channel_.post(wire::Running{}); },
                                           [this](const ScriptError& error) { fail(error); }});
  }

  void tellImports(wire::Fields files) {
    constexpr std::size_t most = wire::maxMessageBytes / 2;
    std::size_t bytes = 0;
    std::size_t told = 0;
    const auto bytesOf = [](const auto& file) {
      return file.first.size() + file.second.size() + 2 * sizeof(std::uint32_t);
    };
    while (told < files.size() && bytes + bytesOf(files[told]) < most)
      bytes += bytesOf(files[told++]);
    if (told < files.size())
      log({Priority::warning,
           std::to_string(files.size() - told) + " of the imported files are not watched, ignoring",
           {}});
    files.resize(told);
    channel_.post(wire::Imports{std::move(files)});
  }

  void log(LogRecord record) {
    for (auto& [name, value] : record.fields)
      value = cut(std::move(value), mostPath);
    if (lostLines_ > 0 && channel_.post(wire::LostLines{lostLines_})) lostLines_ = 0;
    if (!channel_.post(wire::Log{static_cast<std::uint8_t>(record.priority),
                                 cut(std::move(record.text), mostText), std::move(record.fields)}))
      ++lostLines_;
  }

  // The script is over. Its handlers still get a moment to stop what they started; then the process ends. A
  // failure while they run changes neither.
  void fail(const ScriptError& error) {
    if (exitCode_ != 0) return logFailure(error);
    exitCode_ = 1;
    channel_.post(toWire(error));
    if (unloading_) return;
    // Not from here: the failure is reported from inside a turn of the script.
    afterFailure_.emplace(loop_, [this] { unload(unloadAfterFailure); });
    afterFailure_->start(Milliseconds(0));
  }

  // The supervisor has been told of one failure already; the others are for the journal.
  void logFailure(const ScriptError& error) {
    std::string text = "while unloading: " + cut(error.message, mostText / 2);
    std::istringstream frames(cut(error.stack, mostText / 4));
    for (std::string frame; std::getline(frames, frame);)
      text += "\n    " + frame;
    log({Priority::error, text + "\n    ignoring", {}});
  }

  void unload(Milliseconds timeout) {
    if (unloading_) return;
    unloading_ = true;
    if (!isolate_) return end();
    giveUp_.start(timeout);
    isolate_->unload([this] {
      channel_.post(wire::Unloaded{});
      end();
    });
  }

  void end() { loop_.stop(); }

  Engine& engine_;
  Loop loop_;
  WireBus bus_;
  WireStorage storage_;
  GuardClient guard_;
  Timer giveUp_;
  wire::Channel channel_;
  std::optional<Timer> afterFailure_;
  std::optional<HostServices> services_;
  std::optional<ScriptIsolate> isolate_;  // last: goes before what it uses
  int exitCode_ = 0;
  std::uint64_t lostLines_ = 0;
  bool unloading_ = false;
};

}  // namespace

int runScriptHost(Engine& engine, UniqueFd supervisor) {
  ScriptHost host(engine, std::move(supervisor));
  return host.run();
}

}  // namespace deskd
