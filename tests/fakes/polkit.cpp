// SPDX-License-Identifier: Apache-2.0
// Stands in for polkit on a private bus: allows or forbids everything, and prints what it is asked.
// Usage: fake-polkit ADDRESS allow|forbid
#include <systemd/sd-bus.h>

#include <cstdint>
#include <cstdio>
#include <string>

namespace {

int answer(sd_bus_message* message, void* allow, sd_bus_error*) {
  const char* kind = nullptr;
  const char* key = nullptr;
  const char* sender = nullptr;
  const char* action = nullptr;
  std::uint32_t flags = 0;
  int result = sd_bus_message_read(message, "(sa{sv})", &kind, 1, &key, "s", &sender);
  if (result >= 0) result = sd_bus_message_read(message, "s", &action);
  if (result >= 0) result = sd_bus_message_skip(message, "a{ss}");
  if (result >= 0) result = sd_bus_message_read(message, "u", &flags);
  if (result < 0) return result;
  std::printf("asked: %s %s %s %s interactive=%u\n", kind, key, sender, action, flags);
  return sd_bus_reply_method_return(message, "(bba{ss})", *static_cast<bool*>(allow) ? 1 : 0, 0, 0);
}

const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", answer, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

int run(const char* address, bool allow) {
  sd_bus* bus = nullptr;
  int result = sd_bus_new(&bus);
  if (result >= 0) result = sd_bus_set_address(bus, address);
  if (result >= 0) result = sd_bus_set_bus_client(bus, 1);
  if (result >= 0) result = sd_bus_start(bus);
  if (result >= 0)
    result = sd_bus_add_object_vtable(bus, nullptr, "/org/freedesktop/PolicyKit1/Authority",
                                      "org.freedesktop.PolicyKit1.Authority", vtable, &allow);
  if (result >= 0) result = sd_bus_request_name(bus, "org.freedesktop.PolicyKit1", 0);
  if (result >= 0) std::puts("ready");
  while (result >= 0) {
    result = sd_bus_process(bus, nullptr);
    if (result == 0) result = sd_bus_wait(bus, UINT64_MAX);
  }
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  return count == 3 ? run(arguments[1], std::string(arguments[2]) == "allow") : 2;
}
