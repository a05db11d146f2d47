// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/restart_policy.h"

#include <gtest/gtest.h>

namespace deskd {
namespace {

TEST(RestartPolicy, DoublesUpToAMinute) {
  RestartPolicy policy;
  for (const long expected : {500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000}) {
    policy.started(1000);
    EXPECT_EQ(policy.failed(2000, 0.0).count(), expected);
  }
}

TEST(RestartPolicy, AddsUpToAFifthAtRandom) {
  RestartPolicy policy;
  EXPECT_EQ(policy.failed(0, 0.5).count(), 550);
  EXPECT_LE(policy.failed(0, 0.999).count(), 1200);
}

TEST(RestartPolicy, StartsOverAfterAMinuteOfHealth) {
  RestartPolicy policy;
  policy.started(1000);
  policy.failed(2000, 0.0);
  policy.started(3000);
  EXPECT_EQ(policy.failed(3000 + RestartPolicy::healthyMs - 1, 0.0).count(), 1000);
  policy.started(100000);
  EXPECT_EQ(policy.failed(100000 + RestartPolicy::healthyMs, 0.0).count(), 500);
}

// A script that fails before it ever runs is not healthy, however long that takes.
TEST(RestartPolicy, CountsOnlyTimeSinceAStart) {
  RestartPolicy policy;
  policy.failed(0, 0.0);
  EXPECT_EQ(policy.failed(10 * RestartPolicy::healthyMs, 0.0).count(), 1000);
}

}  // namespace
}  // namespace deskd
