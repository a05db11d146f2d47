// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/supervisor.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <filesystem>
#include <set>

#include "daemon/deskd/check.h"
#include "daemon/deskd/secret.h"
#include "hal/base/error.h"
#include "hal/base/log.h"

namespace deskd {
namespace {

// systemd waits for READY: a script whose top level takes longer does not hold it up.
constexpr Milliseconds longestStart(10000);
// Scripts are there by then, if only as files: what others had announced is cleared.
constexpr Milliseconds staleAfter(60000);
// All of an orderly stop: unloading scripts, telling the broker, closing the connection.
constexpr Milliseconds longestStop(6000);
// A script declares its entities one by one.
constexpr Milliseconds entitiesSettle(50);
constexpr int hostNice = 5;
constexpr int hostOomScore = 300;

std::uint64_t wallClockUs() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

}  // namespace

Supervisor::Supervisor(Loop& loop, const Options& options, Settings settings)
    : loop_(loop),
      options_(options),
      settings_(std::move(settings)),
      randomBits_(std::random_device()()),
      notify_(loop),
      reaper_(loop),
      zygote_(loop, reaper_),
      guard_(loop, reaper_),
      ledger_(statePath("scripts.json"), [] { return static_cast<std::int64_t>(::time(nullptr)); }),
      boots_(statePath("boots")),
      link_([&]() -> std::unique_ptr<MqttLink> {
        if (!settings_.mqtt.enabled()) return std::make_unique<NoBroker>(loop);
        MqttClientOptions client;
        client.settings = settings_.mqtt;
        client.clientId =
            settings_.mqtt.clientId.empty() ? "deskd-" + settings_.node : settings_.mqtt.clientId;
        client.password = mqttPassword(settings_.mqtt);
        client.will = Hub::will(settings_.mqtt.prefix, settings_.node);
        client.random = [this] { return std::uniform_real_distribution<>()(randomBits_); };
        auto made = std::make_unique<MqttClient>(
            loop, std::move(client),
            MqttClientHandlers{[this] { brokerConnected(); },
                               [this](const std::string& why) { brokerLost(why); },
                               [this](const MqttMessage& message) {
                                 messages_.received(message);
                                 router_.received(message);
                               }});
        client_ = made.get();
        return made;
      }()),
      messages_(*link_, wallClockUs),
      cache_(messages_),
      router_(
          messages_, cache_,
          [this](MqttOwner owner, SubscriptionId id, const MqttMessage& message) {
            switchboard_.deliver(owner, id, message);
          },
          [&loop] { return loop.nowMs(); }),
      hub_(loop, messages_, router_,
           HubOptions{.node = settings_.node,
                      .prefix = settings_.mqtt.prefix,
                      .discoveryPrefix = settings_.mqtt.discoveryPrefix,
                      .discovery = settings_.mqtt.discovery,
                      .version = DESKD_VERSION,
                      .stateDirectory = std::filesystem::is_directory(settings_.stateDirectory)
                                            ? settings_.stateDirectory
                                            : "",
                      .random = [this] { return std::uniform_real_distribution<>()(randomBits_); }},
           [this](MqttOwner owner, const std::string& property, const std::string& payload) {
             switchboard_.command(owner, property, payload);
           }),
      storage_(loop, statePath("storage"),
               [this](std::uint64_t process, const wire::StorageAnswer& answer) {
                 switchboard_.send(process, answer);
               }),
      claims_([this](const std::string& script) -> std::optional<std::string> {
        if (!directory_) return std::nullopt;  // deskd stops
        return scriptDevice(directory_->settingsPath(script), script);
      }),
      switchboard_(loop, router_, hub_, storage_, claims_,
                   {[this](const std::string& name) {
                      const auto found = scripts_.find(name);
                      return found == scripts_.end() ? nullptr : found->second.get();
                    },
                    [this](const std::string& name, const wire::Fields& files) {
                      if (directory_) directory_->setImports(name, files);
                    },
                    [this](const std::string& name) { entitiesChanged(name); }}),
      readyAnyway_(loop, [this] { becomeReady(); }),
      stale_(loop, [this] { clearStale(); }),
      giveUp_(loop, [this] { finish(); }),
      later_(loop, [this] { removed_.clear(); }),
      tellEntities_(loop, [this] { tellEntities(); }),
      manager_(managedParts()) {
  if (options_.bus != "none") bus_.emplace(loop_, options_.bus, manager_);
  for (const int number : {SIGTERM, SIGINT})
    signals_.push_back(std::make_unique<Signal>(loop, number, [this] { stop(); }));
  signals_.push_back(std::make_unique<Signal>(loop, SIGHUP, [this] { reload(); }));
}

Supervisor::~Supervisor() {
  if (privateDirectory_.empty()) return;
  simulator_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(privateDirectory_, ignored);
}

int Supervisor::run() {
  log(Priority::info, std::string("deskd ") + DESKD_VERSION + " starts, node " + settings_.node + ", " +
                          (client_ != nullptr ? "broker " + settings_.mqtt.url : "no broker"));
  if (!std::filesystem::is_directory(settings_.stateDirectory))
    log(Priority::warning,
        settings_.stateDirectory + " is no directory: nothing is remembered for the next start");
  if (boots_.tooMany())
    log(Priority::error, "safe mode: " + safeMode() +
                             "; no script is started until its file changes, by \"deskctl start NAME\", or "
                             "when deskd is restarted");
  boots_.begin();
  if (client_ != nullptr) client_->start();
  if (bus_) bus_->start();
  readyAnyway_.start(longestStart);
  stale_.start(staleAfter);
  if (options_.simulate) {
    simulator_.emplace(loop_, reaper_, privateDirectory(), [this] { startGuard(); });
  } else {
    startGuard();
  }
  loop_.run();
  return 0;
}

const std::string& Supervisor::privateDirectory() {
  if (!privateDirectory_.empty()) return privateDirectory_;
  const char* given = std::getenv("RUNTIME_DIRECTORY");
  std::string path = std::string(given != nullptr ? given : "/tmp") + "/deskd-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) throwErrno("create", path);
  privateDirectory_ = path;
  return privateDirectory_;
}

// Empty if nothing is remembered for the next start.
std::string Supervisor::statePath(const std::string& file) const {
  return std::filesystem::is_directory(settings_.stateDirectory) ? settings_.stateDirectory + "/" + file : "";
}

// Where it is found again after a crash, if there is such a place.
std::string Supervisor::outputsPath() {
  if (const char* given = std::getenv("RUNTIME_DIRECTORY")) return std::string(given) + "/outputs";
  if (std::filesystem::is_directory(settings_.stateDirectory)) return settings_.stateDirectory + "/outputs";
  return privateDirectory() + "/outputs";
}

// Before any script runs, what an earlier run of deskd may have left on is made safe.
void Supervisor::startGuard() {
  GuardLink::Options options;
  options.outputsPath = outputsPath();
  options.boardPath = boardPath();
  options.changed = [this] { updateStatus(); };
  guard_.start(std::move(options), [this] { startScripts(); });
}

void Supervisor::startScripts() {
  if (stopping_) return;
  directory_.emplace(loop_, settings_.scriptsDirectory,
                     ScriptDirectory::Handlers{[this](const std::string& name) { addScript(name); },
                                               [this](const std::string& name) {
                                                 const auto found = scripts_.find(name);
                                                 if (found != scripts_.end())
                                                   found->second->start(StartReason::changed);
                                               },
                                               [this](const std::string& name) { removeScript(name); }});
  if (!boots_.tooMany()) beginAttempts();
  directory_->scan();
  if (scripts_.empty() || boots_.tooMany()) becomeReady();
}

// Of all scripts at once: each would be a wait for the disk.
void Supervisor::beginAttempts() {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(settings_.scriptsDirectory, error)) {
    const std::string name = ScriptDirectory::nameOf(entry.path().filename().string());
    if (!name.empty() && !ledger_.disabled(name) && !ledger_.quarantine(name)) names.push_back(name);
  }
  ledger_.begin(names);
}

