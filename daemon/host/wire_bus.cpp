// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/wire_bus.h"

#include <utility>

#include "hal/base/error.h"

namespace deskd {

namespace {

// More answers than this outstanding means that the script does not wait for any.
constexpr std::size_t mostRequests = 1000;

void requireFits(const wire::Any& message) {
  const std::size_t bytes = wire::encodedBytes(message);
  if (bytes > wire::maxMessageBytes)
    throw std::out_of_range(std::string(wire::nameOf(message)) + ": expected at most " +
                            std::to_string(wire::maxMessageBytes) + " bytes in all, found " +
                            std::to_string(bytes));
}

CodedError queueFull() {
  return CodedError("ERR_QUEUE_FULL",
                    "more is sent than deskd can take: wait for earlier publishes to resolve");
}

}  // namespace

void WireBus::receive(const wire::Connection& change) {
  connected_ = change.connected;
  if (changed_) changed_(connected_);
}

void WireBus::receive(wire::Message&& message) {
  const auto found = subscriptions_.find(message.subscription);
  if (found == subscriptions_.end()) return;  // closed while the message was on its way
  const OnMessage handler = found->second;    // it may close the subscription
  handler(message.topic, std::move(message.payload), message.qos, message.retained);
}

void WireBus::receive(const wire::Result& result) {
  const auto found = requests_.find(result.request);
  if (found == requests_.end()) return;
  const Done done = std::move(found->second);
  requests_.erase(found);
  done({result.code, result.message});
}

void WireBus::receive(const wire::Command& command) {
  if (command_) command_(command.property, command.payload);
}

std::uint32_t WireBus::remember(Done done) {
  if (requests_.size() >= mostRequests) throw queueFull();
  requests_[++lastRequest_] = std::move(done);
  return lastRequest_;
}

void WireBus::publish(std::string topic, Bytes payload, int qos, bool retain, Done done) {
  if (payload.size() > wire::maxPayloadBytes)
    throw std::out_of_range("payload: expected at most " + std::to_string(wire::maxPayloadBytes) +
                            " bytes, found " + std::to_string(payload.size()));
  wire::Publish publish{0, std::move(topic), std::move(payload), static_cast<std::uint8_t>(qos), retain};
  requireFits(publish);
  publish.request = remember(std::move(done));
  if (post_(publish)) return;
  requests_.erase(publish.request);
  throw queueFull();
}

std::uint32_t WireBus::subscribe(std::string filter, int qos, OnMessage onMessage, Done done) {
  const std::uint32_t subscription = ++lastSubscription_;
  wire::Subscribe subscribe{0, subscription, std::move(filter), static_cast<std::uint8_t>(qos)};
  requireFits(subscribe);
  subscribe.request = remember(std::move(done));
  if (!post_(subscribe)) {
    requests_.erase(subscribe.request);
    throw queueFull();
  }
  subscriptions_[subscription] = std::move(onMessage);
  return subscription;
}

void WireBus::unsubscribe(std::uint32_t subscription) {
  if (subscriptions_.erase(subscription) != 0) post_(wire::Unsubscribe{subscription});
}

void WireBus::require(const wire::Any& message) {
  requireFits(message);
  if (!post_(message)) throw queueFull();
}

void WireBus::device(std::string infoJson) {
  require(wire::Device{std::move(infoJson)});
}

void WireBus::declare(std::string property, std::string component, std::string configJson, bool hasState,
                      bool hasCommand) {
  require(
      wire::Declare{std::move(property), std::move(component), std::move(configJson), hasState, hasCommand});
}

void WireBus::remove(std::string property) {
  require(wire::Remove{std::move(property)});
}

void WireBus::state(std::string property, std::string value) {
  require(wire::State{std::move(property), std::move(value)});
}

void WireBus::attributes(std::string json) {
  require(wire::Attributes{std::move(json)});
}

void WireBus::event(std::string property, std::string json) {
  require(wire::Event{std::move(property), std::move(json)});
}

void WireBus::error(std::string property, std::string json) {
  require(wire::Refusal{std::move(property), std::move(json)});
}

void WireBus::available(bool isAvailable) {
  require(wire::Available{isAvailable});
}

}  // namespace deskd
