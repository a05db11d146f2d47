// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/switchboard.h"

#include <malloc.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "daemon/deskd/device_info.h"
#include "daemon/deskd/topic_filter.h"
#include "hal/base/error.h"
#include "hal/base/log.h"
#include "hal/permissions.h"

namespace deskd {
namespace {

template <class... T>
struct Overloaded : T... {
  using T::operator()...;
};
template <class... T>
Overloaded(T...) -> Overloaded<T...>;

bool isForHub(const wire::Any& message) {
  return std::visit(
      []<class T>(const T&) {
        return std::is_same_v<T, wire::Device> || std::is_same_v<T, wire::Available> ||
               std::is_same_v<T, wire::Declare> || std::is_same_v<T, wire::Remove> ||
               std::is_same_v<T, wire::State> || std::is_same_v<T, wire::Attributes> ||
               std::is_same_v<T, wire::Event> || std::is_same_v<T, wire::Refusal>;
      },
      message);
}

std::string suppressedText(std::uint64_t lines, unsigned perSecond) {
  return "suppressed " + std::to_string(lines) + (lines == 1 ? " line" : " lines") +
         " of its log: expected at most " + std::to_string(perSecond) + " a second (limits.log_lines_per_s)";
}

CodedError tooFast(unsigned perSecond) {
  return CodedError("ERR_RATE",
                    "expected at most " + std::to_string(perSecond) +
                        " publishes a second (limits.publishes_per_s), found more: wait a moment");
}

// What was wrong with a request is the answer to it.
template <class Action>
void answerMistakes(const MqttDone& done, const Action& action) {
  try {
    action();
  } catch (const CodedError& error) {
    done({error.code(), error.what(), false});
  } catch (const std::exception& error) {
    done({"ERR_INVALID_ARGUMENT", error.what(), false});
  }
}

}  // namespace

Switchboard::Switchboard(Loop& loop, MqttRouter& router, Hub& hub, ScriptStorage& storage,
                         DeviceClaims& claims, Scripts scripts)
    : loop_(loop),
      router_(router),
      hub_(hub),
      storage_(storage),
      claims_(claims),
      scripts_(std::move(scripts)) {}

std::uint64_t Switchboard::add(const std::string& script) {
  scriptOf_[++lastProcess_] = script;
  return lastProcess_;
}

void Switchboard::setDevice(std::uint64_t process, const std::string& id, const std::string& title) {
  devices_[process].id = id;
  devices_[process].title = title;
}

void Switchboard::setBudget(std::uint64_t process, ScriptTraffic::Budget budget) {
  const std::string script = scriptOf_[process];
  const auto warn = [script](std::string text) {
    log(aboutScript(script, Priority::warning, std::move(text)));
  };
  traffic_.erase(process);
  traffic_.try_emplace(
      process, loop_, budget,
      ScriptTraffic::Handlers{
          [this, script, process](wire::Any&& message) { toHub(script, process, message); },
          [warn, budget](std::uint64_t lines) { warn(suppressedText(lines, budget.logLinesPerS)); },
          [warn](std::uint64_t messages) {
            warn("dropped " + std::to_string(messages) +
                 " messages to the hub: they came faster than limits.publishes_per_s");
          }});
}

void Switchboard::setTopics(std::uint64_t process, std::vector<std::string> publish,
                            std::vector<std::string> subscribe) {
  topics_[process] = {std::move(publish), std::move(subscribe)};
}

bool Switchboard::waits(std::uint64_t process) const {
  const auto found = devices_.find(process);
  return found != devices_.end() && found->second.waits;
}

void Switchboard::running(std::uint64_t process) {
  Device& device = devices_[process];
  if (const auto found = traffic_.find(process); found != traffic_.end()) found->second.flush();
  device.running = true;
  if (device.declared) hub_.declared(process);
  updateAvailability(process);
}

void Switchboard::ended(std::uint64_t process) {
  if (const auto found = traffic_.find(process); found != traffic_.end()) found->second.finish();
  router_.dropOwner(process);
  hub_.dropOwner(process);
  storage_.end(process);
  traffic_.erase(process);
  topics_.erase(process);
  devices_.erase(process);
  scriptOf_.erase(process);
  // What waited for a script that sends faster than is read is the system's again.
  ::malloc_trim(0);
}

void Switchboard::fromHost(Script& script, std::uint64_t process, wire::Any&& message) {
  const auto found = traffic_.find(process);
  if (found == traffic_.end()) return;
  ScriptTraffic& traffic = found->second;
  if (isForHub(message)) return traffic.toHub(std::move(message));
  std::visit(
      Overloaded{[&](wire::Log& line) { logLine(script, process, line); },
                 [&](wire::LostLines& lost) { traffic.countSuppressed(lost.count); },
                 [&](wire::Imports& imports) { scripts_.imports(script.name(), imports.files); },
                 [&](wire::Publish& wanted) { publish(script.name(), process, wanted); },
                 [&](wire::Subscribe& wanted) { subscribe(script.name(), process, wanted); },
                 [&](wire::Unsubscribe& unsubscribe) {
                   traffic.unsubscribe(unsubscribe.subscription);
                   router_.unsubscribe(process, unsubscribe.subscription);
                 },
                 [&](wire::StorageGet& get) { storage_.receive(process, std::move(get)); },
                 [&](wire::StorageKeys& keys) { storage_.receive(process, std::move(keys)); },
                 [&](wire::StorageApply& apply) { storage_.receive(process, std::move(apply)); },
                 [&](wire::StorageFlush& flush) { storage_.receive(process, flush); },
                 [&](auto&) {
                   if (!traffic.mayLog()) return;
                   log(aboutScript(script.name(), Priority::warning,
                                   std::string("its process sent ") + wire::nameOf(message) + ", ignoring"));
                 }},
      message);
}

void Switchboard::toHub(const std::string& script, std::uint64_t process, wire::Any& message) {
  // What a script declares or sends wrongly is its own affair: it reads why, and goes on.
  try {
    if (devices_[process].waits) return;
    std::visit(
        Overloaded{[&](wire::Device& device) { declareDevice(script, process, device.infoJson); },
                   [&](wire::Declare& declare) {
                     hub_.declareEntity(process, {.property = declare.property,
                                                  .component = declare.component,
                                                  .config = declare.configJson,
                                                  .hasCommand = declare.hasCommand});
                     scripts_.entitiesChanged(script);
                   },
                   [&](wire::Remove& remove) {
                     hub_.removeEntity(process, remove.property);
                     scripts_.entitiesChanged(script);
                   },
                   [&](wire::State& state) { hub_.setState(process, state.property, state.value); },
                   [&](wire::Attributes& attributes) { hub_.setAttributes(process, attributes.json); },
                   [&](wire::Event& event) { hub_.fireEvent(process, event.property, event.json); },
                   [&](wire::Refusal& refusal) { hub_.reportError(process, refusal.property, refusal.json); },
                   [&](wire::Available& available) {
                     devices_[process].available = available.available;
                     updateAvailability(process);
                   },
                   [](auto&) {}},
        message);
  } catch (const std::exception& error) {
    if (traffic_.at(process).mayLog()) log(aboutScript(script, Priority::error, error.what()));
  }
}

void Switchboard::logLine(const Script& script, std::uint64_t process, wire::Log& line) {
  const auto priority = static_cast<Priority>(std::clamp<int>(line.priority, 3, 7));
  if (priority > script.logLevel().value_or(logLevel()) || !traffic_.at(process).mayLog()) return;
  LogRecord record = aboutScript(script.name(), priority, std::move(line.text));
  for (auto& field : line.fields)
    if (field.first.starts_with("CODE_")) record.fields.push_back(std::move(field));
  logAnyway(record);
}

void Switchboard::publish(const std::string& script, std::uint64_t process, wire::Publish& wanted) {
  const MqttDone done = answerTo(process, wanted.request);
  answerMistakes(done, [&] {
    ScriptTraffic& traffic = traffic_.at(process);
    if (!traffic.mayPublish()) throw tooFast(traffic.budget().publishesPerS);
    checkTopic(wanted.topic);
    const auto& granted = topics_[process].publish;
    if (std::none_of(granted.begin(), granted.end(),
                     [&](const std::string& filter) { return topicMatches(filter, wanted.topic); }))
      throw notGranted(wanted.topic, "publish", script);
    MqttMessage out{std::move(wanted.topic),
                    std::string(wanted.payload.begin(), wanted.payload.end()),
                    wanted.qos,
                    wanted.retain,
                    {},
                    {}};
    router_.publish(script, std::move(out), done);
  });
}

void Switchboard::subscribe(const std::string& script, std::uint64_t process, const wire::Subscribe& wanted) {
  const MqttDone done = answerTo(process, wanted.request);
  ScriptTraffic& traffic = traffic_.at(process);
  answerMistakes(done, [&] {
    // Each makes the broker send all that it has stored.
    if (!traffic.mayPublish()) throw tooFast(traffic.budget().publishesPerS);
    checkFilter(wanted.filter);
    const auto& granted = topics_[process].subscribe;
    if (std::none_of(granted.begin(), granted.end(),
                     [&](const std::string& filter) { return filterCovers(filter, wanted.filter); }))
      throw notGranted(wanted.filter, "subscribe", script);
    if (!traffic.subscribe(wanted.subscription)) {
      const std::string most = std::to_string(traffic.budget().subscriptions);
      throw CodedError("ERR_LIMIT", "expected at most " + most +
                                        " subscriptions at a time (limits.subscriptions), found more");
    }
    try {
      router_.subscribe(process, wanted.subscription, wanted.filter, {.qos = wanted.qos}, done);
    } catch (...) {
      traffic.unsubscribe(wanted.subscription);
      throw;
    }
  });
}

void Switchboard::declareDevice(const std::string& script, std::uint64_t process,
                                const std::string& infoJson) {
  Device& device = devices_[process];
  const std::string& owner = claims_.claim(device.id, script);
  if (owner != script) {
    device.waits = true;
    log(aboutScript(script, Priority::warning,
                    "the device \"" + device.id + "\" belongs to the script " + owner +
                        "; this one is loaded again, and has it, as soon as that gives it up"));
    return;
  }
  hub_.declareDevice(process, device.id, parseDeviceInfo(infoJson, device.title));
  device.declared = true;
  updateAvailability(process);
}

void Switchboard::updateAvailability(std::uint64_t process) {
  const Device& device = devices_[process];
  if (device.declared) hub_.setAvailable(process, device.running && device.available);
}

MqttDone Switchboard::answerTo(std::uint64_t process, std::uint32_t request) {
  return [this, process, request](const MqttResult& result) {
    send(process, wire::Result{request, result.code, result.message});
  };
}

bool Switchboard::send(std::uint64_t process, const wire::Any& message) {
  const auto name = scriptOf_.find(process);
  if (name == scriptOf_.end()) return false;
  Script* script = scripts_.find(name->second);
  return script != nullptr && script->post(process, message);
}

void Switchboard::deliver(std::uint64_t process, SubscriptionId id, const MqttMessage& message) {
  const std::string& script = scriptOf_[process];
  if (message.payload.size() > wire::maxPayloadBytes) {
    if (traffic_.at(process).mayLog())
      log(aboutScript(script, Priority::warning,
                      message.topic + ": message of " + std::to_string(message.payload.size()) +
                          " bytes is longer than " + std::to_string(wire::maxPayloadBytes) + ", ignoring"));
    return;
  }
  std::uint64_t& lost = devices_[process].lostMessages;
  if (!send(process,
            wire::Message{id, message.topic, wire::Bytes(message.payload.begin(), message.payload.end()),
                          static_cast<std::uint8_t>(message.qos), message.retained})) {
    if (lost++ == 0)
      log(aboutScript(script, Priority::warning,
                      "takes messages more slowly than they come: " + message.topic +
                          " and what follows is dropped until it has caught up"));
  } else if (lost > 0) {
    log(aboutScript(script, Priority::warning,
                    "has caught up, " + std::to_string(lost) + " messages were dropped"));
    lost = 0;
  }
}

void Switchboard::command(std::uint64_t process, const std::string& property, const std::string& payload) {
  if (send(process, wire::Command{property, payload})) return;
  log(aboutScript(scriptOf_[process], Priority::warning,
                  "does not take the command " + property + ", dropping it"));
  hub_.reportError(process, property, R"({"code":"ERR_QUEUE_FULL","message":"the script is too busy"})");
}

}  // namespace deskd
