// SPDX-License-Identifier: Apache-2.0
// What a bus asks of the kernel, and what it makes of the answers.
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <map>
#include <system_error>

#include "hal/i2c_dev.h"
#include "tests/fakes/temp_directory.h"
#include "tests/hal/bytes.h"

namespace deskd {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr unsigned long rawAdapter = I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
constexpr unsigned long stubAdapter = I2C_FUNC_SMBUS_QUICK | I2C_FUNC_SMBUS_BYTE | I2C_FUNC_SMBUS_BYTE_DATA |
                                      I2C_FUNC_SMBUS_WORD_DATA | I2C_FUNC_SMBUS_I2C_BLOCK;

// Answers the requests as told, and writes down what they were.
struct Script {
  unsigned long functions = rawAdapter;
  std::vector<std::string> calls;
  std::map<std::uintptr_t, int> slaveErrors;  // by address
  int transferError = 0;
  Bytes answer;  // what is read
};

class ScriptedKernel final : public I2cKernel {
 public:
  explicit ScriptedKernel(Script& script) : script_(script) {}

  int control(unsigned long request, std::uintptr_t argument) override {
    switch (request) {
      case I2C_FUNCS:
        *reinterpret_cast<unsigned long*>(argument) = script_.functions;
        return 0;
      case I2C_TIMEOUT:
        return note("timeout " + std::to_string(argument));
      case I2C_RETRIES:
        return note("retries " + std::to_string(argument));
      case I2C_SLAVE:
        address_ = argument;
        if (const auto found = script_.slaveErrors.find(argument); found != script_.slaveErrors.end())
          return fail(found->second);
        return 0;
      case I2C_RDWR:
        return transfer(*reinterpret_cast<i2c_rdwr_ioctl_data*>(argument));
      case I2C_SMBUS:
        return smbus(*reinterpret_cast<i2c_smbus_ioctl_data*>(argument));
      default:
        return fail(ENOTTY);
    }
  }

 private:
  int note(std::string call) {
    script_.calls.push_back(std::move(call));
    return script_.transferError != 0 ? fail(script_.transferError) : 0;
  }
  static int fail(int error) {
    errno = error;
    return -1;
  }
  int transfer(const i2c_rdwr_ioctl_data& order) {
    std::string call = "transfer";
    for (unsigned at = 0; at < order.nmsgs; ++at) {
      const i2c_msg& message = order.msgs[at];
      const bool read = (message.flags & I2C_M_RD) != 0;
      if (read) std::copy_n(script_.answer.begin(), message.len, message.buf);
      call += " " + std::to_string(message.addr) + ((message.flags & I2C_M_TEN) != 0 ? "T" : "") +
              (read ? "r" + std::to_string(message.len)
                    : "w" + toHex(std::span<const std::uint8_t>(message.buf, message.len)));
    }
    return note(call);
  }
  int smbus(const i2c_smbus_ioctl_data& order) {
    const bool read = order.read_write == I2C_SMBUS_READ;
    std::string call = "smbus " + std::to_string(address_) + (read ? " read " : " write ");
    switch (order.size) {
      case I2C_SMBUS_QUICK:
        call += "quick";
        break;
      case I2C_SMBUS_BYTE:
        call += "byte";
        if (read)
          order.data->byte = script_.answer.at(0);
        else
          call += " " + std::to_string(order.command);
        break;
      case I2C_SMBUS_BYTE_DATA:
        call += "byte-data " + std::to_string(order.command);
        if (read)
          order.data->byte = script_.answer.at(0);
        else
          call += " " + std::to_string(order.data->byte);
        break;
      case I2C_SMBUS_WORD_DATA:
        call += "word-data " + std::to_string(order.command);
        if (read)
          order.data->word = static_cast<std::uint16_t>(script_.answer.at(0) | script_.answer.at(1) << 8);
        else
          call += " " + std::to_string(order.data->word);
        break;
      case I2C_SMBUS_I2C_BLOCK_DATA:
        call += "block " + std::to_string(order.command) + " ";
        if (read) {
          call += std::to_string(order.data->block[0]);
          order.data->block[0] = static_cast<std::uint8_t>(script_.answer.size());
          std::copy(script_.answer.begin(), script_.answer.end(), order.data->block + 1);
        } else {
          call += toHex(std::span<const std::uint8_t>(order.data->block + 1, order.data->block[0]));
        }
        break;
      default:
        return fail(EINVAL);
    }
    return note(call);
  }

