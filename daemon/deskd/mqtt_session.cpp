// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/mqtt_session.h"

#include <mqtt/async_client.h>

#include <stdexcept>

#ifdef __SANITIZE_THREAD__
// Tokens and messages are counted by shared_ptr on both sides; ThreadSanitizer does not see Paho C++ do its
// half of it.
extern "C" const char* __tsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier)
  return "race:mqtt::delivery_token::~delivery_token\nrace:mqtt::async_client::remove_token\n";
}
#endif

#ifdef __SANITIZE_ADDRESS__
// Paho C 1.3.11 (Debian 12's 1.3.12 package) loses topic and payload of the publishes that are in flight when
// a connection breaks: MQTTAsync_freeResponses() trusts that the protocol part frees them, which has
// forgotten them. The client's window bounds it to twenty messages a loss.
extern "C" const char* __lsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier)
  return "leak:libpaho-mqtt3as\n";
}
#endif

namespace deskd {
namespace {

using Kind = MqttEvent::Kind;

std::string pahoUri(const MqttSettings& settings) {
  const bool v6 = settings.host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + settings.host + "]" : settings.host;
  return (settings.tls ? "ssl://" : "tcp://") + host + ":" + std::to_string(settings.port);
}

mqtt::ssl_options sslOptions(const MqttSettings& settings) {
  mqtt::ssl_options ssl;
  if (!settings.caFile.empty()) ssl.set_trust_store(settings.caFile);
  if (!settings.certFile.empty()) ssl.set_key_store(settings.certFile);
  if (!settings.keyFile.empty()) ssl.set_private_key(settings.keyFile);
  ssl.set_enable_server_cert_auth(true);
  ssl.set_verify(settings.verifyName);
  return ssl;
}

mqtt::connect_options connectOptions(const MqttSession::Options& options) {
  mqtt::connect_options connect;
  // The version comes first: newer Paho takes one of the two flags depending on it.
  connect.set_mqtt_version(options.mqtt5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1);
  if (options.mqtt5) {
    connect.set_clean_session(false);
    connect.set_clean_start(true);
    // The session expiry interval is left out, which means 0: the session ends with the connection.
    mqtt::properties properties;
    properties.add({mqtt::property::MAXIMUM_PACKET_SIZE, static_cast<std::int32_t>(options.maxPacketBytes)});
    connect.set_properties(properties);
  } else {
    connect.set_clean_session(true);
  }
  connect.set_automatic_reconnect(false);
  connect.set_keep_alive_interval(static_cast<int>(options.settings.keepAliveS));
  connect.set_connect_timeout(static_cast<int>(options.connectTimeoutS));
  if (!options.settings.username.empty()) connect.set_user_name(options.settings.username);
  if (options.password) connect.set_password(*options.password);
  if (options.settings.tls) connect.set_ssl(sslOptions(options.settings));
  if (options.will) {
    const MqttMessage& will = *options.will;
    connect.set_will_message(mqtt::message(will.topic, will.payload, will.qos, will.retained));
  }
  return connect;
}

MqttMessage convert(const mqtt::const_message_ptr& message) {
  MqttMessage result;
  result.topic = message->get_topic();
  result.payload = message->get_payload();
  result.qos = message->get_qos();
  result.retained = message->is_retained();
  const mqtt::properties& properties = message->get_properties();
  const std::size_t ids = properties.count(mqtt::property::SUBSCRIPTION_IDENTIFIER);
  for (std::size_t i = 0; i < ids; ++i) {
    result.subscriptionIds.push_back(
        mqtt::get<std::uint32_t>(properties, mqtt::property::SUBSCRIPTION_IDENTIFIER, i));
  }
  if (properties.contains(mqtt::property::MESSAGE_EXPIRY_INTERVAL)) {
    result.expirySeconds = mqtt::get<std::uint32_t>(properties, mqtt::property::MESSAGE_EXPIRY_INTERVAL);
  }
  return result;
}

// Requests travel through Paho as the token's context.
void* asContext(std::uint32_t request) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(request));  // NOLINT(performance-no-int-to-ptr)
}

template <class Action>
void orThrow(Action action) {
  try {
    action();
  } catch (const mqtt::exception& error) {
    throw std::runtime_error(mqttErrorText(error.get_return_code(), error.get_reason_code()));
  }
}

}  // namespace

