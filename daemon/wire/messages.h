// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

// Every message between deskd's processes, and nothing else says what they are. A datagram is: version, type
// (the position in the variant), 16-bit zero, 32-bit length of the rest, then the fields in the order of
// visit().
//
// Changing a message means raising `version`; all processes come from one build, so a mismatch is a broken
// installation.
namespace deskd::wire {

inline constexpr std::uint8_t version = 6;
// A message of one datagram, so that it arrives whole or not at all. Kernels allow 208 KiB by default.
inline constexpr std::size_t maxMessageBytes = 200 * 1024;
// What scripts may publish in one message, and are given of one: with the longest topic it still fits.
inline constexpr std::size_t maxPayloadBytes = 128 * 1024;
// The settings of a script, as JSON.
inline constexpr std::size_t maxSettingsBytes = 128 * 1024;

using Fields = std::vector<std::pair<std::string, std::string>>;
using Bytes = std::vector<std::uint8_t>;

// --- supervisor -> zygote, and back

struct Fork {  // comes with the new host's socket
  std::uint32_t token = 0;
  template <class V>
  void visit(V&& v) {
    v(token);
  }
};
struct Forked {
  std::uint32_t token = 0;
  std::int32_t pid = 0;    // 0: not forked
  std::int32_t error = 0;  // errno then
  template <class V>
  void visit(V&& v) {
    v(token, pid, error);
  }
};

// --- supervisor -> host

// Compile and link, run nothing yet.
struct Load {
  std::int32_t supervisorPid = 0;
  std::string name;
  std::string path;
  std::string libraryPath;
  std::string settingsJson;
  std::uint32_t turnMs = 0;
  std::uint32_t heapMib = 0;
  std::uint32_t memoryMib = 0;
  std::uint32_t cpuPercent = 0;
  std::uint32_t handles = 0;
  std::int32_t nice = 0;
  std::int32_t oomScore = 0;
  bool connected = false;
  bool simulated = false;
  std::string boardPath;  // socket of a simulated board; empty: this machine's hardware
  // Simulated devices: path that the script opens, or what it begins with and "*" -> path there is, or empty
  // if that is the same. The first that fits.
  Fields serialPaths;
  // Devices it may use; "*": every one.
  std::vector<std::string> lines;
  std::vector<std::string> i2c;
  std::vector<std::string> serial;
  template <class V>
  void visit(V&& v) {
    v(supervisorPid, name, path, libraryPath, settingsJson, turnMs, heapMib, memoryMib, cpuPercent, handles,
      nice, oomScore, connected, simulated, boardPath, serialPaths, lines, i2c, serial);
  }
};
struct Run {
  template <class V>
  void visit(V&&) {}
};
struct Unload {
  std::uint32_t timeoutMs = 0;
  template <class V>
  void visit(V&& v) {
    v(timeoutMs);
  }
};
struct Connection {
  bool connected = false;
  template <class V>
  void visit(V&& v) {
    v(connected);
  }
};
struct Message {  // from the broker, for one subscription
  std::uint32_t subscription = 0;
  std::string topic;
  Bytes payload;
  std::uint8_t qos = 0;
  bool retained = false;
  template <class V>
  void visit(V&& v) {
    v(subscription, topic, payload, qos, retained);
  }
};
struct Result {  // of the request with this number
  std::uint32_t request = 0;
  std::string code;  // empty: it went well
  std::string message;
  template <class V>
  void visit(V&& v) {
    v(request, code, message);
  }
};
struct Command {  // for an entity
  std::string property;
  std::string payload;
  template <class V>
  void visit(V&& v) {
    v(property, payload);
  }
};

// --- host -> supervisor

// Files that the script imports, also those it could not, each with the signature (hal/base/file.h) of what
// it found.
struct Imports {
  Fields files;
  template <class V>
  void visit(V&& v) {
    v(files);
  }
};
struct Loaded {
  template <class V>
  void visit(V&&) {}
};
struct Running {
  template <class V>
  void visit(V&&) {}
};
struct Failed {  // may come twice; the one that knows the place is the better one
  std::string kind;
  std::string message;
  std::string stack;
  std::string file;
  std::int32_t line = 0;
  std::int32_t column = 0;
  template <class V>
  void visit(V&& v) {
    v(kind, message, stack, file, line, column);
  }
};
struct Log {
  std::uint8_t priority = 6;
  std::string text;
  Fields fields;
  template <class V>
  void visit(V&& v) {
    v(priority, text, fields);
  }
};
struct LostLines {  // so many log lines did not fit
  std::uint64_t count = 0;
  template <class V>
  void visit(V&& v) {
    v(count);
  }
};
struct Publish {
  std::uint32_t request = 0;
  std::string topic;
  Bytes payload;
  std::uint8_t qos = 0;
  bool retain = false;
  template <class V>
  void visit(V&& v) {
    v(request, topic, payload, qos, retain);
  }
};
struct Subscribe {
  std::uint32_t request = 0;
  std::uint32_t subscription = 0;
  std::string filter;
  std::uint8_t qos = 0;
  template <class V>
  void visit(V&& v) {
    v(request, subscription, filter, qos);
  }
};
struct Unsubscribe {
  std::uint32_t subscription = 0;
  template <class V>
  void visit(V&& v) {
    v(subscription);
  }
};
struct Device {
  std::string infoJson;
  template <class V>
  void visit(V&& v) {
    v(infoJson);
  }
};
struct Declare {
  std::string property;
  std::string component;
  std::string configJson;
  bool hasState = false;
  bool hasCommand = false;
  template <class V>
  void visit(V&& v) {
    v(property, component, configJson, hasState, hasCommand);
  }
};
struct Remove {
  std::string property;
  template <class V>
  void visit(V&& v) {
    v(property);
  }
};
struct State {
  std::string property;
  std::string value;
  template <class V>
  void visit(V&& v) {
    v(property, value);
  }
};
struct Attributes {
  std::string json;
  template <class V>
  void visit(V&& v) {
    v(json);
  }
};
struct Event {
  std::string property;
  std::string json;
  template <class V>
  void visit(V&& v) {
    v(property, json);
  }
};
struct Refusal {  // why a command was not carried out
  std::string property;
  std::string json;
  template <class V>
  void visit(V&& v) {
    v(property, json);
  }
};
struct Available {
  bool available = false;
  template <class V>
  void visit(V&& v) {
    v(available);
  }
};
struct Unloaded {  // the unload handlers have run; the host ends by itself
  template <class V>
  void visit(V&&) {}
};

// --- storage: host -> supervisor, and StorageAnswer back. Values are JSON texts; `shared`: the store that
// all scripts share, not the script's own.

struct StorageGet {
  std::uint32_t request = 0;
  bool shared = false;
  std::string key;
  template <class V>
  void visit(V&& v) {
    v(request, shared, key);
  }
};
struct StorageKeys {  // some of them, the first behind `after`
  std::uint32_t request = 0;
  bool shared = false;
  std::string prefix;
  std::string after;
  template <class V>
  void visit(V&& v) {
    v(request, shared, prefix, after);
  }
};
// All of it or nothing: first what has to be there, and what not, then what is set and what removed.
struct StorageApply {
  std::uint32_t request = 0;
  bool shared = false;
  Fields expected;
  std::vector<std::string> expectedAbsent;
  Fields set;
  std::vector<std::string> removed;
  template <class V>
  void visit(V&& v) {
    v(request, shared, expected, expectedAbsent, set, removed);
  }
};
struct StorageFlush {
  std::uint32_t request = 0;
  bool shared = false;
  template <class V>
  void visit(V&& v) {
    v(request, shared);
  }
};
struct StorageAnswer {
  std::uint32_t request = 0;
  std::string code;  // empty: it went well
  std::string message;
  std::vector<std::string> values;  // of get: none or one; of keys; of apply: what was removed
  bool more = false;                // there are further keys
  template <class V>
  void visit(V&& v) {
    v(request, code, message, values, more);
  }
};

// --- deskd-guard: supervisor -> guard, and back

// A script's process, with its end of the socket it talks to the guard on. When the other end closes, all
// that it had on goes off, and Detached answers.
struct Attach {
  std::uint64_t process = 0;
  std::string script;
  std::vector<std::string> lines;  // that it may declare, as [permissions] names them
  template <class V>
  void visit(V&& v) {
    v(process, script, lines);
  }
};
struct Detached {
  std::uint64_t process = 0;
  template <class V>
  void visit(V&& v) {
    v(process);
  }
};
// While something is on, the supervisor says that it lives, more often than the shortest lease that Driving
// names; the guard answers with the same.
struct Heartbeat {
  template <class V>
  void visit(V&&) {}
};
struct Driving {
  std::uint32_t leaseMs = 0;  // 0: nothing is on
  template <class V>
  void visit(V&& v) {
    v(leaseMs);
  }
};
// The script runs, or is gone: lines that an earlier process of it left and that it has not declared are let
// go.
struct Settled {
  std::string script;
  template <class V>
  void visit(V&& v) {
    v(script);
  }
};

// The spare guard says that it is started and waits; nothing else comes from it until TakeOver, which makes
// it the guard.
struct Standby {
  template <class V>
  void visit(V&&) {}
};
struct TakeOver {
  template <class V>
  void visit(V&&) {}
};

// --- deskd-guard: supervisor -> host

struct GuardSocket {  // comes with the host's end
  template <class V>
  void visit(V&&) {}
};

// --- deskd-guard: host -> guard. Result answers what has a request number; outputs have numbers of the
// host's choice.

// Lease, maxOn and rest as in hal/motion_rules.h. The line is off, which is `safe`, when Result comes.
struct DeclareOutput {
  std::uint32_t request = 0;
  std::uint32_t output = 0;
  std::string line;
  bool safe = false;
  bool activeLow = false;
  std::uint8_t drive = 0;  // GpioDrive
  std::uint8_t bias = 0;   // GpioBias
  std::uint32_t leaseMs = 0;
  std::uint32_t maxOnMs = 0;
  std::uint32_t restMs = 0;
  template <class V>
  void visit(V&& v) {
    v(request, output, line, safe, activeLow, drive, bias, leaseMs, maxOnMs, restMs);
  }
};
// Comes with a duplicate of the serial port's descriptor, onto which the bytes go when an armed port has to
// be stopped.
struct DeclareFailsafe {
  std::uint32_t request = 0;
  std::uint32_t output = 0;
  std::string path;
  Bytes bytes;
  std::uint32_t leaseMs = 0;
  template <class V>
  void visit(V&& v) {
    v(request, output, path, bytes, leaseMs);
  }
};
struct Interlock {
  std::uint32_t request = 0;
  std::vector<std::uint32_t> outputs;
  std::uint32_t deadTimeMs = 0;
  template <class V>
  void visit(V&& v) {
    v(request, outputs, deadTimeMs);
  }
};
struct Drive {  // a port with failsafe bytes: arm it, or disarm it
  std::uint32_t request = 0;
  std::uint32_t output = 0;
  bool on = false;
  std::uint32_t leaseMs = 0;  // 0: as declared
  std::uint32_t pulseMs = 0;  // 0: until told otherwise
  template <class V>
  void visit(V&& v) {
    v(request, output, on, leaseMs, pulseMs);
  }
};
struct Renew {
  std::uint32_t output = 0;
  template <class V>
  void visit(V&& v) {
    v(output);
  }
};
struct Forget {  // off, and let go
  std::uint32_t output = 0;
  template <class V>
  void visit(V&& v) {
    v(output);
  }
};

// --- deskd-guard: guard -> host

struct Expired {  // the guard has driven it safe
  std::uint32_t output = 0;
  std::string reason;  // "lease", "supervisor", "maxOn", "pulse"
  template <class V>
  void visit(V&& v) {
    v(output, reason);
  }
};

using Any = std::variant<Fork, Forked, Load, Run, Unload, Connection, Message, Result, Command, Imports,
                         Loaded, Running, Failed, Log, LostLines, Publish, Subscribe, Unsubscribe, Device,
                         Declare, Remove, State, Attributes, Event, Refusal, Available, Unloaded, Attach,
                         Detached, Heartbeat, Driving, Settled, GuardSocket, DeclareOutput, DeclareFailsafe,
                         Interlock, Drive, Renew, Forget, Expired, StorageGet, StorageKeys, StorageApply,
                         StorageFlush, StorageAnswer, Standby, TakeOver>;

// Length of the datagram.
std::size_t encodedBytes(const Any& message);
// The datagram. Throws std::length_error if the message is longer than maxMessageBytes.
Bytes encode(const Any& message);
// Throws BadMessage (codec.h), whatever the bytes.
Any decode(const Bytes& datagram);
const char* nameOf(const Any& message);
// Whether others than deskd decide how many of these there are: log lines, publications, what a broker
// delivers.
bool isBulk(const Any& message);
// Whether it is to be read before whatever else waits.
bool isUrgent(const Any& message);

}  // namespace deskd::wire