  Script& script_;
  std::uintptr_t address_ = 0;
};

I2cSegment writes(const std::string& bytes) {
  return {false, hex(bytes), 0};
}
I2cSegment reads(std::size_t length) {
  return {true, {}, length};
}

class I2cDev : public testing::Test {
 protected:
  I2cBus& bus() {
    if (!bus_) {
      bus_ = makeI2cDevBus("i2c-1", std::make_unique<ScriptedKernel>(script_));
      script_.calls.clear();
    }
    return *bus_;
  }
  // What was read, or the error's number and text.
  std::string transfer(std::vector<I2cSegment> segments, I2cAddress address = {0x29}) {
    try {
      bus().transfer(address, segments);
    } catch (const std::system_error& error) {
      return std::to_string(error.code().value()) + " " + error.what();
    }
    std::string read;
    for (const I2cSegment& segment : segments)
      if (segment.read) read += toHex(segment.bytes);
    return read;
  }
  Script script_;
  std::unique_ptr<I2cBus> bus_;
};

TEST_F(I2cDev, LimitsWhatTheKernelDoesByItself) {
  bus_ = makeI2cDevBus("i2c-1", std::make_unique<ScriptedKernel>(script_));
  EXPECT_THAT(script_.calls, ElementsAre("timeout 100", "retries 0"));
  EXPECT_EQ(bus_->name(), "i2c-1");
}

TEST_F(I2cDev, TransfersAllSegmentsInOneCall) {
  script_.answer = hex("EACC");
  EXPECT_EQ(transfer({writes("010F"), reads(2)}), "EACC");
  EXPECT_EQ(transfer({writes("00"), writes("0102"), reads(1), reads(2)}), "EAEACC");
  EXPECT_THAT(script_.calls, ElementsAre("transfer 41w010F 41r2", "transfer 41w00 41w0102 41r1 41r2"));
}

TEST_F(I2cDev, ErrorsNameBusAndAddress) {
  script_.transferError = ENXIO;
  bus();
  EXPECT_EQ(transfer({writes("00")}), "6 transfer with i2c-1 address 0x29: No such device or address");
}

TEST_F(I2cDev, TenBitAddressesNeedAnAdapterThatHasThem) {
  EXPECT_EQ(
      transfer({writes("00")}, {0x129, true}),
      "95 transfer with i2c-1 address 0x129: the adapter has no 10-bit addresses: Operation not supported");
  EXPECT_THAT(script_.calls, ElementsAre());
  bus_.reset();
  script_.functions |= I2C_FUNC_10BIT_ADDR;
  EXPECT_EQ(transfer({writes("00")}, {0x129, true}), "");
  EXPECT_THAT(script_.calls, ElementsAre("transfer 297Tw00"));
}

TEST_F(I2cDev, RefusesWhatTheKernelWould) {
  std::vector<I2cSegment> segments;
  EXPECT_THROW(bus().transfer({0x29}, segments), std::out_of_range);
  segments.assign(43, writes("00"));
  EXPECT_THROW(bus().transfer({0x29}, segments), std::out_of_range);
  segments = {reads(8193)};
  EXPECT_THROW(bus().transfer({0x29}, segments), std::out_of_range);
  segments = {writes("00")};
  EXPECT_THROW(bus().transfer({0x80}, segments), std::out_of_range);
  EXPECT_THROW(bus().transfer({0x400, true}, segments), std::out_of_range);
}

TEST_F(I2cDev, AnSmbusAdapterServesWhatHasTheShapeOfItsMessages) {
  script_.functions = stubAdapter;
  EXPECT_EQ(transfer({writes("")}), "");
  EXPECT_EQ(transfer({writes("12")}), "");
  EXPECT_EQ(transfer({writes("1234")}), "");
  EXPECT_EQ(transfer({writes("123456")}), "");
  EXPECT_EQ(transfer({writes("12345678")}), "");
  EXPECT_THAT(script_.calls,
              ElementsAre("smbus 41 write quick", "smbus 41 write byte 18", "smbus 41 write byte-data 18 52",
                          "smbus 41 write word-data 18 22068", "smbus 41 write block 18 345678"));
}

TEST_F(I2cDev, AnSmbusAdapterReads) {
  script_.functions = stubAdapter;
  script_.answer = hex("ABCDEF");
  EXPECT_EQ(transfer({reads(1)}), "AB");
  EXPECT_EQ(transfer({writes("12"), reads(1)}), "AB");
  EXPECT_EQ(transfer({writes("12"), reads(2)}), "ABCD") << "the low byte travels first";
  EXPECT_EQ(transfer({writes("12"), reads(3)}), "ABCDEF");
  EXPECT_THAT(script_.calls, ElementsAre("smbus 41 read byte", "smbus 41 read byte-data 18",
                                         "smbus 41 read word-data 18", "smbus 41 read block 18 3"));
  EXPECT_THAT(transfer({writes("12"), reads(4)}), HasSubstr("expected 4 bytes, found 3"));
}

TEST_F(I2cDev, AnSmbusAdapterUsesABlockForWhatItHasNoShorterMessageFor) {
  script_.functions = I2C_FUNC_SMBUS_I2C_BLOCK;
  script_.answer = hex("AB");
  EXPECT_EQ(transfer({writes("12"), reads(1)}), "AB");
  EXPECT_EQ(transfer({writes("123456")}), "");
  EXPECT_THAT(script_.calls, ElementsAre("smbus 41 read block 18 1", "smbus 41 write block 18 3456"));
}

TEST_F(I2cDev, AnSmbusAdapterSaysWhatItCannotDo) {
  script_.functions = stubAdapter;
  EXPECT_EQ(transfer({writes("010F"), reads(2)}),
            "95 transfer with i2c-1 address 0x29: the adapter knows only SMBus, and no message of the shape "
            "write 2, read 2: Operation not supported");
  EXPECT_THAT(transfer({reads(2)}), HasSubstr("read 2"));
  EXPECT_THAT(transfer({writes("00"), reads(33)}), HasSubstr("write 1, read 33"));
  EXPECT_THAT(transfer({writes("00")}, {0x129, true}), HasSubstr("no 10-bit addresses"));
  EXPECT_THAT(script_.calls, ElementsAre());
  script_.functions = I2C_FUNC_SMBUS_BYTE;
  bus_.reset();
  EXPECT_THAT(transfer({writes("12"), reads(1)}), HasSubstr("write 1, read 1"));
}

TEST_F(I2cDev, AnSmbusAdapterSaysThatTheKernelKeepsAnAddress) {
  script_.functions = stubAdapter;
  script_.slaveErrors[0x29] = EBUSY;
  EXPECT_EQ(
      transfer({writes("00")}),
      "16 use i2c-1 address 0x29, which the kernel keeps for a driver of its own: Device or resource busy");
}

TEST_F(I2cDev, ProbesAsI2cdetectDoes) {
  script_.answer = hex("00");
  for (const int address : {0x29, 0x30, 0x37, 0x38, 0x50, 0x5F, 0x60})
    EXPECT_EQ(bus().probe(static_cast<std::uint16_t>(address)), true);
  EXPECT_THAT(script_.calls, ElementsAre("smbus 41 write quick", "smbus 48 read byte", "smbus 55 read byte",
                                         "smbus 56 write quick", "smbus 80 read byte", "smbus 95 read byte",
                                         "smbus 96 write quick"));
}

TEST_F(I2cDev, ProbingTellsSilenceFromAnAddressThatTheKernelKeeps) {
  script_.slaveErrors[0x68] = EBUSY;
  EXPECT_EQ(bus().probe(0x68), std::nullopt);
  for (const int error : {ENXIO, EREMOTEIO, EIO, ETIMEDOUT, EAGAIN, ENODEV}) {  // the last is i2c-stub's
    script_.transferError = error;
    EXPECT_EQ(bus().probe(0x29), false);
  }
  script_.transferError = EBADF;
  EXPECT_THROW(bus().probe(0x29), std::system_error) << "the adapter is gone";
}

TEST_F(I2cDev, ProbingNeedsAMessageThatWritesNothing) {
  script_.functions = I2C_FUNC_SMBUS_READ_BYTE;
  script_.answer = hex("00");
  EXPECT_EQ(bus().probe(0x50), true);
  try {
    bus().probe(0x29);
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EOPNOTSUPP);
    EXPECT_THAT(error.what(), HasSubstr("i2c-1 address 0x29: the adapter has no SMBus quick write"));
  }
}

