// SPDX-License-Identifier: Apache-2.0
#include "hal/i2c_dev_smbus.h"

#include <linux/i2c-dev.h>
#include <linux/i2c.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "hal/base/error.h"

namespace deskd {
namespace {

// One of SMBus's messages.
struct Message {
  unsigned size;           // I2C_SMBUS_...
  unsigned long function;  // that the adapter needs for it
};

std::string shapeOf(const std::vector<I2cSegment>& segments) {
  std::string shape;
  for (const I2cSegment& segment : segments) {
    if (!shape.empty()) shape += ", ";
    shape += segment.read ? "read " + std::to_string(segment.length)
                          : "write " + std::to_string(segment.bytes.size());
  }
  return shape;
}

// The messages that move so many bytes after the command byte, the plainest first.
std::vector<Message> messagesFor(bool read, std::size_t bytes) {
  std::vector<Message> messages;
  if (bytes == 1)
    messages.push_back(
        {I2C_SMBUS_BYTE_DATA,
         static_cast<unsigned long>(read ? I2C_FUNC_SMBUS_READ_BYTE_DATA : I2C_FUNC_SMBUS_WRITE_BYTE_DATA)});
  if (bytes == 2)
    messages.push_back(
        {I2C_SMBUS_WORD_DATA,
         static_cast<unsigned long>(read ? I2C_FUNC_SMBUS_READ_WORD_DATA : I2C_FUNC_SMBUS_WRITE_WORD_DATA)});
  if (bytes >= 1 && bytes <= I2C_SMBUS_BLOCK_MAX)
    messages.push_back(
        {I2C_SMBUS_I2C_BLOCK_DATA,
         static_cast<unsigned long>(read ? I2C_FUNC_SMBUS_READ_I2C_BLOCK : I2C_FUNC_SMBUS_WRITE_I2C_BLOCK)});
  return messages;
}

class Smbus {
 public:
  Smbus(I2cKernel& kernel, unsigned long functions, std::string place)
      : kernel_(kernel), functions_(functions), place_(std::move(place)) {}

  // False: no message has this shape, or the adapter lacks it.
  bool write(const std::vector<std::uint8_t>& bytes) {
    if (bytes.empty()) return call(I2C_SMBUS_WRITE, 0, {I2C_SMBUS_QUICK, I2C_FUNC_SMBUS_QUICK});
    if (bytes.size() == 1)
      return call(I2C_SMBUS_WRITE, bytes[0], {I2C_SMBUS_BYTE, I2C_FUNC_SMBUS_WRITE_BYTE});
    const std::size_t count = bytes.size() - 1;
    const auto messages = messagesFor(false, count);
    return std::any_of(messages.begin(), messages.end(), [&](const Message& message) {
      put(message, bytes.data() + 1, count);
      return call(I2C_SMBUS_WRITE, bytes[0], message);
    });
  }

  bool read(std::vector<std::uint8_t>& into) {
    if (into.size() != 1 || !call(I2C_SMBUS_READ, 0, {I2C_SMBUS_BYTE, I2C_FUNC_SMBUS_READ_BYTE}))
      return false;
    into[0] = data_.byte;
    return true;
  }

  bool read(std::uint8_t command, std::vector<std::uint8_t>& into) {
    const auto messages = messagesFor(true, into.size());
    return std::any_of(messages.begin(), messages.end(), [&](const Message& message) {
      data_.block[0] = static_cast<std::uint8_t>(into.size());  // how many a block has
      if (!call(I2C_SMBUS_READ, command, message)) return false;
      get(message, into);
      return true;
    });
  }

 private:
  void put(const Message& message, const std::uint8_t* bytes, std::size_t count) {
    if (message.size == I2C_SMBUS_BYTE_DATA) {
      data_.byte = bytes[0];
    } else if (message.size == I2C_SMBUS_WORD_DATA) {
      data_.word = static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8);  // the low byte travels first
    } else {
      data_.block[0] = static_cast<std::uint8_t>(count);
      std::copy_n(bytes, count, std::begin(data_.block) + 1);
    }
  }
  void get(const Message& message, std::vector<std::uint8_t>& into) {
    if (message.size == I2C_SMBUS_BYTE_DATA) {
      into[0] = data_.byte;
    } else if (message.size == I2C_SMBUS_WORD_DATA) {
      into[0] = static_cast<std::uint8_t>(data_.word & 0xFF);
      into[1] = static_cast<std::uint8_t>(data_.word >> 8);
    } else {
      if (data_.block[0] != into.size())
        throwErrno(EPROTO, "transfer with",
                   place_ + ": expected " + std::to_string(into.size()) + " bytes, found " +
                       std::to_string(data_.block[0]));
      std::copy_n(std::begin(data_.block) + 1, into.size(), into.begin());
    }
  }
  bool call(std::uint8_t direction, std::uint8_t command, const Message& message) {
    if ((functions_ & message.function) == 0) return false;
    i2c_smbus_ioctl_data order{direction, command, message.size, &data_};
    if (kernel_.control(I2C_SMBUS, reinterpret_cast<std::uintptr_t>(&order)) >= 0) return true;
    // i2c-stub, and drivers that took after it, say so of a chip that is not there.
    throwErrno(errno == ENODEV ? ENXIO : errno, "transfer with", place_);
  }

  I2cKernel& kernel_;
  const unsigned long functions_;
  const std::string place_;
  i2c_smbus_data data_{};
};

}  // namespace

void transferBySmbus(I2cKernel& kernel, unsigned long functions, const std::string& bus, I2cAddress address,
                     std::vector<I2cSegment>& segments) {
  const std::string place = i2cPlace(bus, address);
  if (address.tenBit)
    throwErrno(EOPNOTSUPP, "transfer with", place + ": the adapter knows only SMBus and no 10-bit addresses");
  if (kernel.control(I2C_SLAVE, address.value) < 0)
    throwErrno("use", errno == EBUSY ? place + ", which the kernel keeps for a driver of its own" : place);
  Smbus smbus(kernel, functions, place);
  bool done = false;
  if (segments.size() == 1 && segments[0].read) {
    segments[0].bytes.assign(segments[0].length, 0);
    done = smbus.read(segments[0].bytes);
  } else if (segments.size() == 1) {
    done = smbus.write(segments[0].bytes);
  } else if (segments.size() == 2 && !segments[0].read && segments[0].bytes.size() == 1 && segments[1].read) {
    segments[1].bytes.assign(segments[1].length, 0);
    done = smbus.read(segments[0].bytes[0], segments[1].bytes);
  }
  if (!done)
    throwErrno(EOPNOTSUPP, "transfer with",
               place + ": the adapter knows only SMBus, and no message of the shape " + shapeOf(segments));
}

}  // namespace deskd
