// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <vector>

#include "hal/framer.h"

namespace deskd {
namespace {

FramingOptions jiecang() {
  FramingOptions options;
  options.kind = FramingKind::length;
  options.start = {0xF2, 0xF2};
  options.lengthAt = 3;
  options.extra = 6;
  options.max = 64;
  options.checksum = Checksum::sum8;
  options.checksumFrom = 2;
  options.end = {0x7E};
  return options;
}

// Height reports as a moving desk sends them, `noise` other bytes between each two.
void decode(benchmark::State& state) {
  const auto framer = makeFramer(jiecang());
  const std::vector<std::uint8_t> frame{0xF2, 0xF2, 0x01, 0x03, 0x03, 0x39, 0x07, 0x47, 0x7E};
  std::vector<std::uint8_t> stream;
  for (int i = 0; i < 100; ++i) {
    stream.insert(stream.end(), frame.begin(), frame.end());
    stream.insert(stream.end(), static_cast<std::size_t>(state.range(0)), 0xF2);
  }
  std::size_t frames = 0;
  for (auto _ : state)
    framer->feed(stream, 0, [&](std::span<const std::uint8_t>) { ++frames; });
  state.SetItemsProcessed(static_cast<std::int64_t>(frames));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * stream.size()));
}
BENCHMARK(decode)->Arg(0)->Arg(1)->Arg(20);

}  // namespace
}  // namespace deskd