void Supervisor::addScript(const std::string& name) {
  if (stopping_ || scripts_.contains(name))
    return;  // removeScript() adds it again once the last one has left
  Script::Context context{loop_,
                          reaper_,
                          zygote_,
                          guard_,
                          ledger_,
                          [this] { return std::uniform_real_distribution<>()(randomBits_); },
                          [this, name] { return switchboard_.add(name); },
                          [this, name](std::uint64_t process) { return loadOrder(name, process); },
                          [this](Script& script) { scriptChanged(script); },
                          [this](Script& script, std::uint64_t process, wire::Any&& message) {
                            switchboard_.fromHost(script, process, std::move(message));
                          },
                          [this](std::uint64_t process, bool) { switchboard_.ended(process); },
                          [this, name](Script&) {
                            if (bus_) bus_->scriptChanged(name);
                          }};
  auto script = std::make_unique<Script>(name, std::move(context));
  Script& added = *script;
  scripts_[name] = std::move(script);
  if (bus_) bus_->scriptAdded(name);
  if (boots_.tooMany())
    added.hold(ScriptState::stopped, "not started: safe mode");
  else
    added.start();
}

void Supervisor::removeScript(const std::string& name) {
  const auto found = scripts_.find(name);
  if (found == scripts_.end()) return;
  log(aboutScript(name, Priority::info, "removed"));
  Script* script = found->second.get();
  script->stop(true, [this, name, script] {
    const auto still = scripts_.find(name);
    if (still == scripts_.end() || still->second.get() != script) return;
    guard_.settled(name);
    if (bus_) bus_->scriptRemoved(name);
    removed_.push_back(std::move(still->second));
    scripts_.erase(still);
    later_.start(Milliseconds(0));
    // It may have come back while its last version was leaving.
    if (directory_ && !stopping_ && std::filesystem::exists(directory_->scriptPath(name)))
      addScript(name);
    else
      forgetScript(name);
    updateStatus();
  });
}

