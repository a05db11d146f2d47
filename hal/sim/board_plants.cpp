// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/board_plants.h"

#include <functional>
#include <set>
#include <stdexcept>
#include <utility>

namespace deskd {

// One plant on the board, and the board as that plant reaches it.
class BoardPlants::Seat final : public PlantBoard {
 public:
  Seat(BoardPlants& plants, unsigned number) : plants_(plants), number_(number) {}
  ~Seat() override {
    plant_.reset();
    for (const std::string& port : ports_)
      plants_.serial_.remove(port);
  }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

  void fill(const std::string& kind, const PlantOptions& options, std::uint64_t nowNs) {
    nowNs_ = nowNs;
    plant_ = plants_.make_(kind, *this, options, nowNs);
  }
  // The plant, to be asked something at this time. Throws what it failed with.
  SimPlant& at(std::uint64_t nowNs) {
    if (!failure_.empty()) throw std::runtime_error("the plant has failed: " + failure_);
    nowNs_ = nowNs;
    return *plant_;
  }
  // Lets it act on its own account. There is nobody to hear of a failure then: it is kept for whoever asks
  // next, and the plant does nothing more.
  void let(std::uint64_t nowNs, const std::function<void(SimPlant&)>& action) {
    if (!failure_.empty()) return;
    nowNs_ = nowNs;
    try {
      action(*plant_);
    } catch (const std::exception& error) {
      failure_ = error.what();
    }
  }
  std::optional<std::uint64_t> nextNs() const { return failure_.empty() ? plant_->nextNs() : std::nullopt; }
  bool watches(SimLineId line) const { return watched_.contains(line); }
  void tell(const SimLineChange& change) {
    let(change.atNs, [&](SimPlant& plant) {
      plant.onLevel(watched_.at(change.line), change.level, change.atNs);  // as the plant named it
    });
  }

  void watch(const std::string& line) override { watched_[lines().find(line)] = line; }
  bool level(const std::string& line) const override { return lines().level(lines().find(line)); }
  void drive(const std::string& line, std::optional<bool> level) override {
    lines().drive(number_, lines().find(line), level, nowNs_);
  }
  void setI2c(const std::string& bus, std::uint16_t address, const std::string& name, double value) override {
    plants_.board_.bus(bus).at(address).set(name, value);
  }
  double getI2c(const std::string& bus, std::uint16_t address, const std::string& name) const override {
    return plants_.board_.bus(bus).at(address).get(name);
  }
  std::string addSerial(const std::string& name) override {
    std::string path = plants_.serial_.add(
        name, [this, name](std::span<const std::uint8_t> bytes) { receive(name, bytes); });
    ports_.insert(name);
    return path;
  }
  void writeSerial(const std::string& name, std::span<const std::uint8_t> bytes) override {
    plants_.serial_.send(name, bytes);
  }

 private:
  SimLines& lines() const { return plants_.board_.lines(); }
  void receive(const std::string& port, std::span<const std::uint8_t> bytes) {
    plants_.act_([&](std::uint64_t nowNs) {
      let(nowNs, [&](SimPlant& plant) { plant.onSerial(port, bytes, nowNs); });
    });
  }

  BoardPlants& plants_;
  const unsigned number_;
  std::uint64_t nowNs_ = 0;
  std::map<SimLineId, std::string> watched_;
  std::set<std::string> ports_;
  std::string failure_;
  std::unique_ptr<SimPlant> plant_;  // absent while it is being made
};

BoardPlants::BoardPlants(SimBoard& board, BoardSerial& serial, Act act, Make make)
    : board_(board), serial_(serial), act_(std::move(act)), make_(std::move(make)) {
  board_.lines().onChange([this](const SimLineChange& change) { onChange(change); });
}

BoardPlants::~BoardPlants() = default;

unsigned BoardPlants::add(const std::string& kind, const PlantOptions& options, std::uint64_t nowNs) {
  const unsigned number = ++last_;
  auto seat = std::make_unique<Seat>(*this, number);
  try {
    seat->fill(kind, options, nowNs);
  } catch (...) {
    board_.lines().dropSource(number, nowNs);
    throw;
  }
  seats_.emplace(number, std::move(seat));
  return number;
}

void BoardPlants::remove(unsigned plant, std::uint64_t nowNs) {
  static_cast<void>(at(plant));
  seats_.erase(plant);
  board_.lines().dropSource(plant, nowNs);
}

void BoardPlants::set(unsigned plant, const std::string& name, const std::string& value,
                      std::uint64_t nowNs) {
  at(plant).at(nowNs).set(name, value, nowNs);
}

std::string BoardPlants::get(unsigned plant, const std::string& name, std::uint64_t nowNs) {
  return at(plant).at(nowNs).get(name, nowNs);
}

void BoardPlants::deliver() {
  // Plants that answer each other without an end would keep the board from everything else.
  constexpr int most = 10'000;
  for (int count = 0; !changes_.empty() && count < most; ++count) {
    const SimLineChange change = changes_.front();
    changes_.pop_front();
    for (const auto& [number, seat] : seats_)
      if (number != change.source && seat->watches(change.line)) seat->tell(change);
  }
  changes_.clear();
}

void BoardPlants::advance(std::uint64_t nowNs) {
  for (const auto& [number, seat] : seats_)
    if (const auto next = seat->nextNs(); next && *next <= nowNs)
      seat->let(nowNs, [nowNs](SimPlant& plant) { plant.advance(nowNs); });
}

std::optional<std::uint64_t> BoardPlants::nextNs() const {
  std::optional<std::uint64_t> first;
  for (const auto& [number, seat] : seats_)
    first = earlier(first, seat->nextNs());
  return first;
}

BoardPlants::Seat& BoardPlants::at(unsigned plant) {
  const auto found = seats_.find(plant);
  if (found == seats_.end())
    throw std::invalid_argument("plant: expected the number of one, found " + std::to_string(plant));
  return *found->second;
}

void BoardPlants::onChange(const SimLineChange& change) {
  for (const auto& [number, seat] : seats_)
    if (seat->watches(change.line)) return changes_.push_back(change);
}

}  // namespace deskd
