// SPDX-License-Identifier: Apache-2.0
// native:mqtt: the broker as bindings/js/mqtt.js needs it. The connection itself is the supervisor's.
#include "bindings/async.h"
#include "bindings/builtins.h"
#include "bindings/open_handle.h"

namespace deskd {
namespace {

class Subscription final : public Wrapped {
 public:
  Subscription(Js& js, Callback onMessage) : Wrapped(js), onMessage_(std::move(onMessage)) {}

  // The message callback pins this object until close().
  void open(std::string filter, int qos, Done done) {
    pin();
    id_ = js().services().bus.subscribe(
        std::move(filter), qos,
        [this](std::string_view topic, Bytes payload, int messageQos, bool retained) {
          FromLoop(*this).enter([&] {
            if (onMessage_) onMessage_.call(js(), std::string(topic), payload, messageQos, retained);
          });
        },
        std::move(done));
  }

  void close() override {
    if (id_ != 0) js().services().bus.unsubscribe(std::exchange(id_, 0));
    onMessage_.reset();
    handle_.reset();
    unpin();
  }

 private:
  std::optional<OpenHandle> handle_{std::in_place, js()};
  Callback onMessage_;
  std::uint32_t id_ = 0;
};

// The callback for changes of the connection.
class ConnectionHook final : public Wrapped {
 public:
  explicit ConnectionHook(Js& js) : Wrapped(js) {
    js.services().bus.onConnection([this](bool connected) {
      FromLoop(*this).enter([&] {
        if (hook_) hook_.call(this->js(), connected);
      });
    });
  }
  void set(Callback hook) { hook_ = std::move(hook); }
  void close() override {
    js().services().bus.onConnection(nullptr);
    hook_.reset();
  }

 private:
  Callback hook_;
};

void requireQos(int qos) {
  if (qos < 0 || qos > 2) throw std::out_of_range("qos: expected 0, 1 or 2, found " + std::to_string(qos));
}

Bytes bytesOf(Js& js, v8::Local<v8::Value> payload) {
  if (!payload->IsString()) return Convert<Bytes>::from(js, payload);
  const std::string text = Convert<std::string>::from(js, payload);
  return Bytes(text.begin(), text.end());
}

v8::Local<v8::Promise> publish(Js& js, std::string topic, v8::Local<v8::Value> payload, int qos,
                               bool retain) {
  requireQos(qos);
  const Deferred deferred(js);
  const auto promise = deferred.promise();
  js.services().bus.publish(std::move(topic), bytesOf(js, payload), qos, retain,
                            [deferred](const Outcome& outcome) { deferred.settle(outcome); });
  return promise;
}

v8::Local<v8::Promise> subscribe(Js& js, std::string filter, int qos, Callback onMessage) {
  requireQos(qos);
  auto* subscription = make<Subscription>(js, std::move(onMessage));
  const Deferred deferred(js);
  const auto promise = deferred.promise();
  subscription->open(std::move(filter), qos, [subscription, deferred](const Outcome& outcome) {
    if (outcome.ok()) {
      deferred.resolveWith([subscription] { return subscription->wrapper(); });
    } else {
      subscription->close();
      deferred.reject(outcome);
    }
  });
  return promise;
}

bool connected(Js& js) {
  return js.services().bus.connected();
}

void onConnection(Js& js, Callback hook) {
  js.single<ConnectionHook>().set(std::move(hook));
}

}  // namespace

void addMqtt(ModuleBuilder& module) {
  module.type<Subscription>("Subscription").method<&Subscription::close>("close");
  module.function<publish>("publish")
      .function<subscribe>("subscribe")
      .function<connected>("connected")
      .function<onConnection>("onConnection");
}

}  // namespace deskd