// Member order is teardown order: the client goes first, and with it the last callback.
class MqttSession::Paho final : public mqtt::iaction_listener {
 public:
  Paho(std::uint64_t number, const Options& options, std::shared_ptr<MqttInbox> inbox)
      : number_(number),
        options_(options),
        inbox_(std::move(inbox)),
        client_(pahoUri(options.settings), options.clientId, createOptions(options)) {
    client_.set_connected_handler([this](const std::string&) { post(Kind::connected, 0, receiveMaximum_); });
    client_.set_connection_lost_handler(
        [this](const std::string& cause) { post(Kind::lost, 0, 0, 0, cause); });
    client_.set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode reason) {
      post(Kind::disconnected, 0, 0, static_cast<int>(reason));
    });
    client_.set_message_callback([this](const mqtt::const_message_ptr& message) { received(message); });
  }

  void connect() { client_.connect(connectOptions(options_), nullptr, *this); }
  mqtt::async_client& client() { return client_; }

 private:
  static mqtt::create_options createOptions(const Options& options) {
    // The bound counts what waits behind the messages in flight also while connected; ours is the tighter
    // one.
    constexpr int pahoBound = 1000000;
    return mqtt::create_options(options.mqtt5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1, pahoBound);
  }

  void on_success(const mqtt::token& token) override {
    if (token.get_type() != mqtt::token::CONNECT) return answered(token);
    // That there is a connection, the connected handler tells, which comes next.
    if (!options_.mqtt5) return;
    const mqtt::connect_response response = token.get_connect_response();
    const mqtt::properties& properties = response.get_properties();
    if (!properties.contains(mqtt::property::RECEIVE_MAXIMUM)) return;
    receiveMaximum_ = mqtt::get<std::uint16_t>(properties, mqtt::property::RECEIVE_MAXIMUM);
  }
  void on_failure(const mqtt::token& token) override {
    if (token.get_type() != mqtt::token::CONNECT) return answered(token);
    post(Kind::connectFailed, 0, token.get_return_code(), reasonOf(token));
  }
  void answered(const mqtt::token& token) {
    const auto request =
        static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(token.get_user_context()));
    post(Kind::answered, request, token.get_return_code(), reasonOf(token));
  }
  int reasonOf(const mqtt::token& token) const {
    // Under 3.1.1 the library fills in a number of its own.
    return options_.mqtt5 ? static_cast<int>(token.get_reason_code()) : 0;
  }
  void received(const mqtt::const_message_ptr& message) noexcept {
    MqttEvent event;
    event.kind = Kind::message;
    event.session = number_;
    event.message = convert(message);
    inbox_->post(std::move(event));
  }
  void post(Kind kind, std::uint32_t request = 0, int code = 0, int reason = 0,
            std::string text = {}) noexcept {
    MqttEvent event;
    event.kind = kind;
    event.session = number_;
    event.request = request;
    event.code = code;
    event.reason = reason;
    event.text = std::move(text);
    inbox_->post(std::move(event));
  }

  const std::uint64_t number_;
  const Options options_;
  const std::shared_ptr<MqttInbox> inbox_;
  int receiveMaximum_ = 0;
  mqtt::async_client client_;
};

MqttSession::MqttSession(std::uint64_t number, const Options& options, std::shared_ptr<MqttInbox> inbox)
    : number_(number), mqtt5_(options.mqtt5) {
  orThrow([&] { paho_ = std::make_unique<Paho>(number, options, std::move(inbox)); });
}

MqttSession::~MqttSession() = default;

void MqttSession::connect() {
  orThrow([&] { paho_->connect(); });
}

void MqttSession::publish(const MqttMessage& message, std::uint32_t request) {
  orThrow([&] {
    const mqtt::message_ptr out =
        mqtt::message::create(message.topic, message.payload, message.qos, message.retained);
    if (mqtt5_ && message.expirySeconds) {
      mqtt::properties properties;
      properties.add(
          {mqtt::property::MESSAGE_EXPIRY_INTERVAL, static_cast<std::int32_t>(*message.expirySeconds)});
      out->set_properties(properties);
    }
    paho_->client().publish(out, asContext(request), *paho_);
  });
}

void MqttSession::subscribe(const std::string& filter, const MqttSubscription& options,
                            std::uint32_t request) {
  orThrow([&] {
    mqtt::subscribe_options how;
    mqtt::properties properties;
    if (mqtt5_) {
      how.set_retain_as_published(options.retainAsPublished);
      how.set_retain_handling(options.wantRetained ? mqtt::subscribe_options::SEND_RETAINED_ON_SUBSCRIBE
                                                   : mqtt::subscribe_options::DONT_SEND_RETAINED);
      if (options.id != 0) {
        properties.add({mqtt::property::SUBSCRIPTION_IDENTIFIER, static_cast<std::int32_t>(options.id)});
      }
    }
    // One filter at a time: Paho C++ 1.2.0 crashes on a list of them with options.
    paho_->client().subscribe(filter, options.qos, asContext(request), *paho_, how, properties);
  });
}

void MqttSession::unsubscribe(const std::string& filter, std::uint32_t request) {
  orThrow([&] { paho_->client().unsubscribe(filter, asContext(request), *paho_); });
}

std::string mqttErrorText(int code, int reason) {
  constexpr int firstRefusal = 128;
  if (reason >= firstRefusal) return mqtt::exception::reason_code_str(reason);
  // What a 3.1.1 broker answers to CONNECT; Paho words only its own, negative codes.
  switch (code) {
    case 1:
      return "the broker does not speak this version of MQTT";
    case 2:
      return "the broker refuses the client id";
    case 3:
      return "the broker is not available";
    case 4:
      return "wrong user name or password";
    case 5:
      return "not authorized";
    case 128:
      return "the broker refuses the subscription";
    case MQTTASYNC_FAILURE:
      return "nothing answers there (is a broker running, and is mqtt.url right?)";
    default:
      break;
  }
  return mqtt::exception::error_str(code);
}

}  // namespace deskd