// Whether it ran until now or has never started: what carries its name or its device's id is cleared.
void Supervisor::forgetScript(const std::string& name) {
  if (stopping_ || !directory_) return;  // the next run finds that it is gone
  router_.clearRetained(name);
  const std::optional<std::string> device = claims_.deviceOf(name);
  claims_.forget(name);
  releaseOtherDevices(name, "");
  if (device) releaseDevice(name, *device);
}

// The script has no more use for the device. Another one that has takes it over, else nothing is left of it.
void Supervisor::releaseDevice(const std::string& script, const std::string& id) {
  if (!claims_.release(id, script)) return;
  for (const auto& [name, other] : scripts_) {
    if (name == script || claims_.deviceOf(name) != id) continue;
    if (switchboard_.waits(other->process())) other->start();
    return;
  }
  hub_.clearDevice(id);
}

void Supervisor::releaseOtherDevices(const std::string& script, const std::string& id) {
  for (const std::string& device : claims_.devicesOf(script))
    if (device != id) releaseDevice(script, device);
}

void Supervisor::clearStale() {
  std::set<std::string> expected;
  std::error_code error;
  const std::filesystem::directory_iterator readable(settings_.scriptsDirectory, error);
  bool known = directory_ && !error;
  for (const auto& [name, script] : scripts_) {
    const std::optional<std::string> device = claims_.deviceOf(name);
    known = known && device;
    if (device) expected.insert(*device);
  }
  // A script whose settings cannot be read may have any device.
  if (known)
    hub_.clearStale(expected);
  else
    stale_.start(staleAfter);
}

