// SPDX-License-Identifier: Apache-2.0
// round_trip PORT NAME... COUNT: for each NAME in turns, sends a message to echo/NAME/in and waits for its
// answer on echo/NAME/out. Prints the p50 and p99 of each in microseconds, and all of them as ratios to the
// first.
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "tests/bench/paho_client.h"
#include "tests/bench/partners.h"

namespace {

struct Partner {
  deskd::bench::Samples samples;
  std::mutex mutex;
  std::condition_variable changed;
  std::string answer;
  std::unique_ptr<deskd::bench::PahoClient> client;

  Partner(const std::string& port, const std::string& name) : samples{name, {}} {
    client = std::make_unique<deskd::bench::PahoClient>(port, "round-trip-" + name, "echo/" + name + "/out",
                                                        [this](const std::string& payload) {
                                                          const std::lock_guard lock(mutex);
                                                          answer = payload;
                                                          changed.notify_one();
                                                        });
  }

  void once(const std::string& payload, bool keep) {
    const auto start = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex);
    client->publish("echo/" + samples.name + "/in", payload);
    if (!changed.wait_for(lock, std::chrono::seconds(10), [&] { return answer == payload; }))
      throw std::runtime_error(samples.name + " does not answer");
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    if (keep) samples.microseconds.push_back(took.count());
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const std::string port = argv[1];
  const int count = std::atoi(argv[argc - 1]);
  std::vector<std::unique_ptr<Partner>> partners;
  for (int i = 2; i < argc - 1; ++i)
    partners.push_back(std::make_unique<Partner>(port, argv[i]));
  // In turns, so that whatever else the machine does hits all alike.
  for (int round = -50; round < count; ++round)
    for (const auto& partner : partners)
      partner->once("message " + std::to_string(round), round >= 0);
  std::vector<deskd::bench::Samples> all;
  for (const auto& partner : partners)
    all.push_back(std::move(partner->samples));
  deskd::bench::printRatios(std::move(all));
}
