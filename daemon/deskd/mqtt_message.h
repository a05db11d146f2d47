// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace deskd {

// One application message, outgoing or incoming.
struct MqttMessage {
  std::string topic;
  std::string payload;  // bytes, not necessarily text
  int qos = 1;
  // Outgoing: the broker shall keep it. Incoming: it comes from the broker's store, or (where the
  // subscription asked for retainAsPublished) its sender had it kept.
  bool retained = false;
  // Seconds after which a broker drops it undelivered. MQTT 5 only; 3.1.1 has no such thing and sends it
  // plain.
  std::optional<std::uint32_t> expirySeconds;
  // Incoming under MQTT 5: the identifiers of the subscriptions it was sent for. Empty when the broker names
  // none.
  std::vector<std::uint32_t> subscriptionIds;
};

// What became of a publish or subscribe. `code` is empty on success and otherwise one of
// ERR_OFFLINE         there is no connection, or it broke before the broker answered
// ERR_QUEUE_FULL      too much is waiting for the broker's answer already
// ERR_NOT_AUTHORIZED  the broker's access rules forbid it (MQTT 5 tells; under 3.1.1 a refused publish looks
// granted) ERR_REFUSED         the broker refused it for another reason, named in `message` ERR_CLOSED deskd
// is going down
struct MqttResult {
  std::string code;
  std::string message;
  // Not sent yet, but kept as the topic's latest value, which goes out as soon as there is a connection.
  bool stored = false;

  bool ok() const { return code.empty(); }
};

using MqttDone = std::function<void(MqttResult)>;

// How a filter is subscribed. What MQTT 5 adds has no effect under 3.1.1.
struct MqttSubscription {
  int qos = 1;
  // False: the broker is asked not to send what it has stored (retain handling 2).
  bool wantRetained = true;
  // True: the retain flag arrives as its sender set it, also on messages sent just now.
  bool retainAsPublished = false;
  // Comes back in MqttMessage::subscriptionIds; 0: none. 1 .. 268435455.
  std::uint32_t id = 0;
};

}  // namespace deskd
