// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/script_directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "hal/base/file.h"
#include "tests/fakes/run_until.h"
#include "tests/fakes/temp_directory.h"

namespace deskd {
namespace {

TEST(ScriptDirectory, TakesOnlyScriptsForScripts) {
  EXPECT_EQ(ScriptDirectory::nameOf("desk.js"), "desk");
  EXPECT_EQ(ScriptDirectory::nameOf("left.desk.js"), "left.desk");
  for (const char* other : {"desk.test.js", ".js", "desk.toml", ".desk.js.swp", "desk.js~", "#desk.js#",
                            ".#desk.js", "4913", "desk.js.dpkg-new", "._desk.js", "~desk.js", "desk.mjs"})
    EXPECT_EQ(ScriptDirectory::nameOf(other), "") << other;
}

class WatchedDirectory : public ::testing::Test {
 protected:
  void SetUp() override {
    files_.write("a.js", "");
    directory_.scan();
    told_.clear();
  }
  ScriptDirectory::Handlers handlers() {
    return {[this](const std::string& name) { told_.push_back("added " + name); },
            [this](const std::string& name) { told_.push_back("changed " + name); },
            [this](const std::string& name) { told_.push_back("removed " + name); }};
  }
  void move(const std::string& from, const std::string& to) {
    std::filesystem::rename(files_.path(from), files_.path(to));
  }
  // What comes in is read, and no time is waited for.
  void turn() { uv_run(loop_.uv(), UV_RUN_NOWAIT); }
  // As a host finds it that loads the script now.
  static std::pair<std::string, std::string> now(const std::string& file) {
    return {file, fileSignature(file)};
  }
  bool becomes(const std::vector<std::string>& expected) {
    return runUntil(loop_, [&] { return told_.size() >= expected.size(); }) && told_ == expected;
  }

  TempDirectory files_;
  Loop loop_;
  std::vector<std::string> told_;
  ScriptDirectory directory_{loop_, files_.path(), handlers()};
};

TEST_F(WatchedDirectory, DoesNotWaitForAScriptOrSettingsThatAreWhole) {
  files_.write("new.part", "text");
  move("new.part", "b.js");
  turn();
  turn();
  EXPECT_EQ(told_, (std::vector<std::string>{"added b"}));
  files_.write("b.toml", "x = 1");
  turn();
  turn();
  EXPECT_EQ(told_, (std::vector<std::string>{"added b", "changed b"}));
}

TEST_F(WatchedDirectory, TakesAnEditorsBackupForNoRemoval) {
  for (const std::string backup : {"a.js~", "a.toml~"}) {
    told_.clear();
    move("a.js", backup);
    turn();
    turn();
    files_.write("a.js", "more" + backup);
    EXPECT_TRUE(becomes({"changed a"})) << ::testing::PrintToString(told_);
  }
}

TEST_F(WatchedDirectory, AnImportedFileIsPartOfItsScripts) {
  files_.write("b.js", "");
  files_.write("lib/h.js", "");
  directory_.scan();
  told_.clear();
  directory_.setImports("a", {now(files_.path("lib/h.js"))});
  directory_.setImports("b", {now(files_.path("lib/h.js")), now(files_.path("lib/data.json"))});
  turn();
  EXPECT_EQ(told_, std::vector<std::string>{}) << "to know more of a script is no change";
  files_.write("lib/h.js", "longer");
  EXPECT_TRUE(becomes({"changed a", "changed b"})) << ::testing::PrintToString(told_);
  told_.clear();
  files_.write("lib/data.json", "{}");
  EXPECT_TRUE(becomes({"changed b"})) << ::testing::PrintToString(told_);
  told_.clear();
  directory_.setImports("a", {});
  files_.write("lib/h.js", "longer again");
  EXPECT_TRUE(becomes({"changed b"})) << ::testing::PrintToString(told_);
}

TEST_F(WatchedDirectory, AnImportedFileMayComeWithItsDirectory) {
  directory_.setImports("a", {now(files_.path("lib/deep/h.js"))});
  files_.write("lib/deep/h.js", "text");
  EXPECT_TRUE(becomes({"changed a"})) << ::testing::PrintToString(told_);
  told_.clear();
  std::filesystem::remove_all(files_.path("lib"));
  EXPECT_TRUE(becomes({"changed a"})) << ::testing::PrintToString(told_);
  told_.clear();
  files_.write("elsewhere/deep/h.js", "text");
  move("elsewhere", "lib");
  EXPECT_TRUE(becomes({"changed a"})) << ::testing::PrintToString(told_);
}

TEST_F(WatchedDirectory, AChangeBetweenLoadingAndTellingIsNotMissed) {
  files_.write("lib/h.js", "");
  directory_.setImports("a", {now(files_.path("lib/h.js"))});
  files_.write("lib/h.js", "new");
  directory_.setImports("a", {now(files_.path("lib/h.js"))});
  EXPECT_TRUE(becomes({"changed a"})) << ::testing::PrintToString(told_);
}

TEST_F(WatchedDirectory, AFileThatCameAfterItWasMissedAndBeforeThatWasToldIsNoticed) {
  const auto missed = now(files_.path("lib/h.js"));
  const auto older = now(files_.write("lib/g.js", ""));
  files_.write("lib/h.js", "text");
  turn();
  turn();
  directory_.setImports("a", {missed});
  EXPECT_TRUE(becomes({"changed a"})) << ::testing::PrintToString(told_);
  told_.clear();
  files_.write("lib/g.js", "longer");
  turn();
  turn();
  directory_.setImports("a", {older});
  EXPECT_TRUE(becomes({"changed a"})) << ::testing::PrintToString(told_);
}

TEST_F(WatchedDirectory, TellsWhatIsGone) {
  std::filesystem::remove(files_.path("a.js"));
  EXPECT_TRUE(becomes({"removed a"})) << ::testing::PrintToString(told_);
}

}  // namespace
}  // namespace deskd
