// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "daemon/deskd/mqtt_link.h"
#include "hal/base/mailbox.h"

namespace deskd {

// Stands where the broker would be while the settings name none: scripts run, and are told what publishing
// lacks.
class NoBroker final : public MqttLink {
 public:
  explicit NoBroker(Loop& loop)
      : answers_(loop, 100000, [](std::pair<MqttDone, MqttResult> answer) { answer.first(answer.second); }) {}

  bool connected() const override { return false; }
  int protocolVersion() const override { return 0; }
  void publish(MqttMessage, MqttDone done) override {
    answer(std::move(done), {"ERR_OFFLINE", "no broker: deskd.toml has no [mqtt] url", false});
  }
  void subscribe(const std::string&, MqttSubscription, MqttDone done) override {
    answer(std::move(done), {"", "", true});
  }
  void unsubscribe(const std::string&) override {}

 private:
  // No callback runs from inside the call that was given it.
  void answer(MqttDone done, MqttResult result) {
    if (done) answers_.post({std::move(done), std::move(result)});
  }

  Mailbox<std::pair<MqttDone, MqttResult>> answers_;
};

}  // namespace deskd
