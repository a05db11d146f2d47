// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskctl/bus.h"

#include <systemd/sd-bus.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string_view>

#include "daemon/deskctl/command.h"
#include "daemon/deskctl/command_error.h"

namespace deskd {
namespace {

constexpr const char* name = "org.deskd.Manager1";
constexpr const char* path = "/org/deskd/Manager1";
constexpr const char* scriptInterface = "org.deskd.Script1";

struct MessageDelete {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, MessageDelete>;

struct Error {
  sd_bus_error error = SD_BUS_ERROR_NULL;
  Error() = default;
  Error(const Error&) = delete;
  Error& operator=(const Error&) = delete;
  ~Error() { sd_bus_error_free(&error); }
};

[[noreturn]] void cannotAsk(int result) {
  throw CommandError(exitNotRunning, std::string("cannot ask deskd: ") + std::strerror(-result));
}

int check(int result) {
  if (result < 0) cannotAsk(result);
  return result;
}

[[noreturn]] void refused(const sd_bus_error& error, int result) {
  const std::string_view kind = error.name != nullptr ? error.name : "";
  const std::string text = error.message != nullptr ? error.message : std::strerror(-result);
  if (kind == "org.deskd.Error.NoSuchScript") throw CommandError(exitUnknown, text);
  if (kind == "org.deskd.Error.NotAllowed" || kind == "org.freedesktop.DBus.Error.AccessDenied")
    throw CommandError(exitNotAllowed, text);
  if (kind == "org.freedesktop.DBus.Error.ServiceUnknown" ||
      kind == "org.freedesktop.DBus.Error.NameHasNoOwner")
    throw CommandError(exitNotRunning, "deskd does not run, or is not on this bus: systemctl status deskd");
  if (kind == "org.freedesktop.DBus.Error.NoReply" || kind == "org.freedesktop.DBus.Error.Timeout" ||
      kind == "org.freedesktop.DBus.Error.Disconnected")
    throw CommandError(exitNotRunning, "deskd does not answer: " + text);
  throw CommandError(exitFailed, text);
}

Message call(sd_bus* bus, const char* interface, const char* method,
             const std::vector<std::string>& arguments) {
  sd_bus_message* made = nullptr;
  check(sd_bus_message_new_method_call(bus, &made, name, path, interface, method));
  const Message message(made);
  // polkit may ask for a password.
  check(sd_bus_message_set_allow_interactive_authorization(made, 1));
  for (const std::string& argument : arguments)
    if (sd_bus_message_append(made, "s", argument.c_str()) < 0)
      throw CommandError(exitUsage, "expected text in UTF-8, found something else");
  Error error;
  sd_bus_message* reply = nullptr;
  const int result = sd_bus_call(bus, made, 0, &error.error, &reply);
  if (result < 0) refused(error.error, result);
  return Message(reply);
}

std::string readText(sd_bus_message* message) {
  const char* text = nullptr;
  check(sd_bus_message_read(message, "s", &text));
  return text;
}

bool readBool(sd_bus_message* message) {
  int value = 0;
  check(sd_bus_message_read(message, "b", &value));
  return value != 0;
}

template <class Number>
Number readNumber(sd_bus_message* message) {
  Number value = 0;
  check(sd_bus_message_read(message, sizeof value == 8 ? "t" : "u", &value));
  return value;
}

std::vector<std::string> readTexts(sd_bus_message* message) {
  std::vector<std::string> texts;
  check(sd_bus_message_enter_container(message, 'a', "s"));
  const char* text = nullptr;
  while (check(sd_bus_message_read(message, "s", &text)) > 0)
    texts.emplace_back(text);
  check(sd_bus_message_exit_container(message));
  return texts;
}

using Fields = std::map<std::string_view, std::function<void(sd_bus_message*)>>;

struct FieldReader {
  Fields fields;
  std::map<std::string_view, const char*> signatures;

  void add(std::string_view key, std::string& value) {
    put(key, "s", [&value](sd_bus_message* message) { value = readText(message); });
  }
  void add(std::string_view key, bool& value) {
    put(key, "b", [&value](sd_bus_message* message) { value = readBool(message); });
  }
  void add(std::string_view key, std::uint32_t& value) {
    put(key, "u", [&value](sd_bus_message* message) { value = readNumber<std::uint32_t>(message); });
  }
  void add(std::string_view key, std::uint64_t& value) {
    put(key, "t", [&value](sd_bus_message* message) { value = readNumber<std::uint64_t>(message); });
  }
  void add(std::string_view key, std::vector<std::string>& value) {
    put(key, "as", [&value](sd_bus_message* message) { value = readTexts(message); });
  }
  void put(std::string_view key, const char* signature, std::function<void(sd_bus_message*)> read) {
    fields[key] = std::move(read);
    signatures[key] = signature;
  }

