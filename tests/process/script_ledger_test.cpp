// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/script_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/fakes/temp_directory.h"

namespace deskd {
namespace {

using testing::HasSubstr;
using testing::Optional;

class ScriptLedgers : public testing::Test {
 protected:
  ScriptLedgers() { restart(); }
  // As after a restart of deskd, or of the machine.
  void restart() {
    ledger_ = std::make_unique<ScriptLedger>(directory_.path("ledger"), [this] { return now_; });
  }
  bool fails(const std::string& script) {
    ledger_->begin({script});
    return ledger_->failed(script, "Error: no");
  }

  TempDirectory directory_;
  std::int64_t now_ = 1'700'000'000;
  std::unique_ptr<ScriptLedger> ledger_;
};

TEST_F(ScriptLedgers, QuarantineTheFifthFailureInTenMinutesOverRestarts) {
  for (int failure = 1; failure <= 4; ++failure) {
    EXPECT_FALSE(fails("desk"));
    now_ += 100;
    restart();
    EXPECT_EQ(ledger_->quarantine("desk"), std::nullopt);
  }
  EXPECT_FALSE(fails("lamp")) << "each script has its own";
  EXPECT_TRUE(fails("desk"));
  restart();
  now_ += 1'000'000;
  EXPECT_THAT(ledger_->quarantine("desk"), Optional(std::string("Error: no")));
  EXPECT_EQ(ledger_->quarantine("lamp"), std::nullopt);
  ledger_->release("desk");
  EXPECT_FALSE(fails("desk")) << "the failures before it are forgotten";
  restart();
  EXPECT_EQ(ledger_->quarantine("desk"), std::nullopt);
}

TEST_F(ScriptLedgers, ForgetFailuresAfterTenMinutes) {
  for (int failure = 1; failure <= 20; ++failure) {
    EXPECT_FALSE(fails("desk")) << failure;
    now_ += 151;
  }
}

TEST_F(ScriptLedgers, CountAnAttemptThatTookTheMachineDown) {
  for (int boot = 1; boot <= 4; ++boot) {
    ledger_->begin({"desk", "lamp"});
    ledger_->endedWell("lamp");
    restart();
    EXPECT_EQ(ledger_->quarantine("desk"), std::nullopt) << boot;
  }
  ledger_->begin({"desk"});
  restart();
  EXPECT_THAT(ledger_->quarantine("desk"), Optional(HasSubstr("ended while it was starting")));
  EXPECT_EQ(ledger_->quarantine("lamp"), std::nullopt);
}

// A Pi has no battery for its clock.
TEST_F(ScriptLedgers, DoNotForgetBecauseTheClockWasSetBack) {
  for (int failure = 1; failure <= 4; ++failure)
    fails("desk");
  now_ -= 1'000'000;
  restart();
  EXPECT_TRUE(fails("desk"));
}

TEST_F(ScriptLedgers, RememberWhatIsTurnedOff) {
  ledger_->setDisabled("desk", true);
  restart();
  EXPECT_TRUE(ledger_->disabled("desk"));
  EXPECT_FALSE(ledger_->disabled("lamp"));
  ledger_->setDisabled("desk", false);
  restart();
  EXPECT_FALSE(ledger_->disabled("desk"));
}

TEST_F(ScriptLedgers, ForgetAScriptThatIsGone) {
  for (int failure = 1; failure <= 5; ++failure)
    fails("desk");
  ledger_->forget("desk");
  restart();
  EXPECT_EQ(ledger_->quarantine("desk"), std::nullopt);
}

TEST_F(ScriptLedgers, BeginAnewWhereTheFileIsDamaged) {
  for (const char* content : {"", "{", "[]", R"({"scripts": 5})", R"({"scripts": {"desk": {}}})"}) {
    directory_.write("ledger", content);
    restart();
    EXPECT_EQ(ledger_->quarantine("desk"), std::nullopt) << content;
    ledger_->setDisabled("desk", true);
    restart();
    EXPECT_TRUE(ledger_->disabled("desk")) << content;
  }
}

TEST_F(ScriptLedgers, WithoutAFileForgetAtTheEnd) {
  ScriptLedger ledger("", [] { return 0; });
  for (int failure = 1; failure < 5; ++failure)
    ledger.failed("desk", "no");
  EXPECT_TRUE(ledger.failed("desk", "no"));
}

}  // namespace
}  // namespace deskd