wire::Load Supervisor::loadOrder(const std::string& name, std::uint64_t process) {
  const ScriptSettings own = loadScriptSettings(directory_->settingsPath(name), settings_.limits);
  wire::Load load;
  load.name = name;
  load.path = directory_->scriptPath(name);
  load.libraryPath = libraryDirectory(settings_);
  if (own.json.size() > wire::maxSettingsBytes)
    throw SettingsError({directory_->settingsPath(name) + ": expected at most " +
                         std::to_string(wire::maxSettingsBytes) + " bytes of settings, found " +
                         std::to_string(own.json.size())});
  load.settingsJson = own.json;
  load.turnMs = own.limits.turnMs;
  load.heapMib = own.limits.heapMib;
  load.memoryMib = own.limits.memoryMib;
  load.cpuPercent = own.limits.cpuPercent;
  load.handles = own.limits.handles;
  load.nice = hostNice;
  load.oomScore = hostOomScore;
  load.connected = link_->connected();
  load.boardPath = boardPath();
  load.simulated = !load.boardPath.empty();
  load.serialPaths = serialPaths();
  const std::string device = own.device.value_or(foldName(name));
  switchboard_.setDevice(process, device, own.title.value_or(""));
  switchboard_.setBudget(process,
                         {own.limits.publishesPerS, own.limits.subscriptions, own.limits.logLinesPerS});
  std::vector<std::string> publish = own.permissions.publish;
  publish.push_back(settings_.mqtt.prefix + "/" + settings_.node + "/" + device + "/#");
  switchboard_.setTopics(process, std::move(publish), own.permissions.subscribe);
  load.lines = own.permissions.lines;
  load.i2c = own.permissions.i2c;
  load.serial = own.permissions.serial;
  claims_.remember(name, device);
  storage_.begin(process, name, std::size_t{own.limits.storageKib} * 1024);
  return load;
}

std::string Supervisor::boardPath() const {
  return simulator_ ? simulator_->boardPath() : options_.boardPath;
}

std::vector<std::pair<std::string, std::string>> Supervisor::serialPaths() const {
  if (!simulator_) return {};
  return {{simulator_->boardPath() + ".*", ""}, {"*", simulator_->serialPath()}};
}

void Supervisor::scriptChanged(Script& script) {
  const std::optional<std::string> device = claims_.lastDeviceOf(script.name());
  if (device && claims_.isFreeFor(*device, script.name()))
    hub_.setScriptState(*device, nameOf(script.state()));
  if (script.state() == ScriptState::running) {
    const std::uint64_t process = script.process();
    guard_.settled(script.name());
    log(aboutScript(script.name(), Priority::info, "running, process " + std::to_string(script.pid())));
    try {
      switchboard_.running(process);
      releaseOtherDevices(script.name(), switchboard_.deviceOf(process));
    } catch (const std::exception& error) {
      log(aboutScript(script.name(), Priority::error, error.what()));
    }
  }
  updateStatus();
  if (bus_) bus_->scriptChanged(script.name());
  const bool allStarted = std::none_of(scripts_.begin(), scripts_.end(), [](const auto& item) {
    return item.second->state() == ScriptState::starting;
  });
  if (allStarted) becomeReady();
}

void Supervisor::brokerConnected() {
  log(Priority::info,
      "connected to " + settings_.mqtt.url + ", MQTT " + (client_->protocolVersion() == 5 ? "5" : "3.1.1"));
  hub_.connected();
  router_.connected();
  tellConnection(true);
}

void Supervisor::brokerLost(const std::string& reason) {
  log(Priority::warning, "lost the connection to " + settings_.mqtt.url + ": " + reason);
  tellConnection(false);
}

void Supervisor::tellConnection(bool connected) {
  for (const auto& [name, script] : scripts_)
    script->broadcast(wire::Connection{connected});
  updateStatus();
}

void Supervisor::reload() {
  if (stopping_) return;
  try {
    loadAgain();
  } catch (const std::exception&) {
    // It is in the log.
  }
}

