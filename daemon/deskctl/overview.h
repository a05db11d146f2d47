// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace deskd {

// What deskd says of one script, and of itself, over D-Bus.
struct ScriptRow {
  std::string name;
  std::string state;
  std::uint64_t sinceUs = 0;
  std::uint32_t restarts = 0;
  std::string lastError;
  std::uint32_t pid = 0;
  std::string device;
  std::vector<std::string> entities;
  std::string logLevel;
  std::uint64_t memoryBytes = 0;
  std::uint64_t cpuUs = 0;
};

struct Overview {
  std::string version;
  std::string node;
  std::string brokerUrl;
  bool brokerConnected = false;
  std::string mqttVersion;
  std::uint64_t messagesIn = 0;
  std::uint64_t messagesOut = 0;
  std::uint32_t subscriptions = 0;
  bool guardWorks = false;
  std::string safeModeReason;
  std::string logLevel;
  std::vector<ScriptRow> scripts;  // by name
};

struct MessageRow {
  std::uint64_t timeUs = 0;
  bool out = false;
  std::string topic;
  std::string payload;  // its beginning
  std::uint64_t payloadBytes = 0;
  int qos = 0;
  bool retained = false;
};

}  // namespace deskd
