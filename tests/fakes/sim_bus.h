// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "hal/base/error.h"
#include "hal/board.h"
#include "hal/sim/i2c_device.h"

namespace deskd::test {

// One I2C bus with simulated chips, in the process of the test, and what can go wrong on it. Any thread may
// use it; a bus that open() has made may outlive it.
class SimBus {
 public:
  // How the next transfers go, instead of reaching a chip.
  enum class Fault { none, nack, arbitration, stuck, gone };

  explicit SimBus(std::string name = "i2c-1") : shared_(std::make_shared<Shared>()) {
    shared_->name = std::move(name);
  }
  ~SimBus() { fail(Fault::none); }  // whoever hangs in it goes on
  SimBus(const SimBus&) = delete;
  SimBus& operator=(const SimBus&) = delete;

  void add(std::uint16_t address, const std::string& kind) {
    const std::lock_guard lock(shared_->mutex);
    shared_->devices[address] = makeSimI2cDevice(kind);
  }
  void set(std::uint16_t address, const std::string& name, double value) {
    const std::lock_guard lock(shared_->mutex);
    shared_->devices.at(address)->set(name, value);
  }
  double get(std::uint16_t address, const std::string& name) {
    const std::lock_guard lock(shared_->mutex);
    return shared_->devices.at(address)->get(name);
  }
  // For `count` transfers; below 0: until told otherwise.
  void fail(Fault fault, int count = -1) {
    const std::lock_guard lock(shared_->mutex);
    shared_->fault = fault;
    shared_->faults = count;
    shared_->changed.notify_all();
  }
  // An address that the kernel keeps for a driver of its own.
  void keep(std::uint16_t address) {
    const std::lock_guard lock(shared_->mutex);
    shared_->kept = address;
  }
  std::vector<std::uint16_t> transfers() {  // addresses, in order, of those that began
    const std::lock_guard lock(shared_->mutex);
    return shared_->transfers;
  }
  bool waitUntilStuck() {
    std::unique_lock lock(shared_->mutex);
    return shared_->changed.wait_for(lock, std::chrono::seconds(10), [this] { return shared_->hanging > 0; });
  }
  int opened() {
    const std::lock_guard lock(shared_->mutex);
    return shared_->opened;
  }

  std::unique_ptr<I2cBus> open() {
    const std::lock_guard lock(shared_->mutex);
    ++shared_->opened;
    return std::make_unique<Handle>(shared_);
  }

 private:
  struct Shared {
    std::string name;
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::uint16_t, std::unique_ptr<SimI2cDevice>> devices;
    std::vector<std::uint16_t> transfers;
    Fault fault = Fault::none;
    int faults = 0;
    int hanging = 0;
    int opened = 0;
    std::uint16_t kept = 0;
  };

  class Handle final : public I2cBus {
   public:
    explicit Handle(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    std::string name() const override { return shared_->name; }

    void transfer(I2cAddress address, std::vector<I2cSegment>& segments) override {
      std::unique_lock lock(shared_->mutex);
      shared_->transfers.push_back(address.value);
      meetFault(lock);
      const auto found = shared_->devices.find(address.value);
      if (found == shared_->devices.end()) throwErrno(ENXIO, "transfer with", shared_->name);
      const std::uint64_t now = nowMs();
      for (I2cSegment& segment : segments) {
        if (segment.read) segment.bytes.assign(segment.length, 0);
        if (segment.read ? !found->second->read(segment.bytes, now)
                         : !found->second->write(segment.bytes, now))
          throwErrno(ENXIO, "transfer with", shared_->name);
      }
    }

    std::optional<bool> probe(std::uint16_t address) override {
      std::unique_lock lock(shared_->mutex);
      meetFault(lock);
      if (address == shared_->kept) return std::nullopt;
      return shared_->devices.contains(address);
    }

   private:
    static std::uint64_t nowMs() {
      return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                            std::chrono::steady_clock::now().time_since_epoch())
                                            .count());
    }
    void meetFault(std::unique_lock<std::mutex>& lock) {
      if (shared_->faults == 0) return;
      const Fault fault = shared_->fault;
      if (shared_->faults > 0) --shared_->faults;
      if (fault == Fault::nack) throwErrno(EREMOTEIO, "transfer with", shared_->name);
      if (fault == Fault::arbitration) throwErrno(EAGAIN, "transfer with", shared_->name);
      if (fault == Fault::gone) throwErrno(ENODEV, "transfer with", shared_->name);
      if (fault != Fault::stuck) return;
      ++shared_->hanging;
      shared_->changed.notify_all();
      shared_->changed.wait(lock, [this] { return shared_->fault != Fault::stuck; });
      --shared_->hanging;
      shared_->changed.notify_all();
    }

    const std::shared_ptr<Shared> shared_;
  };

  const std::shared_ptr<Shared> shared_;
};

// A board that has this one bus.
class SimBusBoard final : public Board {
 public:
  explicit SimBusBoard(SimBus& bus) : bus_(bus) {}
  GpioChips& gpio() override { throwErrno(ENOSYS, "use GPIO of", "a board with an I2C bus alone"); }
  std::unique_ptr<I2cBus> i2c(const std::string& bus) override {
    auto opened = bus_.open();
    if (bus != opened->name() && "i2c-" + bus != opened->name())
      throwErrno(ENOENT, "open I2C bus", bus + "; there is " + opened->name());
    return opened;
  }

 private:
  SimBus& bus_;
};

}  // namespace deskd::test
