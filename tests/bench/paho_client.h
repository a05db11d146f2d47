// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <MQTTAsync.h>

#include <functional>
#include <future>
#include <stdexcept>
#include <string>

#include "daemon/deskd/tcp_no_delay.h"

namespace deskd::bench {

// Paho's C client and nothing else: what the daemon is measured against, and with. Subscribes one topic at
// QoS 1.
class PahoClient {
 public:
  using OnMessage = std::function<void(const std::string& payload)>;

  PahoClient(const std::string& port, const std::string& id, const std::string& topic, OnMessage onMessage)
      : topic_(topic), onMessage_(std::move(onMessage)) {
    const std::string url = "tcp://127.0.0.1:" + port;
    MQTTAsync_create(&client_, url.c_str(), id.c_str(), MQTTCLIENT_PERSISTENCE_NONE, nullptr);
    MQTTAsync_setCallbacks(client_, this, nullptr, arrived, nullptr);
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
    options.context = this;
    options.cleansession = 1;
    options.onSuccess = connected;
    options.onFailure = failed;
    if (MQTTAsync_connect(client_, &options) != MQTTASYNC_SUCCESS) throw std::runtime_error("cannot connect");
    ready_.get_future().get();
    // As deskd does. Without it Paho waits for delayed acknowledgements, and anything would win against it.
    setTcpNoDelay("127.0.0.1", static_cast<std::uint16_t>(std::stoi(port)));
  }
  ~PahoClient() {
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
    MQTTAsync_disconnect(client_, &options);
    MQTTAsync_destroy(&client_);
  }
  PahoClient(const PahoClient&) = delete;
  PahoClient& operator=(const PahoClient&) = delete;

  void publish(const std::string& topic, const std::string& payload) {
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    MQTTAsync_send(client_, topic.c_str(), static_cast<int>(payload.size()), payload.data(), 1, 0, &options);
  }

 private:
  static void connected(void* self, MQTTAsync_successData*) {
    auto& client = *static_cast<PahoClient*>(self);
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    options.context = self;
    options.onSuccess = [](void* me, MQTTAsync_successData*) {
      static_cast<PahoClient*>(me)->ready_.set_value();
    };
    options.onFailure = failed;
    MQTTAsync_subscribe(client.client_, client.topic_.c_str(), 1, &options);
  }
  static void failed(void* self, MQTTAsync_failureData*) {
    static_cast<PahoClient*>(self)->ready_.set_exception(
        std::make_exception_ptr(std::runtime_error("the broker refuses")));
  }
  static int arrived(void* self, char* topic, int, MQTTAsync_message* message) {
    static_cast<PahoClient*>(self)->onMessage_(std::string(static_cast<const char*>(message->payload),
                                                           static_cast<std::size_t>(message->payloadlen)));
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
  }

  MQTTAsync client_ = nullptr;
  std::string topic_;
  OnMessage onMessage_;
  std::promise<void> ready_;
};

}  // namespace deskd::bench
