// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskctl/mqtt_text.h"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "daemon/deskctl/text.h"

namespace deskd {
namespace {

constexpr std::size_t columns = 80;
constexpr std::size_t longestTopic = 44;

std::string timeText(std::uint64_t us) {
  const auto seconds = static_cast<time_t>(us / 1000000);
  tm local{};
  ::localtime_r(&seconds, &local);
  char text[32];
  const std::size_t length = ::strftime(text, sizeof text, "%H:%M:%S", &local);
  std::snprintf(text + length, sizeof text - length, ".%03u", static_cast<unsigned>(us / 1000 % 1000));
  return text;
}

// "12:00:01.250 > deskd/office/desk/height/state  72.5  (retained)"
std::string lineOf(const MessageRow& message) {
  std::string head = timeText(message.timeUs) + (message.out ? " > " : " < ") +
                     shortened(printable(message.topic), longestTopic) + "  ";
  const std::string tail = message.retained ? "  (retained)" : "";
  std::string payload = printable(message.payload);
  if (message.payloadBytes > message.payload.size()) payload += "…";
  return head + shortened(payload, columns - width(head) - tail.size()) + tail + "\n";
}

}  // namespace

std::string mqttText(const Overview& overview, const std::vector<MessageRow>& messages) {
  if (overview.brokerUrl.empty()) return "no broker: deskd.toml has no [mqtt] url\n";
  std::string text =
      shortened(printable(overview.brokerUrl), 50) +
      (overview.brokerConnected ? ", connected, MQTT " + overview.mqttVersion : ", not connected") + "\n" +
      std::to_string(overview.subscriptions) +
      (overview.subscriptions == 1 ? " subscription, " : " subscriptions, ") +
      std::to_string(overview.messagesIn) + " messages received, " + std::to_string(overview.messagesOut) +
      " sent\n";
  if (!messages.empty()) text += "\n";
  for (const MessageRow& message : messages)
    text += lineOf(message);
  return text;
}

std::string mqttJson(const Overview& overview, const std::vector<MessageRow>& messages) {
  nlohmann::json rows = nlohmann::json::array();
  for (const MessageRow& message : messages)
    rows.push_back({{"timeUs", message.timeUs},
                    {"direction", message.out ? "out" : "in"},
                    {"topic", message.topic},
                    {"payload", message.payload},
                    {"payloadBytes", message.payloadBytes},
                    {"qos", message.qos},
                    {"retained", message.retained}});
  const nlohmann::json json{{"brokerUrl", overview.brokerUrl},
                            {"connected", overview.brokerConnected},
                            {"mqttVersion", overview.mqttVersion},
                            {"subscriptions", overview.subscriptions},
                            {"messagesIn", overview.messagesIn},
                            {"messagesOut", overview.messagesOut},
                            {"recent", std::move(rows)}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace deskd
