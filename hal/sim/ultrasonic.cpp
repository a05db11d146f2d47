// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/ultrasonic.h"

#include <stdexcept>

namespace deskd {
namespace {

// HC-SR04 user guide (Elecfreaks) and measurements of many: eight periods of 40 kHz are sent first.
constexpr std::uint64_t kShortestTriggerNs = 10'000;
constexpr std::uint64_t kBurstNs = 450'000;
constexpr std::uint64_t kNothingSeenNs = 38'000'000;
constexpr double kFurthestMm = 4000;
constexpr double kNearestMm = 20;
constexpr double kMostMm = 100'000;
// 343 m/s, there and back.
constexpr double kNsPerMm = 2e6 / 343.0;

}  // namespace

Ultrasonic::Ultrasonic(PlantBoard& board, const PlantOptions& options, std::uint64_t nowNs)
    : board_(board),
      trigger_(options.requiredText("trigger")),
      echo_(options.requiredText("echo")),
      distanceMm_(options.number("distance", 1000, kNearestMm, kMostMm)) {
  options.requireKnown({"trigger", "echo", "distance"});
  board_.watch(trigger_);
  if (board_.level(trigger_)) triggeredNs_ = nowNs;
  board_.drive(echo_, false);
}

void Ultrasonic::onLevel(const std::string&, bool level, std::uint64_t nowNs) {
  if (level) {
    triggeredNs_ = nowNs;
    return;
  }
  const bool pulse = triggeredNs_ && nowNs - *triggeredNs_ >= kShortestTriggerNs;
  triggeredNs_.reset();
  if (!pulse || !connected_ || riseNs_ || fallNs_) return;  // it measures already
  riseNs_ = nowNs + kBurstNs;
  fallNs_ = *riseNs_ + echoNs();
}

void Ultrasonic::advance(std::uint64_t nowNs) {
  if (riseNs_ && *riseNs_ <= nowNs) {
    riseNs_.reset();
    board_.drive(echo_, true);
  }
  if (!riseNs_ && fallNs_ && *fallNs_ <= nowNs) {
    fallNs_.reset();
    board_.drive(echo_, false);
  }
}

void Ultrasonic::set(const std::string& name, const std::string& value, std::uint64_t) {
  if (name == "distance")
    distanceMm_ = plantNumber(name, value, kNearestMm, kMostMm);
  else if (name == "connected")
    connected_ = plantFlag(name, value);
  else
    throw std::invalid_argument("expected distance or connected, found " + name);
}

std::string Ultrasonic::get(const std::string& name, std::uint64_t) const {
  if (name == "distance") return plantText(distanceMm_);
  if (name == "connected") return connected_ ? "1" : "0";
  throw std::invalid_argument("expected distance or connected, found " + name);
}

std::uint64_t Ultrasonic::echoNs() const {
  return distanceMm_ > kFurthestMm ? kNothingSeenNs : static_cast<std::uint64_t>(distanceMm_ * kNsPerMm);
}

std::unique_ptr<SimPlant> makeUltrasonic(PlantBoard& board, const PlantOptions& options,
                                         std::uint64_t nowNs) {
  return std::make_unique<Ultrasonic>(board, options, nowNs);
}

}  // namespace deskd
