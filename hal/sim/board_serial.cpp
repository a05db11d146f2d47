// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/board_serial.h"

#include <array>
#include <cctype>
#include <stdexcept>
#include <utility>

namespace deskd {
namespace {

constexpr std::size_t kMostKept = 64 * 1024;

void requireName(const std::string& name) {
  bool suits = !name.empty() && name.size() <= 64;
  for (const char c : name)
    suits = suits && (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_');
  if (!suits)
    throw std::invalid_argument("serial port: expected a name of letters, digits, - and _, found " + name);
}

}  // namespace

std::string BoardSerial::add(const std::string& name, Received received) {
  requireName(name);
  if (ports_.contains(name)) throw std::invalid_argument("serial port " + name + " is there already");
  auto port = std::make_unique<Port>();
  port->link = prefix_ + "." + name;
  port->received = std::move(received);
  connect(*port);
  return ports_.emplace(name, std::move(port)).first->second->link;
}

void BoardSerial::remove(const std::string& name) {
  static_cast<void>(at(name));
  ports_.erase(name);
}

void BoardSerial::plug(const std::string& name) {
  Port& port = at(name);
  if (!port.pty) connect(port);
}

void BoardSerial::unplug(const std::string& name) {
  Port& port = at(name);
  port.poll.reset();
  port.pty.reset();
}

void BoardSerial::send(const std::string& name, std::span<const std::uint8_t> bytes) {
  if (Port& port = at(name); port.pty) port.pty->write(bytes);
}

std::vector<std::uint8_t> BoardSerial::take(const std::string& name) {
  Port& port = at(name);
  if (port.pty) read(port);  // what is there already must not wait for the loop
  return std::exchange(port.kept, {});
}

BoardSerial::Port& BoardSerial::at(const std::string& name) {
  const auto found = ports_.find(name);
  if (found == ports_.end()) throw std::invalid_argument("there is no serial port " + name);
  return *found->second;
}

void BoardSerial::connect(Port& port) {
  port.pty.emplace(port.link);
  port.poll.emplace(loop_, port.pty->fd(), [&port](int) { read(port); });
  port.poll->start(UV_READABLE);
}

void BoardSerial::read(Port& port) {
  std::array<std::uint8_t, 4096> buffer;
  const std::size_t size = port.pty->read(buffer);
  if (size == 0) return;
  const std::span<const std::uint8_t> bytes(buffer.data(), size);
  if (port.received) return port.received(bytes);
  port.kept.insert(port.kept.end(), bytes.begin(), bytes.end());
  if (port.kept.size() > kMostKept)
    port.kept.erase(port.kept.begin(), port.kept.end() - static_cast<std::ptrdiff_t>(kMostKept));
}

}  // namespace deskd
