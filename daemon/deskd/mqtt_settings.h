// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace deskd {

enum class MqttVersion { newest, v311, v5 };  // newest: 5, falling back to 3.1.1
enum class Discovery { entity, device, off };

// The [mqtt] table. The password is no setting: see secret.h.
struct MqttSettings {
  std::string url;  // as written, for messages; empty: no broker
  std::string host;
  std::uint16_t port = 1883;
  bool tls = false;
  std::string username;
  std::string passwordFile;
  std::string caFile;  // empty: the system's certificate authorities
  std::string certFile;
  std::string keyFile;
  bool verifyName = true;  // that the broker's certificate is for `host`
  MqttVersion version = MqttVersion::newest;
  std::string clientId;  // "deskd-<node>" unless set
  unsigned keepAliveS = 12;
  std::string prefix = "deskd";
  std::string discoveryPrefix = "homeassistant";
  Discovery discovery = Discovery::entity;

  bool enabled() const { return !url.empty(); }
  bool operator==(const MqttSettings&) const = default;
};

// Takes "mqtt://host[:port]" or "mqtts://host[:port]" apart into url, host, port and tls; an IPv6 address is
// written in brackets. Throws std::invalid_argument saying what is wrong with it.
void parseMqttUrl(const std::string& url, MqttSettings& into);

}  // namespace deskd
