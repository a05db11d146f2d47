// SPDX-License-Identifier: Apache-2.0
// The shipped scripts that need nothing but a line, on a fake board.
#include "tests/bindings/fake_board_fixture.h"

namespace deskd {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ShippedScript : public FakeBoardTest {
 protected:
  ShippedScript() { services_.script.libraryPath = DESKD_SOURCE_DIR "/scripts"; }

  void start(const std::string& name, const std::string& settingsJson = "{}") {
    services_.script.path = services_.script.libraryPath + "/" + name;
    services_.script.settingsJson = settingsJson;
    startScript();
  }
  // What the hub was told since the last call.
  std::vector<std::string> told() { return std::exchange(bus_.hubCalls, {}); }
  bool tells(const std::string& call) {
    return runUntil(*loop_, [&] {
      return std::find(bus_.hubCalls.begin(), bus_.hubCalls.end(), call) != bus_.hubCalls.end();
    });
  }
};

const std::string press = R"(event button {"event_type":"press"})";
const std::string hold = R"(event button {"event_type":"hold"})";
const std::string release = R"(event button {"event_type":"release"})";

TEST_F(ShippedScript, ButtonTellsPressAndRelease) {
  gpio_->levels[17] = true;
  start("button.js");
  ASSERT_EQ(gpio_->inputs.size(), 1u);
  EXPECT_EQ(gpio_->inputs[0].lines.front().offset, 17u);
  EXPECT_EQ(gpio_->inputs[0].bias, GpioBias::pullUp);
  EXPECT_EQ(gpio_->inputs[0].debounceUs, 10'000u);
  EXPECT_THAT(told(), Contains("state pressed false"));
  gpio_->drive(17, false);
  ASSERT_TRUE(tells(press));
  gpio_->drive(17, true);
  ASSERT_TRUE(tells(release));
  EXPECT_THAT(told(), ElementsAre("state pressed true", press, "state pressed false", release));
  EXPECT_FALSE(failure_);
}

TEST_F(ShippedScript, ButtonTellsThatItIsHeld) {
  start("button.js", R"({"line": "GPIO4", "active_low": false, "bias": "pull-down", "hold_ms": 20})");
  gpio_->drive(4, true);
  ASSERT_TRUE(tells(hold));
  gpio_->drive(4, false);
  ASSERT_TRUE(tells(release));
  told();
  gpio_->drive(4, true);
  gpio_->drive(4, false);
  ASSERT_TRUE(tells(release));
  runFor(*loop_, Milliseconds(40));
  EXPECT_THAT(told(), Not(Contains(hold))) << "it was let go before";
}

TEST_F(ShippedScript, BlinkBlinksUntilTheSwitchIsTurnedOff) {
  start("blink.js", R"({"line": "GPIO22", "on_ms": 5, "off_ms": 5})");
  EXPECT_THAT(told(), Contains("state blinking true"));
  ASSERT_TRUE(runUntil(*loop_, [&] { return gpio_->log.size() >= 6; }));
  gpio_->log.resize(4);
  EXPECT_THAT(gpio_->log, ElementsAre("22=0", "22=1", "22=0", "22=1"));
  bus_.command("blinking", "OFF");
  ASSERT_TRUE(tells("state blinking false"));
  gpio_->log.clear();
  runFor(*loop_, Milliseconds(30));
  EXPECT_THAT(gpio_->log, testing::IsEmpty());
  EXPECT_FALSE(gpio_->levels[22]);

  bus_.command("blinking", "ON");
  bus_.command("blinking", "ON");
  ASSERT_TRUE(runUntil(*loop_, [&] { return gpio_->log.size() >= 4; }));
  close();
  EXPECT_FALSE(gpio_->levels[22]) << "dark at the end";
}

TEST_F(ShippedScript, NamesTheSettingThatIsWrong) {
  start("blink.js", R"({"lien": "GPIO22"})");
  ASSERT_TRUE(failure_);
  EXPECT_THAT(failure_->message, HasSubstr("setting lien: expected one of line, active_low, on_ms, off_ms"));
  start("button.js", R"({"line": "GPIO99"})");
  ASSERT_TRUE(failure_);
  EXPECT_THAT(failure_->message, HasSubstr("found \"GPIO99\"; the nearest names are GPIO9"));
}

}  // namespace
}  // namespace deskd
