// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <stdexcept>

#include "hal/sim/loctek_plant.h"
#include "hal/sim/plant.h"
#include "hal/sim/relay_plant.h"
#include "hal/sim/ultrasonic.h"

namespace deskd {

std::span<const PlantKind> plantKinds() {
  static constexpr std::array kinds{
      PlantKind{"loctek", makeLoctekPlant},
      PlantKind{"relay-desk", makeRelayPlant},
      PlantKind{"ultrasonic", makeUltrasonic},
  };
  return kinds;
}

std::unique_ptr<SimPlant> makePlant(const std::string& kind, PlantBoard& board, const PlantOptions& options,
                                    std::uint64_t nowNs) {
  std::string known;
  for (const PlantKind& candidate : plantKinds()) {
    if (candidate.name == kind) return candidate.make(board, options, nowNs);
    known.append(known.empty() ? "" : ", ").append(candidate.name);
  }
  throw std::invalid_argument("kind of plant: expected " + (known.empty() ? "none" : "one of " + known) +
                              ", found " + kind);
}

void SimPlant::onLevel(const std::string&, bool, std::uint64_t) {}

void SimPlant::onSerial(const std::string&, std::span<const std::uint8_t>, std::uint64_t) {}

void SimPlant::advance(std::uint64_t) {}

std::optional<std::uint64_t> SimPlant::nextNs() const {
  return std::nullopt;
}

}  // namespace deskd
