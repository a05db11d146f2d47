// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "daemon/deskd/restart_policy.h"
#include "daemon/deskd/script_ledger.h"
#include "daemon/deskd/script_process.h"
#include "hal/base/log.h"

namespace deskd {

enum class ScriptState { stopped, starting, running, waiting, stopping, quarantined, disabled };

// Who wants a script to start. A person, or a file that has changed, also ends a quarantine.
enum class StartReason { again, changed, asked };

// One script of the directory over all its versions: at most one process that runs, and beside it at most one
// candidate, which has compiled and waits for the other to leave. A new version that does not compile changes
// nothing.
class Script {
 public:
  struct Context {
    Loop& loop;
    Reaper& reaper;
    Zygote& zygote;
    GuardLink& guard;
    ScriptLedger& ledger;
    std::function<double()> random;
    std::function<std::uint64_t()> nextProcessId;
    // Of the version to load now: path, settings, limits. Throws SettingsError.
    std::function<wire::Load(std::uint64_t process)> load;
    std::function<void(Script&)> stateChanged;
    std::function<void(Script&, std::uint64_t process, wire::Any&&)> message;
    // What the process held outside goes now. `gone`: the script itself was removed.
    std::function<void(std::uint64_t process, bool gone)> processEnded;
    std::function<void(Script&)> errorChanged;
  };
  static constexpr Milliseconds unloadTimeout{2000};

  Script(std::string name, Context context);

  const std::string& name() const { return name_; }
  ScriptState state() const { return state_; }
  // Since when, in microseconds of the wall clock.
  std::uint64_t sinceUs() const { return sinceUs_; }
  // The last failure with its place, "" if there was none since the script was last changed or asked for.
  const std::string& lastError() const { return lastError_; }
  int restarts() const { return restarts_; }
  int pid() const { return current_ ? current_->pid() : 0; }
  // Number of the process that runs, 0 if none does.
  std::uint64_t process() const { return current_ ? current_->id() : 0; }

  // Loads the version that is on disk now, beside the one that runs; nothing if the script is in quarantine
  // or turned off.
  void start(StartReason reason = StartReason::again);
  // Ends it in order and leaves it so, until a person or a change of its file starts it.
  void hold(ScriptState as, const std::string& why);
  // Ends it in order; `stopped` is called when its processes are gone. `gone`: the file was removed.
  void stop(bool gone, std::function<void()> stopped);
  // Of the process that runs, if it has this number.
  bool post(std::uint64_t process, const wire::Any& message);
  // The least urgent of its messages that are logged; if not set, the same as everybody's.
  std::optional<Priority> logLevel() const { return logLevel_; }
  void setLogLevel(Priority least) { logLevel_ = least; }
  // To all its processes.
  void broadcast(const wire::Any& message);

 private:
  void candidateLoaded();
  void dropCandidate();
  void candidateEnded(std::optional<wire::Failed> failure);
  void candidateFailed(const wire::Failed& failure);
  void promote();
  void currentEnded(std::optional<wire::Failed> failure);
  void report(const wire::Failed& failure, const std::string& consequence);
  void retryLater(const wire::Failed& failure);
  void setState(ScriptState state);
  void setError(std::string text);
  ScriptProcess::Handlers handlersFor(std::uint64_t process);
  void finishStop();
  void finishHold();
  void quarantine(const std::string& why);

  const std::string name_;
  Context context_;
  ScriptState state_ = ScriptState::stopped;
  std::uint64_t sinceUs_;
  RestartPolicy policy_;
  std::string lastError_;
  bool forgetError_ = false;  // once the process that starts now runs
  std::optional<Priority> logLevel_;
  int restarts_ = 0;
  bool stopping_ = false;
  bool gone_ = false;
  std::function<void()> stopped_;
  std::unique_ptr<ScriptProcess> current_;
  std::unique_ptr<ScriptProcess> candidate_;
  bool candidateReady_ = false;
  // Of the version that was to replace one which is already leaving.
  std::optional<wire::Failed> candidateFailure_;
  Timer retry_;
  Timer healthy_;
  std::optional<ScriptState> held_;  // while it ends for hold(): what it is then
  bool kept_ = false;                // by hold()
};

const char* nameOf(ScriptState state);

// A line of the log that is about a script.
LogRecord aboutScript(const std::string& script, Priority priority, std::string text);

}  // namespace deskd