class I2cDevNodes : public testing::Test {
 protected:
  static std::string openError(const std::string& bus, const std::string& directory) {
    try {
      openI2cDev(bus, directory);
    } catch (const std::system_error& error) {
      return std::to_string(error.code().value()) + " " + error.what();
    }
    return "opened";
  }
  void make(const std::string& name) const { directory_.write(name, "x"); }
  TempDirectory directory_;
};

TEST_F(I2cDevNodes, BusesThatAreNotThereListThoseThatAre) {
  EXPECT_THAT(openError("9", directory_.path("")), HasSubstr("open I2C bus 9; there is none"));
  for (const char* name : {"i2c-20", "i2c-1", "i2c-dev", "gpiochip0"})
    make(name);
  EXPECT_EQ(openError("9", directory_.path("")),
            "2 open I2C bus 9; there is i2c-1, i2c-20: No such file or directory");
  EXPECT_THAT(openError("i2c-9", directory_.path("")), HasSubstr("open I2C bus i2c-9; there is"));
  EXPECT_THAT(openError("/dev/no-such-bus", directory_.path("")), HasSubstr("open I2C bus /dev/no-such-bus"));
  EXPECT_THAT(openError("", directory_.path("")), HasSubstr("open I2C bus"));
}

TEST_F(I2cDevNodes, WhatIsNoBusIsNamed) {
  make("i2c-1");
  for (const std::string& bus : {std::string("1"), std::string("i2c-1"), directory_.path("i2c-1")})
    EXPECT_EQ(openError(bus, directory_.path("")),
              "25 use as an I2C bus i2c-1: Inappropriate ioctl for device");
}

TEST_F(I2cDevNodes, LinksLeadToTheBus) {
  make("i2c-1");
  std::filesystem::create_symlink("i2c-1", directory_.path("sensors"));
  EXPECT_THAT(openError(directory_.path("sensors"), "/dev"), HasSubstr("I2C bus i2c-1:"));
}

TEST_F(I2cDevNodes, MissingPermissionNamesTheGroupThatHasIt) {
  make("i2c-1");
  ASSERT_EQ(::chmod(directory_.path("i2c-1").c_str(), 0), 0);
  ASSERT_EQ(::chmod(directory_.path("").c_str(), 0755), 0);
  const bool root = ::geteuid() == 0;
  if (root && ::seteuid(65534) != 0) FAIL() << "cannot give up root";
  const std::string said = openError("1", directory_.path(""));
  if (root && ::seteuid(0) != 0) FAIL() << "cannot be root again";
  struct stat status {};
  ASSERT_EQ(::stat(directory_.path("i2c-1").c_str(), &status), 0);
  const std::string group = ::getgrgid(status.st_gid)->gr_name;
  EXPECT_THAT(said, HasSubstr("/i2c-1, which is for the group " + group + ": Permission denied"));
}

}  // namespace
}  // namespace deskd