  // A dictionary of properties; those that this program does not know are passed over.
  void read(sd_bus_message* message) const {
    check(sd_bus_message_enter_container(message, 'a', "{sv}"));
    while (check(sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
      const auto found = fields.find(readText(message));
      if (found == fields.end()) {
        check(sd_bus_message_skip(message, "v"));
      } else {
        check(sd_bus_message_enter_container(message, 'v', signatures.at(found->first)));
        found->second(message);
        check(sd_bus_message_exit_container(message));
      }
      check(sd_bus_message_exit_container(message));
    }
    check(sd_bus_message_exit_container(message));
  }
};

ScriptRow readScript(sd_bus_message* message) {
  ScriptRow row;
  FieldReader reader;
  reader.add("Name", row.name);
  reader.add("State", row.state);
  reader.add("Since", row.sinceUs);
  reader.add("Restarts", row.restarts);
  reader.add("LastError", row.lastError);
  reader.add("Pid", row.pid);
  reader.add("Device", row.device);
  reader.add("Entities", row.entities);
  reader.add("LogLevel", row.logLevel);
  reader.add("MemoryBytes", row.memoryBytes);
  reader.add("CpuUSec", row.cpuUs);
  reader.read(message);
  return row;
}

}  // namespace

Bus::Bus(const std::string& where) {
  int result = 0;
  if (where == "system") {
    result = sd_bus_open_system(&bus_);
  } else if (where == "session") {
    result = sd_bus_open_user(&bus_);
  } else {
    result = sd_bus_new(&bus_);
    if (result >= 0) result = sd_bus_set_address(bus_, where.c_str());
    if (result >= 0) result = sd_bus_set_bus_client(bus_, 1);
    if (result >= 0) result = sd_bus_start(bus_);
  }
  if (result >= 0) return;
  sd_bus_close_unref(bus_);
  throw CommandError(exitNotRunning, "cannot reach the bus (" + where + "): " + std::strerror(-result));
}

Bus::~Bus() {
  sd_bus_close_unref(bus_);
}

Overview Bus::overview() {
  Overview overview;
  FieldReader reader;
  reader.add("Version", overview.version);
  reader.add("Node", overview.node);
  reader.add("BrokerUrl", overview.brokerUrl);
  reader.add("BrokerConnected", overview.brokerConnected);
  reader.add("MqttVersion", overview.mqttVersion);
  reader.add("MessagesIn", overview.messagesIn);
  reader.add("MessagesOut", overview.messagesOut);
  reader.add("Subscriptions", overview.subscriptions);
  reader.add("GuardWorks", overview.guardWorks);
  reader.add("SafeModeReason", overview.safeModeReason);
  reader.add("LogLevel", overview.logLevel);
  const Message reply = ::deskd::call(bus_, "org.freedesktop.DBus.Properties", "GetAll", {name});
  reader.read(reply.get());
  return overview;
}

std::vector<ScriptRow> Bus::scripts() {
  const Message reply = ::deskd::call(bus_, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", {});
  sd_bus_message* message = reply.get();
  std::vector<ScriptRow> rows;
  check(sd_bus_message_enter_container(message, 'a', "{oa{sa{sv}}}"));
  while (check(sd_bus_message_enter_container(message, 'e', "oa{sa{sv}}")) > 0) {
    check(sd_bus_message_skip(message, "o"));
    check(sd_bus_message_enter_container(message, 'a', "{sa{sv}}"));
    while (check(sd_bus_message_enter_container(message, 'e', "sa{sv}")) > 0) {
      if (readText(message) == scriptInterface)
        rows.push_back(readScript(message));
      else
        check(sd_bus_message_skip(message, "a{sv}"));
      check(sd_bus_message_exit_container(message));
    }
    check(sd_bus_message_exit_container(message));
    check(sd_bus_message_exit_container(message));
  }
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return rows;
}

std::vector<MessageRow> Bus::recentMessages() {
  const Message reply = ::deskd::call(bus_, name, "RecentMessages", {});
  sd_bus_message* message = reply.get();
  std::vector<MessageRow> rows;
  check(sd_bus_message_enter_container(message, 'a', "(tbsaytyb)"));
  while (check(sd_bus_message_enter_container(message, 'r', "tbsaytyb")) > 0) {
    MessageRow row;
    row.timeUs = readNumber<std::uint64_t>(message);
    row.out = readBool(message);
    row.topic = readText(message);
    const void* bytes = nullptr;
    std::size_t size = 0;
    check(sd_bus_message_read_array(message, 'y', &bytes, &size));
    if (size > 0) row.payload.assign(static_cast<const char*>(bytes), size);
    row.payloadBytes = readNumber<std::uint64_t>(message);
    std::uint8_t qos = 0;
    check(sd_bus_message_read(message, "y", &qos));
    row.qos = qos;
    row.retained = readBool(message);
    rows.push_back(std::move(row));
    check(sd_bus_message_exit_container(message));
  }
  return rows;
}

void Bus::call(const std::string& method, const std::vector<std::string>& arguments) {
  ::deskd::call(bus_, name, method.c_str(), arguments);
}

}  // namespace deskd
