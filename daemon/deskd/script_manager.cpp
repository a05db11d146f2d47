// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/script_manager.h"

#include <algorithm>
#include <utility>

#include "hal/base/log.h"
#include "hal/base/nearest.h"

namespace deskd {
namespace {

Priority levelNamed(const std::string& name) {
  for (const Priority level :
       {Priority::error, Priority::warning, Priority::notice, Priority::info, Priority::debug})
    if (priorityName(level) == name) return level;
  throw ManagerError("InvalidArgument",
                     "log level: expected error, warning, notice, info or debug, found \"" + name + "\"");
}

bool runs(const Script& script) {
  return script.state() == ScriptState::running || script.state() == ScriptState::starting;
}

}  // namespace

ManagerReport ScriptManager::report() const {
  ManagerReport report;
  report.version = DESKD_VERSION;
  report.node = parts_.settings.node;
  report.brokerUrl = parts_.settings.mqtt.enabled() ? parts_.settings.mqtt.url : "";
  report.brokerConnected = parts_.messages.connected();
  if (report.brokerConnected) report.mqttVersion = parts_.messages.protocolVersion() == 5 ? "5" : "3.1.1";
  report.messages = parts_.messages.counts();
  report.subscriptions = static_cast<std::uint32_t>(parts_.messages.subscriptions());
  report.guardWorks = parts_.guardWorks();
  report.safeMode = parts_.safeMode();
  report.scripts = static_cast<std::uint32_t>(parts_.scripts.size());
  report.scriptsRunning = static_cast<std::uint32_t>(
      std::count_if(parts_.scripts.begin(), parts_.scripts.end(),
                    [](const auto& item) { return item.second->state() == ScriptState::running; }));
  report.logLevel = priorityName(logLevel());
  return report;
}

std::vector<std::string> ScriptManager::scripts() const {
  std::vector<std::string> names;
  names.reserve(parts_.scripts.size());
  for (const auto& [name, script] : parts_.scripts)
    names.push_back(name);
  return names;
}

Script& ScriptManager::find(const std::string& name) const {
  const auto found = parts_.scripts.find(name);
  if (found != parts_.scripts.end()) return *found->second;
  const std::string meant = nearest(name, scripts());
  throw ManagerError("NoSuchScript",
                     "there is no script " + name + (meant.empty() ? "" : "; did you mean " + meant + "?"));
}

ScriptReport ScriptManager::script(const std::string& name) const {
  const Script& script = find(name);
  ScriptReport report;
  report.name = name;
  report.state = nameOf(script.state());
  report.sinceUs = script.sinceUs();
  report.restarts = static_cast<std::uint32_t>(script.restarts());
  report.lastError = script.lastError();
  report.pid = static_cast<std::uint32_t>(script.pid());
  if (script.process() != 0) {
    report.device = parts_.deviceOf(script.process());
    report.entities = parts_.entitiesOf(script.process());
  }
  report.logLevel = priorityName(script.logLevel().value_or(logLevel()));
  return report;
}

void ScriptManager::reload() {
  try {
    parts_.reload();
  } catch (const SettingsError& error) {
    throw ManagerError("BadSettings", error.what());
  }
}

void ScriptManager::change(const std::string& name, ScriptAction action) {
  Script& script = find(name);
  const bool starts = action != ScriptAction::stop && action != ScriptAction::disable;
  if (action == ScriptAction::enable) parts_.ledger.setDisabled(name, false);
  if (starts && parts_.ledger.disabled(name))
    throw ManagerError("Disabled", "the script " + name + " is disabled: deskctl enable " + name);
  switch (action) {
    case ScriptAction::start:
    case ScriptAction::enable:
      if (!runs(script)) script.start(StartReason::asked);
      break;
    case ScriptAction::reload:
      script.start(StartReason::asked);
      break;
    case ScriptAction::restart:
      if (runs(script)) script.hold(ScriptState::stopped, "restarting, as asked");
      script.start(StartReason::asked);
      break;
    case ScriptAction::stop:
      if (!parts_.ledger.disabled(name)) script.hold(ScriptState::stopped, "stopped, as asked");
      break;
    case ScriptAction::disable:
      parts_.ledger.setDisabled(name, true);
      script.hold(ScriptState::disabled, "disabled, as asked");
      break;
  }
}

void ScriptManager::setLogLevel(const std::string& level) {
  deskd::setLogLevel(levelNamed(level));
  parts_.changed();
  for (const auto& [name, script] : parts_.scripts)
    parts_.scriptChanged(name);
}

void ScriptManager::setLogLevel(const std::string& name, const std::string& level) {
  find(name).setLogLevel(levelNamed(level));
  parts_.scriptChanged(name);
}

}  // namespace deskd
