// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/mqtt_peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>

#include "hal/base/error.h"
#include "tests/fakes/run_until.h"

namespace deskd {
namespace {

enum Packet : std::uint8_t {
  connect = 0x10,
  connack = 0x20,
  publishType = 0x30,
  puback = 0x40,
  subscribeType = 0x82,
  suback = 0x90
};

std::string number(std::size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}

std::string field(const std::string& text) {
  return number(text.size()) + text;
}

std::string packet(std::uint8_t type, const std::string& body) {
  std::string bytes(1, static_cast<char>(type));
  std::size_t length = body.size();
  do {
    const std::size_t part = length % 128;
    length /= 128;
    bytes += static_cast<char>(length > 0 ? part | 0x80 : part);
  } while (length > 0);
  return bytes + body;
}

std::uint16_t numberAt(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes.at(at)) << 8 |
                                    static_cast<unsigned char>(bytes.at(at + 1)));
}

}  // namespace

MqttPeer::MqttPeer(Loop& loop, std::uint16_t port, const std::string& clientId, const std::string& username,
                   const std::string& password)
    : loop_(loop), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throwErrno("connect to broker");
  ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
  poll_.emplace(loop, fd_.get(), [this](int) { read(); });
  poll_->start(UV_READABLE);

  const bool named = !username.empty();
  const std::string flags(1, static_cast<char>(named ? 0xc2 : 0x02));
  std::string body = field("MQTT") + "\x04" + flags + number(0) + field(clientId);
  if (named) body += field(username) + field(password);
  send(packet(Packet::connect, body));
  await("CONNACK", [this] { return accepted_; });
}

void MqttPeer::subscribe(const std::string& filter) {
  const std::uint16_t id = nextPacket_++;
  send(packet(subscribeType, number(id) + field(filter) + "\x01"));
  await("SUBACK", [this, id] { return answered_ == id; });
}

void MqttPeer::publish(const std::string& topic, const std::string& payload, bool retained) {
  const std::uint16_t id = nextPacket_++;
  const auto type = static_cast<std::uint8_t>(publishType | 0x02 | (retained ? 0x01 : 0x00));
  send(packet(type, field(topic) + number(id) + payload));
  await("PUBACK", [this, id] { return answered_ == id; });
}

std::size_t MqttPeer::count(const std::string& topic) const {
  return static_cast<std::size_t>(std::count_if(
      received_.begin(), received_.end(), [&](const Message& message) { return message.topic == topic; }));
}

std::optional<std::string> MqttPeer::last(const std::string& topic) const {
  const auto found = std::find_if(received_.rbegin(), received_.rend(),
                                  [&](const Message& message) { return message.topic == topic; });
  if (found == received_.rend()) return std::nullopt;
  return found->payload;
}

bool MqttPeer::waitFor(const std::string& topic, const std::string& payload) {
  return runUntil(loop_, [&] { return last(topic) == payload; });
}

bool MqttPeer::waitFor(const std::string& topic) {
  return runUntil(loop_, [&] { return last(topic).has_value(); });
}

void MqttPeer::send(std::string_view packet) {
  while (!packet.empty()) {
    const ssize_t sent = ::send(fd_.get(), packet.data(), packet.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
      // Only a broker that does not read gets us here; let what it sent to us be taken meanwhile.
      uv_run(loop_.uv(), UV_RUN_ONCE);
      continue;
    }
    if (sent < 0) throwErrno("send to broker");
    packet.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void MqttPeer::read() {
  std::array<char, 65536> part{};
  const ssize_t got = ::recv(fd_.get(), part.data(), part.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    closed_ = true;
    poll_->stop();
    return;
  }
  input_.append(part.data(), static_cast<std::size_t>(got));
  for (;;) {
    std::size_t length = 0;
    std::size_t at = 1;
    bool complete = false;
    for (unsigned shift = 0; at < input_.size() && !complete; shift += 7) {
      const auto byte = static_cast<unsigned char>(input_[at++]);
      length |= static_cast<std::size_t>(byte & 0x7f) << shift;
      complete = (byte & 0x80) == 0;
    }
    if (!complete || input_.size() < at + length) return;
    const auto type = static_cast<std::uint8_t>(input_[0]);
    const std::string body = input_.substr(at, length);
    input_.erase(0, at + length);
    handle(type, body);
  }
}

void MqttPeer::handle(std::uint8_t type, std::string_view body) {
  switch (type & 0xf0) {
    case connack:
      accepted_ = body.at(1) == 0;
      closed_ = !accepted_;
      return;
    case suback:
    case puback:
      answered_ = numberAt(body, 0);
      return;
    case publishType: {
      const std::size_t length = numberAt(body, 0);
      std::size_t at = 2 + length;
      const bool acknowledged = (type & 0x06) != 0;
      Message message{std::string(body.substr(2, length)), "", (type & 0x01) != 0};
      if (acknowledged) {
        send(packet(puback, std::string(body.substr(at, 2))));
        at += 2;
      }
      message.payload = body.substr(at);
      received_.push_back(std::move(message));
      return;
    }
    default:
      return;
  }
}

void MqttPeer::await(const char* what, const std::function<bool()>& condition) {
  const bool done = runUntil(loop_, [&] { return condition() || closed_; });
  if (!done || !condition()) throw std::runtime_error(std::string("no ") + what + " from the broker");
}

}  // namespace deskd