void Supervisor::loadAgain() {
  notify_.reloading();
  try {
    Settings fresh = loadSettings(options_.configPath,
                                  options_.configGiven ? MissingFile::isAnError : MissingFile::meansDefaults);
    if (!(fresh.mqtt == settings_.mqtt) || fresh.node != settings_.node ||
        fresh.stateDirectory != settings_.stateDirectory ||
        fresh.scriptsDirectory != settings_.scriptsDirectory)
      log(Priority::warning,
          "node, [mqtt], [state] and [scripts] directory take effect when deskd is restarted");
    settings_.limits = fresh.limits;
    settings_.libraryDirectory = fresh.libraryDirectory;
    log(Priority::info, "settings read again, loading all scripts");
    if (directory_) directory_->scan();
    // What safe mode holds back is not asked for by this.
    for (const auto& [name, script] : scripts_)
      if (!boots_.tooMany() || script->state() == ScriptState::running) script->start();
  } catch (const std::exception& error) {
    log(Priority::error, std::string(error.what()) + "\n    the settings stay as they were");
    notify_.ready();
    updateStatus();
    throw;
  }
  notify_.ready();
  updateStatus();
}

void Supervisor::stop() {
  if (stopping_) return giveUp_.start(Milliseconds(0));  // asked twice: at once
  stopping_ = true;
  notify_.stopping();
  log(Priority::info, "stopping");
  directory_.reset();
  giveUp_.start(longestStop);
  if (scripts_.empty()) return stopBroker();
  for (const auto& [name, script] : scripts_)
    script->stop(false, [this] {
      const bool all = std::all_of(scripts_.begin(), scripts_.end(), [](const auto& item) {
        return item.second->state() == ScriptState::stopped;
      });
      if (all) stopBroker();
    });
}

void Supervisor::stopBroker() {
  hub_.stop();
  if (client_ == nullptr) return finish();
  client_->stop([this] { finish(); });
}

void Supervisor::finish() {
  guard_.stop([this] { loop_.stop(); });
}

void Supervisor::updateStatus() {
  std::size_t running = 0;
  for (const auto& [name, script] : scripts_)
    running += script->state() == ScriptState::running ? 1 : 0;
  std::string text = std::to_string(running) + " of " + std::to_string(scripts_.size()) +
                     (scripts_.size() == 1 ? " script runs, " : " scripts run, ") +
                     (client_ == nullptr     ? "no broker"
                      : client_->connected() ? "broker connected"
                                             : "broker not connected");
  if (!guard_.works()) text += ", deskd-guard does not run: nothing can be moved";
  if (boots_.tooMany()) text = "safe mode, " + text;
  if (const auto ignored = hub_.retainedCommandsIgnored(); ignored > 0)
    text += ", " + std::to_string(ignored) + " retained commands ignored";
  notify_.status(text);
  if (bus_) bus_->changed();
}

void Supervisor::entitiesChanged(const std::string& script) {
  entitiesChanged_.insert(script);
  if (!tellEntities_.active()) tellEntities_.start(entitiesSettle);
}

void Supervisor::tellEntities() {
  for (const std::string& script : std::exchange(entitiesChanged_, {}))
    if (bus_ && scripts_.contains(script)) bus_->scriptChanged(script);
}

// Why no script was started, if that is so.
std::string Supervisor::safeMode() const {
  if (!boots_.tooMany()) return "";
  return "deskd ended " + std::to_string(boots_.failed()) + " times in a row before it was ready";
}

ScriptManager::Parts Supervisor::managedParts() {
  return {settings_,
          scripts_,
          ledger_,
          messages_,
          [this] { return guard_.works(); },
          [this] { return safeMode(); },
          [this](std::uint64_t process) { return switchboard_.deviceOf(process); },
          [this](std::uint64_t process) { return hub_.entities(process); },
          [this] {
            if (stopping_) throw ManagerError("Stopping", "deskd is stopping");
            loadAgain();
          },
          [this] {
            if (bus_) bus_->changed();
          },
          [this](const std::string& script) {
            if (bus_) bus_->scriptChanged(script);
          }};
}

void Supervisor::becomeReady() {
  if (std::exchange(ready_, true)) return;
  readyAnyway_.stop();
  boots_.ready();
  notify_.ready();
  updateStatus();
}

}  // namespace deskd
