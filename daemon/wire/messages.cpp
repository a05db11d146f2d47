// SPDX-License-Identifier: Apache-2.0
#include "daemon/wire/messages.h"

#include <array>

#include "daemon/wire/codec.h"

namespace deskd::wire {
namespace {

constexpr std::size_t headerBytes = 8;

template <std::size_t... I>
Any makeByIndex(std::size_t index, std::index_sequence<I...>) {
  using Make = Any (*)();
  static constexpr std::array<Make, sizeof...(I)> makers{[] { return Any(std::in_place_index<I>); }...};
  return makers.at(index)();
}

}  // namespace

std::size_t encodedBytes(const Any& message) {
  Counter body;
  std::visit([&](const auto& fields) { const_cast<std::decay_t<decltype(fields)>&>(fields).visit(body); },
             message);
  return headerBytes + body.bytes();
}

Bytes encode(const Any& message) {
  const std::size_t size = encodedBytes(message);
  if (size > maxMessageBytes)
    throw std::length_error(std::string(nameOf(message)) + " message of " +
                            std::to_string(size - headerBytes) + " bytes: expected at most " +
                            std::to_string(maxMessageBytes - headerBytes));
  Writer whole(size);
  whole(version, static_cast<std::uint8_t>(message.index()), std::uint16_t{0},
        static_cast<std::uint32_t>(size - headerBytes));
  // visit() serves reading too, so it is not const; writing changes nothing.
  std::visit([&](const auto& fields) { const_cast<std::decay_t<decltype(fields)>&>(fields).visit(whole); },
             message);
  return std::move(whole.bytes());
}

Any decode(const Bytes& datagram) {
  if (datagram.size() > maxMessageBytes)
    throw BadMessage("expected at most " + std::to_string(maxMessageBytes) + " bytes");
  Reader header(datagram);
  std::uint8_t theirs = 0;
  std::uint8_t type = 0;
  std::uint16_t zero = 0;
  std::uint32_t size = 0;
  header(theirs, type, zero, size);
  if (theirs != version)
    throw BadMessage("expected version " + std::to_string(version) + ", found " + std::to_string(theirs));
  if (type >= std::variant_size_v<Any>) throw BadMessage("unknown message type " + std::to_string(type));
  if (zero != 0) throw BadMessage("expected zero, found " + std::to_string(zero));
  if (size != datagram.size() - headerBytes)
    throw BadMessage("expected " + std::to_string(size) + " bytes, found " +
                     std::to_string(datagram.size() - headerBytes));
  Any message = makeByIndex(type, std::make_index_sequence<std::variant_size_v<Any>>());
  Reader body(std::span<const std::uint8_t>(datagram).subspan(headerBytes));
  std::visit([&](auto& fields) { fields.visit(body); }, message);
  body.finish();
  return message;
}

bool isBulk(const Any& message) {
  return std::visit(
      [](const auto& fields) {
        using T = std::decay_t<decltype(fields)>;
        return std::is_same_v<T, Message> || std::is_same_v<T, Log> || std::is_same_v<T, LostLines> ||
               std::is_same_v<T, Publish> || std::is_same_v<T, Subscribe> || std::is_same_v<T, Unsubscribe> ||
               std::is_same_v<T, Declare> || std::is_same_v<T, Remove> || std::is_same_v<T, State> ||
               std::is_same_v<T, Attributes> || std::is_same_v<T, Event> || std::is_same_v<T, Refusal> ||
               std::is_same_v<T, StorageGet> || std::is_same_v<T, StorageKeys> ||
               std::is_same_v<T, StorageApply>;
      },
      message);
}

bool isUrgent(const Any& message) {
  return std::holds_alternative<Command>(message) || std::holds_alternative<Unload>(message) ||
         std::holds_alternative<Failed>(message);
}

const char* nameOf(const Any& message) {
  static constexpr std::array<const char*, std::variant_size_v<Any>> names{
      "Fork",         "Forked",       "Load",          "Run",           "Unload",          "Connection",
      "Message",      "Result",       "Command",       "Imports",       "Loaded",          "Running",
      "Failed",       "Log",          "LostLines",     "Publish",       "Subscribe",       "Unsubscribe",
      "Device",       "Declare",      "Remove",        "State",         "Attributes",      "Event",
      "Refusal",      "Available",    "Unloaded",      "Attach",        "Detached",        "Heartbeat",
      "Driving",      "Settled",      "GuardSocket",   "DeclareOutput", "DeclareFailsafe", "Interlock",
      "Drive",        "Renew",        "Forget",        "Expired",       "StorageGet",      "StorageKeys",
      "StorageApply", "StorageFlush", "StorageAnswer", "Standby",       "TakeOver"};
  return names.at(message.index());
}

}  // namespace deskd::wire
