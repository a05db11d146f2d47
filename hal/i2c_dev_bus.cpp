// SPDX-License-Identifier: Apache-2.0
// A bus over the ioctls of i2c-dev.
#include <linux/i2c-dev.h>
#include <linux/i2c.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "hal/base/error.h"
#include "hal/i2c_dev.h"
#include "hal/i2c_dev_smbus.h"

namespace deskd {
namespace {

// A transfer that takes longer ends in the kernel; 8192 bytes at 100 kHz take 740 ms. Applies to the whole
// adapter, as the kernel has it, and is what most drivers start with.
constexpr std::uintptr_t timeoutIn10Ms = 100;
constexpr std::size_t mostBytes = 8192;  // in a segment: the kernel's limit

class DevBus final : public I2cBus {
 public:
  DevBus(std::string name, std::unique_ptr<I2cKernel> kernel)
      : name_(std::move(name)), kernel_(std::move(kernel)) {
    if (kernel_->control(I2C_FUNCS, reinterpret_cast<std::uintptr_t>(&functions_)) < 0)
      throwErrno("use as an I2C bus", name_);
    // Retrying is up to whoever asked for the transfer. A bus that cannot be told so works all the same.
    kernel_->control(I2C_TIMEOUT, timeoutIn10Ms);
    kernel_->control(I2C_RETRIES, 0);
  }

  std::string name() const override { return name_; }

  void transfer(I2cAddress address, std::vector<I2cSegment>& segments) override {
    check(address, segments);
    if (!has(I2C_FUNC_I2C)) return transferBySmbus(*kernel_, functions_, name_, address, segments);
    if (address.tenBit && !has(I2C_FUNC_10BIT_ADDR))
      throwErrno(EOPNOTSUPP, "transfer with",
                 i2cPlace(name_, address) + ": the adapter has no 10-bit addresses");
    std::array<i2c_msg, I2C_RDWR_IOCTL_MAX_MSGS> messages{};
    for (std::size_t at = 0; at < segments.size(); ++at) {
      I2cSegment& segment = segments[at];
      if (segment.read) segment.bytes.assign(segment.length, 0);
      const unsigned flags = (segment.read ? I2C_M_RD : 0) | (address.tenBit ? I2C_M_TEN : 0);
      messages[at] = {address.value, static_cast<std::uint16_t>(flags),
                      static_cast<std::uint16_t>(segment.bytes.size()), segment.bytes.data()};
    }
    i2c_rdwr_ioctl_data order{messages.data(), static_cast<std::uint32_t>(segments.size())};
    if (kernel_->control(I2C_RDWR, reinterpret_cast<std::uintptr_t>(&order)) < 0)
      throwErrno("transfer with", i2cPlace(name_, address));
  }

  // As i2cdetect does: some chips at 0x30 and 0x50 take a quick write for a command, and some elsewhere lock
  // the bus when they are read.
  std::optional<bool> probe(std::uint16_t address) override {
    const bool byReading = (address >= 0x30 && address <= 0x37) || (address >= 0x50 && address <= 0x5F);
    if (!has(byReading ? I2C_FUNC_SMBUS_READ_BYTE : I2C_FUNC_SMBUS_QUICK))
      throwErrno(EOPNOTSUPP, "look for",
                 i2cPlace(name_, {address, false}) + ": the adapter has no " +
                     (byReading ? "SMBus read byte" : "SMBus quick write"));
    if (kernel_->control(I2C_SLAVE, address) < 0) {
      if (errno == EBUSY) return std::nullopt;
      throwErrno("look for", i2cPlace(name_, {address, false}));
    }
    i2c_smbus_data data{};
    i2c_smbus_ioctl_data order{};
    if (byReading)
      order = {I2C_SMBUS_READ, 0, I2C_SMBUS_BYTE, &data};
    else
      order = {I2C_SMBUS_WRITE, 0, I2C_SMBUS_QUICK, nullptr};
    if (kernel_->control(I2C_SMBUS, reinterpret_cast<std::uintptr_t>(&order)) >= 0) return true;
    // ENODEV is what i2c-stub says of a chip that is not there.
    if (errno == EBADF) throwErrno("look for", i2cPlace(name_, {address, false}));
    return false;
  }

 private:
  bool has(unsigned long function) const { return (functions_ & function) != 0; }

  void check(I2cAddress address, const std::vector<I2cSegment>& segments) const {
    const unsigned most = address.tenBit ? 0x3FF : 0x7F;
    if (address.value > most)
      throw std::out_of_range(i2cPlace(name_, address) + ": expected an address of " +
                              (address.tenBit ? "10 bits" : "7 bits"));
    if (segments.empty() || segments.size() > I2C_RDWR_IOCTL_MAX_MSGS)
      throw std::out_of_range(i2cPlace(name_, address) + ": expected 1 to " +
                              std::to_string(I2C_RDWR_IOCTL_MAX_MSGS) + " segments, found " +
                              std::to_string(segments.size()));
    for (const I2cSegment& segment : segments) {
      const std::size_t bytes = segment.read ? segment.length : segment.bytes.size();
      if (bytes > mostBytes)
        throw std::out_of_range(i2cPlace(name_, address) + ": expected at most " + std::to_string(mostBytes) +
                                " bytes in a segment, found " + std::to_string(bytes));
    }
  }

  const std::string name_;
  const std::unique_ptr<I2cKernel> kernel_;
  unsigned long functions_ = 0;
};

}  // namespace

std::string i2cPlace(const std::string& bus, I2cAddress address) {
  std::array<char, 16> digits{};
  std::snprintf(digits.data(), digits.size(), address.tenBit ? "0x%03x" : "0x%02x", address.value);
  return bus + " address " + digits.data();
}

std::unique_ptr<I2cBus> makeI2cDevBus(std::string name, std::unique_ptr<I2cKernel> kernel) {
  return std::make_unique<DevBus>(std::move(name), std::move(kernel));
}

}  // namespace deskd
