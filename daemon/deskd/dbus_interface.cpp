// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/dbus_interface.h"

#include <systemd/sd-bus.h>

#include <cstdlib>
#include <memory>

#include "daemon/deskd/dbus_error.h"
#include "daemon/deskd/process_usage.h"

namespace deskd {
namespace {

using Arguments = std::vector<std::string>;
using enum DbusChange;
using enum DbusAccess;

template <auto Member>
DbusValue ofManager(const Manager& manager, const std::string&) {
  return manager.report().*Member;
}

template <auto Member>
DbusValue ofScript(const Manager& manager, const std::string& script) {
  return manager.script(script).*Member;
}

template <auto Function>
DbusValue ofProcess(const Manager& manager, const std::string& script) {
  return Function(static_cast<int>(manager.script(script).pid));
}

// A script's own methods take no name.
template <ScriptAction action>
void change(Manager& manager, const std::string& script, const Arguments& arguments, sd_bus_message*) {
  manager.change(script.empty() ? arguments.at(0) : script, action);
}

void listScripts(Manager& manager, const std::string&, const Arguments&, sd_bus_message* reply) {
  checkBus(sd_bus_message_open_container(reply, 'a', "(sso)"), "answer");
  for (const std::string& name : manager.scripts())
    checkBus(sd_bus_message_append(reply, "(sso)", name.c_str(), manager.script(name).state.c_str(),
                                   scriptPath(name).c_str()),
             "answer");
  checkBus(sd_bus_message_close_container(reply), "answer");
}

void recentMessages(Manager& manager, const std::string&, const Arguments&, sd_bus_message* reply) {
  checkBus(sd_bus_message_open_container(reply, 'a', "(tbsaytyb)"), "answer");
  for (const RecentMessage& message : manager.recentMessages()) {
    checkBus(sd_bus_message_open_container(reply, 'r', "tbsaytyb"), "answer");
    checkBus(
        sd_bus_message_append(reply, "tbs", message.timeUs,
                              static_cast<int>(message.direction == Direction::out), message.topic.c_str()),
        "answer");
    checkBus(sd_bus_message_append_array(reply, 'y', message.payload.data(), message.payload.size()),
             "answer");
    checkBus(
        sd_bus_message_append(reply, "tyb", static_cast<std::uint64_t>(message.payloadBytes),
                              static_cast<std::uint8_t>(message.qos), static_cast<int>(message.retained)),
        "answer");
    checkBus(sd_bus_message_close_container(reply), "answer");
  }
  checkBus(sd_bus_message_close_container(reply), "answer");
}

}  // namespace

const DbusInterface& managerInterface() {
  static const DbusInterface interface {
    "org.deskd.Manager1",
        "deskd as a whole. Everyone may read; methods that change something are for root, and for whom "
        "polkit "
        "allows org.deskd.manage.",
        {
            {"Version", "s", never, "Version of deskd.", ofManager<&ManagerReport::version>},
            {"Node", "s", never, "First level of deskd's topics after the prefix.",
             ofManager<&ManagerReport::node>},
            {"BrokerUrl", "s", never, "The MQTT broker; empty if the settings name none.",
             ofManager<&ManagerReport::brokerUrl>},
            {"BrokerConnected", "b", signalled, "Whether there is a connection to the broker.",
             ofManager<&ManagerReport::brokerConnected>},
            {"MqttVersion", "s", signalled, "\"5\" or \"3.1.1\" while connected, otherwise empty.",
             ofManager<&ManagerReport::mqttVersion>},
            {"MessagesIn", "t", unsignalled, "Messages that have come from the broker.",
             [](const Manager& manager, const std::string&) -> DbusValue {
               return manager.report().messages.in;
             }},
            {"MessagesOut", "t", unsignalled, "Messages that were sent to the broker.",
             [](const Manager& manager, const std::string&) -> DbusValue {
               return manager.report().messages.out;
             }},
            {"Subscriptions", "u", unsignalled, "Topic filters that deskd has subscribed to.",
             ofManager<&ManagerReport::subscriptions>},
            {"GuardWorks", "b", signalled, "Whether deskd-guard runs; without it nothing can be moved.",
             ofManager<&ManagerReport::guardWorks>},
            {"SafeMode", "b", never,
             "Whether deskd has started no script because earlier starts of it failed.",
             [](const Manager& manager, const std::string&) -> DbusValue {
               return !manager.report().safeMode.empty();
             }},
            {"SafeModeReason", "s", never, "Why it is in safe mode; empty if it is not.",
             ofManager<&ManagerReport::safeMode>},
            {"ScriptCount", "u", signalled, "How many scripts there are.",
             ofManager<&ManagerReport::scripts>},
            {"ScriptsRunning", "u", signalled, "How many of them run.",
             ofManager<&ManagerReport::scriptsRunning>},
            {"LogLevel", "s", signalled, "The least urgent messages that are logged.",
             ofManager<&ManagerReport::logLevel>},
        },
    {
      {"ListScripts", {}, {{"scripts", "a(sso)"}}, everyone, "Name, state and object path of each script.",
       listScripts},
          {"RecentMessages",
           {},
           {{"messages", "a(tbsaytyb)"}},
           everyone,
           "The last 20 messages from and to the broker, oldest first: time in microseconds since 1970, "
           "whether "
           "it was sent, topic, beginning of the payload, its length, quality of service, retain flag.",
           recentMessages},
          {"Reload",
           {},
           {},
           administrators,
           "Reads [limits] of the settings again and loads all scripts anew, as SIGHUP does.",
           [](Manager& manager, const std::string&, const Arguments&, sd_bus_message*) { manager.reload(); }},
          {"Start",
           {"name"},
           {},
           administrators,
           "Starts a script that does not run; ends its quarantine.",
           change<ScriptAction::start>},
          {"Stop",
           {"name"},
           {},
           administrators,
           "Ends a script in order. It is started again when its file changes, or deskd does.",
           change<ScriptAction::stop>},
          {"Restart",
           {"name"},
           {},
           administrators,
           "Stops a script and starts it again.",
           change<ScriptAction::restart>},
          {"ReloadScript",
           {"name"},
           {},
           administrators,
           "Loads a script's file again; the version that runs goes on if that fails.",
           change<ScriptAction::reload>},
          {"Enable",
           {"name"},
           {},
           administrators,
           "Takes back Disable, and starts the script.",
           change<ScriptAction::enable>},
          {"Disable",
           {"name"},
           {},
           administrators,
           "Ends a script in order and does not start it again, also after a restart, until Enable.",
           change<ScriptAction::disable>},
          {"SetLogLevel",
           {"level"},
           {},
           administrators,
           "Logs what is at least so urgent: error, warning, notice, info or debug.",
           [](Manager& manager, const std::string&, const Arguments& arguments, sd_bus_message*) {
             manager.setLogLevel(arguments.at(0));
           }},
    }
  };
  return interface;
}

const DbusInterface& scriptInterface() {
  static const DbusInterface interface {
    "org.deskd.Script1",
        "One script. Everyone may read; the methods are for root, and for whom polkit allows "
        "org.deskd.manage.",
        {
            {"Name", "s", never, "Its file's name without .js.", ofScript<&ScriptReport::name>},
            {"State", "s", signalled,
             "stopped, starting, running, waiting (to be started again), stopping, quarantined or disabled.",
             ofScript<&ScriptReport::state>},
            {"Since", "t", signalled, "Since when it is in this state, in microseconds since 1970.",
             ofScript<&ScriptReport::sinceUs>},
            {"Restarts", "u", signalled, "How often it was started again after a failure.",
             ofScript<&ScriptReport::restarts>},
            {"LastError", "s", signalled,
             "Its last failure, with the place in the source; empty if there was none since it was last "
             "changed or "
             "started.",
             ofScript<&ScriptReport::lastError>},
            {"Pid", "u", signalled, "Its process, 0 if there is none.", ofScript<&ScriptReport::pid>},
            {"Device", "s", signalled, "Its device's id in MQTT topics; empty while it does not run.",
             ofScript<&ScriptReport::device>},
            {"Entities", "as", signalled, "The properties that its device has.",
             ofScript<&ScriptReport::entities>},
            {"LogLevel", "s", signalled, "The least urgent of its messages that are logged.",
             ofScript<&ScriptReport::logLevel>},
            {"MemoryBytes", "t", unsignalled,
             "Its process's memory, with its share of what it shares with others.", ofProcess<memoryOf>},
            {"CpuUSec", "t", unsignalled, "Processor time that its process has used, in microseconds.",
             ofProcess<cpuTimeOf>},
        },
    {
      {"Start",
       {},
       {},
       administrators,
       "Starts it if it does not run; ends its quarantine.",
       change<ScriptAction::start>},
          {"Stop",
           {},
           {},
           administrators,
           "Ends it in order. It is started again when its file changes, or deskd does.",
           change<ScriptAction::stop>},
          {"Restart", {}, {}, administrators, "Stops it and starts it again.", change<ScriptAction::restart>},
          {"Reload",
           {},
           {},
           administrators,
           "Loads its file again; the version that runs goes on if that fails.",
           change<ScriptAction::reload>},
          {"Enable",
           {},
           {},
           administrators,
           "Takes back Disable, and starts it.",
           change<ScriptAction::enable>},
          {"Disable",
           {},
           {},
           administrators,
           "Ends it in order and does not start it again, also after a restart, until Enable.",
           change<ScriptAction::disable>},
          {"SetLogLevel",
           {"level"},
           {},
           administrators,
           "Logs of its messages what is at least so urgent: error, warning, notice, info or debug.",
           [](Manager& manager, const std::string& script, const Arguments& arguments, sd_bus_message*) {
             manager.setLogLevel(script, arguments.at(0));
           }},
    }
  };
  return interface;
}

std::string scriptPath(const std::string& name) {
  char* path = nullptr;
  checkBus(sd_bus_path_encode("/org/deskd/Manager1/script", name.c_str(), &path),
           "name the object of " + name);
  const std::unique_ptr<char, decltype(&std::free)> owned(path, std::free);
  return path;
}

}  // namespace deskd
