// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/dbus_connection.h"

#include <poll.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <utility>

#include "daemon/deskd/dbus_error.h"
#include "hal/base/log.h"

namespace deskd {
namespace {

// Of one turn of the loop: a client that floods the bus has to let others in between.
constexpr int mostMessages = 32;

struct BusDelete {
  void operator()(sd_bus* bus) const {
    // Without flushing: that would wait for a bus that does not read.
    sd_bus_close(bus);
    sd_bus_unref(bus);
  }
};
using Bus = std::unique_ptr<sd_bus, BusDelete>;

Bus openBus(const std::string& where) {
  sd_bus* bus = nullptr;
  if (where == "system") {
    checkBus(sd_bus_open_system(&bus), "connect");
    return Bus(bus);
  }
  if (where == "session") {
    checkBus(sd_bus_open_user(&bus), "connect");
    return Bus(bus);
  }
  checkBus(sd_bus_new(&bus), "connect");
  Bus made(bus);
  checkBus(sd_bus_set_address(bus, where.c_str()), "use address");
  checkBus(sd_bus_set_bus_client(bus, 1), "connect");
  checkBus(sd_bus_start(bus), "connect");
  return made;
}

std::uint64_t monotonicUs() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

}  // namespace

void DbusSlotDelete::operator()(sd_bus_slot* slot) const {
  sd_bus_slot_unref(slot);
}

DbusConnection::DbusConnection(Loop& loop, std::string where, std::string name, Handlers handlers)
    : loop_(loop),
      where_(std::move(where)),
      name_(std::move(name)),
      handlers_(std::move(handlers)),
      due_(loop, [this] { process(); }),
      retry_(loop, [this] { open(); }),
      prepare_(loop, [this] { watch(); }) {
  due_.unref();
  retry_.unref();
  prepare_.unref();
}

DbusConnection::~DbusConnection() {
  close();
}

void DbusConnection::open() {
  try {
    bus_ = openBus(where_).release();
    poll_.emplace(loop_, checkBus(sd_bus_get_fd(bus_), "watch"), [this](int) { process(); });
    poll_->unref();
    handlers_.opened(bus_);
    sd_bus_slot* slot = nullptr;
    checkBus(sd_bus_request_name_async(
                 bus_, &slot, name_.c_str(), 0,
                 [](sd_bus_message* answer, void* self, sd_bus_error*) noexcept {
                   static_cast<DbusConnection*>(self)->named(answer);
                   return 1;
                 },
                 this),
             "ask for the name");
    nameRequest_.reset(slot);
  } catch (const std::exception& error) {
    failed(error.what());
  }
}

// Called from within sd-bus, which must outlive the call.
void DbusConnection::named(sd_bus_message* answer) {
  if (const sd_bus_error* error = sd_bus_message_get_error(answer)) {
    refused_ = std::string("the name ") + name_ +
               " is refused: " + (error->message != nullptr ? error->message : error->name);
    return;
  }
  std::uint32_t result = 0;
  constexpr std::uint32_t primaryOwner = 1;
  if (sd_bus_message_read(answer, "u", &result) < 0 || result != primaryOwner) {
    refused_ = std::string("another program has the name ") + name_;
    return;
  }
  delay_ = firstRetryDelay;
  said_.clear();
  log(Priority::info, "on D-Bus as " + name_);
}

void DbusConnection::watch() {
  if (bus_ == nullptr) return;
  const int wanted = sd_bus_get_events(bus_);
  if (wanted < 0) return due_.start(Milliseconds(0));  // process() finds out why
  const int events = ((wanted & POLLIN) != 0 ? UV_READABLE : 0) | ((wanted & POLLOUT) != 0 ? UV_WRITABLE : 0);
  if (std::exchange(events_, events) != events) poll_->start(events);
  std::uint64_t until = UINT64_MAX;
  if (sd_bus_get_timeout(bus_, &until) < 0 || until == UINT64_MAX) return due_.stop();
  const std::uint64_t now = monotonicUs();
  due_.start(Milliseconds(until <= now ? 0 : (until - now + 999) / 1000));
}

void DbusConnection::process() {
  if (bus_ == nullptr) return;
  int result = 1;
  for (int count = 0; count < mostMessages && result > 0; ++count)
    result = sd_bus_process(bus_, nullptr);
  if (!refused_.empty()) return failed(std::exchange(refused_, ""));
  if (result < 0 && result != -EAGAIN) return failed(std::string("lost: ") + errnoName(-result));
  if (sd_bus_is_open(bus_) <= 0) failed("lost");
}

void DbusConnection::failed(const std::string& why) {
  close();
  if (std::exchange(said_, why) != why)
    log(Priority::warning, "D-Bus (" + where_ + "): " + why + "; deskd goes on without, and tries again");
  retry_.start(delay_);
  delay_ = std::min(delay_ * 2, maxRetryDelay);
}

void DbusConnection::close() {
  due_.stop();
  if (bus_ == nullptr) return;
  handlers_.closing();
  nameRequest_.reset();
  poll_.reset();
  events_ = 0;
  const Bus last(std::exchange(bus_, nullptr));
}

}  // namespace deskd
