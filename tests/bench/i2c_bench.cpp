// SPDX-License-Identifier: Apache-2.0
// I2C transfers by the worker beside a loop, against a bare loop over the same simulated bus, whose wires
// take no time: what is measured is what the worker adds. A register read at 400 kHz takes some 100 us on
// real ones.
#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "hal/i2c_worker.h"
#include "tests/fakes/sim_bus.h"

namespace deskd {
namespace {

constexpr std::uint16_t address = 0x76;

I2cTransfer readId() {
  return {{address}, {{false, {0xD0}, 0}, {true, {}, 1}}};
}

void bareLoop(benchmark::State& state) {
  test::SimBus bus;
  bus.add(address, "bme280");
  const auto opened = bus.open();
  for (auto _ : state) {
    I2cTransfer transfer = readId();
    opened->transfer(transfer.address, transfer.segments);
    benchmark::DoNotOptimize(transfer.segments[1].bytes[0]);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(bareLoop)->UseRealTime();

// So many transfers wait at any time; each answer starts the next. Each takes the lock of all processes.
void worker(benchmark::State& state) {
  test::SimBus bus;
  bus.add(address, "bme280");
  std::string directory = "/tmp/deskd-bench-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) return state.SkipWithError("cannot make a directory");
  {
    Loop loop;
    I2cWorker worker(loop, "i2c-1", [&] {
      return I2cAccess{bus.open(), openI2cLock("i2c-1", directory + "/board")};
    });
    std::int64_t left = 0;
    std::function<void()> next;
    const auto answered = [&](const I2cAnswer& answer) {
      if (answer.failure) std::abort();
      next();
    };
    next = [&] {
      if (left-- > 0) worker.transfer(readId(), Milliseconds(10'000), answered);
    };
    for (auto _ : state) {
      left = 1000;
      for (std::int64_t i = 0; i < state.range(0); ++i)
        next();
      loop.run();
    }
    state.SetItemsProcessed(state.iterations() * 1000);
  }
  ::unlink((directory + "/board.i2c-1.lock").c_str());
  ::rmdir(directory.c_str());
}
BENCHMARK(worker)->Arg(1)->Arg(8)->Arg(64)->UseRealTime();

}  // namespace
}  // namespace deskd
