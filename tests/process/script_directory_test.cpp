// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/script_directory.h"

#include <gtest/gtest.h>

namespace deskd {
namespace {

TEST(ScriptDirectory, TakesOnlyScriptsForScripts) {
  EXPECT_EQ(ScriptDirectory::nameOf("desk.js"), "desk");
  EXPECT_EQ(ScriptDirectory::nameOf("left.desk.js"), "left.desk");
  for (const char* other : {".js", "desk.toml", ".desk.js.swp", "desk.js~", "#desk.js#", ".#desk.js", "4913",
                            "desk.js.dpkg-new", "._desk.js", "~desk.js", "desk.mjs"})
    EXPECT_EQ(ScriptDirectory::nameOf(other), "") << other;
}

}  // namespace
}  // namespace deskd
