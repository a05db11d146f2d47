// SPDX-License-Identifier: Apache-2.0
// paho_echo PORT: answers every message on echo/paho/in with one on echo/paho/out, until its input ends.
#include <cstdio>
#include <iostream>

#include "tests/bench/paho_client.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  deskd::bench::PahoClient* self = nullptr;
  deskd::bench::PahoClient client(argv[1], "paho-echo", "echo/paho/in", [&](const std::string& payload) {
    self->publish("echo/paho/out", payload);
  });
  self = &client;
  std::puts("ready");
  std::fflush(stdout);
  while (std::cin.get() != EOF) {
  }
}
