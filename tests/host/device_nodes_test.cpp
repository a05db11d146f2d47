// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/device_nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/fakes/temp_directory.h"

namespace deskd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// A board with a port that is soldered on, ttyAMA0, and one on USB, ttyUSB0.
class DeviceNodes : public testing::Test {
 protected:
  DeviceNodes() {
    for (const char* node : {"gpiochip0", "gpiochip1", "i2c-1", "i2c-20", "ttyAMA0", "ttyUSB0", "mem"})
      tree_.write(std::string("dev/") + node, "");
    std::filesystem::create_symlink("ttyAMA0", tree_.path("dev/serial0"));
    link("ttyAMA0", "platform/serial");
    link("ttyUSB0", "platform/usb1/1-1/ttyUSB0");
  }
  void link(const std::string& port, const std::string& device) {
    std::filesystem::create_directories(tree_.path("devices/" + device));
    std::filesystem::create_directories(tree_.path("class/tty/" + port));
    std::filesystem::create_symlink(tree_.path("devices/" + device),
                                    tree_.path("class/tty/" + port + "/device"));
  }
  std::string dev(const std::string& name) const { return tree_.path("dev/" + name); }
  std::vector<std::string> nodes(const DeviceGrants& grants) const {
    return deviceNodes(grants, {tree_.path("dev"), tree_.path("class")});
  }

  TempDirectory tree_;
};

TEST_F(DeviceNodes, AreAllWithoutPermissions) {
  EXPECT_THAT(nodes({{"*"}, {"*"}, {"*"}}), ElementsAre(tree_.path("dev")));
}

TEST_F(DeviceNodes, AreNoneWhenNothingIsGranted) {
  EXPECT_THAT(nodes({{}, {}, {}}), IsEmpty());
}

TEST_F(DeviceNodes, AreTheChipsForAnyLine) {
  EXPECT_THAT(nodes({{"GPIO17"}, {}, {}}), UnorderedElementsAre(dev("gpiochip0"), dev("gpiochip1")));
}

TEST_F(DeviceNodes, AreBusesByAnyOfTheirNames) {
  EXPECT_THAT(nodes({{}, {"1", "i2c-2", "/dev/i2c-3"}, {}}),
              ElementsAre(dev("i2c-1"), dev("i2c-2"), dev("i2c-3")));
  EXPECT_THAT(nodes({{}, {"*"}, {}}), UnorderedElementsAre(dev("i2c-1"), dev("i2c-20")));
}

TEST_F(DeviceNodes, AreThePortsThatStay) {
  EXPECT_THAT(nodes({{}, {}, {dev("serial0")}}), ElementsAre(dev("serial0")));
}

TEST_F(DeviceNodes, AreAllWhereAPortMayBePluggedInLater) {
  EXPECT_THAT(nodes({{}, {}, {dev("ttyUSB0")}}), ElementsAre(tree_.path("dev")));
  EXPECT_THAT(nodes({{}, {}, {dev("serial0"), dev("ttyUSB7")}}), ElementsAre(tree_.path("dev")));
}

}  // namespace
}  // namespace deskd
