// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "hal/sim/i2c_device.h"

namespace deskd {

// Base of the simulated chips: what a chip offers to set and get, by name.
class SimI2cChip : public SimI2cDevice {
 public:
  explicit SimI2cChip(std::string kind) : kind_(std::move(kind)) {}
  SimI2cChip(const SimI2cChip&) = delete;
  SimI2cChip& operator=(const SimI2cChip&) = delete;
  void set(const std::string& name, double value) final;
  double get(const std::string& name) const final;

 protected:
  using Get = std::function<double()>;
  using Set = std::function<void(double)>;
  // A quantity at `place` that may be set between `least` and `most`.
  void offer(const std::string& name, double& place, double least, double most);
  // Without `set` it can only be looked at.
  void offer(const std::string& name, Get get, Set set = nullptr);

 private:
  struct Value {
    Get get;
    Set set;
  };
  [[noreturn]] void throwUnknown(std::string_view what, const std::string& found, bool settable) const;

  const std::string kind_;
  std::map<std::string, Value> values_;
};

// A chip with numbered registers of one byte: the first bytes of a write select one, what follows is written
// from there on, and a read goes on from where the last access ended.
class SimRegisterChip : public SimI2cChip {
 public:
  enum class Index { oneByte, twoBytes };
  SimRegisterChip(std::string kind, Index index) : SimI2cChip(std::move(kind)), index_(index) {}
  bool write(std::span<const std::uint8_t> bytes, std::uint64_t nowMs) override;
  bool read(std::span<std::uint8_t> into, std::uint64_t nowMs) override;

 protected:
  virtual std::uint8_t readRegister(unsigned number, std::uint64_t nowMs) = 0;
  virtual void writeRegister(unsigned number, std::uint8_t value, std::uint64_t nowMs) = 0;
  virtual unsigned after(unsigned number) const {
    return (number + 1) & (index_ == Index::oneByte ? 0xFF : 0xFFFF);
  }
  virtual bool acknowledges(std::uint64_t) { return true; }
  void select(unsigned number) { selected_ = number; }

 private:
  const Index index_;
  unsigned selected_ = 0;
};

// A chip with registers of two bytes, high byte first, and a pointer that stays where it is.
class SimWordChip : public SimI2cChip {
 public:
  using SimI2cChip::SimI2cChip;
  bool write(std::span<const std::uint8_t> bytes, std::uint64_t nowMs) override;
  bool read(std::span<std::uint8_t> into, std::uint64_t nowMs) override;

 protected:
  virtual std::uint16_t readWord(unsigned number, std::uint64_t nowMs) = 0;
  virtual void writeWord(unsigned number, std::uint16_t value, std::uint64_t nowMs) = 0;
  // A register of one byte: its value is in both halves of the word.
  virtual bool isByte(unsigned) const { return false; }

 private:
  unsigned selected_ = 0;
};

std::unique_ptr<SimI2cDevice> makeSimBme280();
std::unique_ptr<SimI2cDevice> makeSimBmp280();
std::unique_ptr<SimI2cDevice> makeSimIna219();
std::unique_ptr<SimI2cDevice> makeSimLm75();
std::unique_ptr<SimI2cDevice> makeSimMcp23017();
std::unique_ptr<SimI2cDevice> makeSimPcf8574();
std::unique_ptr<SimI2cDevice> makeSimSht31();
std::unique_ptr<SimI2cDevice> makeSimSsd1306();
std::unique_ptr<SimI2cDevice> makeSimVl53l0x();
std::unique_ptr<SimI2cDevice> makeSimVl53l1x();

}  // namespace deskd
