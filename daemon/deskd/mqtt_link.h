// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "daemon/deskd/mqtt_message.h"

namespace deskd {

// The seam between what uses a broker (router, cache, hub) and the client that talks to one. All calls and
// all callbacks are on the supervisor's loop; no callback runs from inside the call that was given it.
class MqttLink {
 public:
  virtual ~MqttLink() = default;

  virtual bool connected() const = 0;
  // 5, or 3 for 3.1.1, while connected; otherwise 0.
  virtual int protocolVersion() const = 0;
  // Sends once; nothing is kept for later. `done` (which may be empty) is called exactly once.
  virtual void publish(MqttMessage message, MqttDone done) = 0;
  // Keeps the filter subscribed over all connections to come, until unsubscribe(). Subscribing a filter again
  // replaces its options and makes the broker send its stored messages again. While offline `done` reports
  // success with `stored`; a refusal at a later connection is logged.
  virtual void subscribe(const std::string& filter, MqttSubscription options, MqttDone done) = 0;
  virtual void unsubscribe(const std::string& filter) = 0;
};

}  // namespace deskd
