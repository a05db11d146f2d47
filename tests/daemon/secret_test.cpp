// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/secret.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <system_error>

#include "tests/fakes/temp_directory.h"

using namespace deskd;
using testing::AllOf;
using testing::HasSubstr;

namespace {

class SecretTest : public testing::Test {
 protected:
  ~SecretTest() override { ::unsetenv("CREDENTIALS_DIRECTORY"); }

  std::string file(const std::string& content, mode_t mode) {
    const std::string path = directory_.write("password", content);
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }
  std::string refusal(const std::string& path) {
    try {
      readSecretFile(path);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }

  TempDirectory directory_;
};

}  // namespace

TEST_F(SecretTest, ReadsTheFirstLine) {
  EXPECT_EQ(readSecretFile(file("hunter2\n", 0600)), "hunter2");
  EXPECT_EQ(readSecretFile(file("hunter2", 0400)), "hunter2");
  EXPECT_EQ(readSecretFile(file("with blank \r\nsecond", 0640)), "with blank ");
}

TEST_F(SecretTest, RefusesAFileThatOthersMayReadOrTheGroupMayChange) {
  for (const mode_t mode : {0604, 0602, 0660, 0644, 0777}) {
    const std::string path = file("hunter2\n", mode);
    const std::string text = refusal(path);
    EXPECT_THAT(text,
                AllOf(HasSubstr(path), HasSubstr("chmod 600 " + path), testing::Not(HasSubstr("hunter2"))));
  }
  EXPECT_THAT(refusal(file("hunter2\n", 0644)), HasSubstr("its mode 0644"));
}

TEST_F(SecretTest, RefusesWhatIsNoPassword) {
  EXPECT_THAT(refusal(file("", 0600)), HasSubstr("expected a password in the first line"));
  EXPECT_THAT(refusal(file("\nsecond", 0600)), HasSubstr("expected a password in the first line"));
  EXPECT_THAT(refusal(file(std::string(70000, 'a'), 0600)), HasSubstr("at most 65535 bytes"));
  EXPECT_THAT(refusal(directory_.path()), HasSubstr("expected a file"));
  EXPECT_THROW(readSecretFile(directory_.path("missing")), std::system_error);
}

TEST_F(SecretTest, ThePasswordComesFromTheFileElseFromTheCredential) {
  MqttSettings settings;
  EXPECT_EQ(mqttPassword(settings), std::nullopt);
  directory_.write("mqtt-password", "from-systemd\n");
  ::setenv("CREDENTIALS_DIRECTORY", directory_.path().c_str(), 1);
  EXPECT_EQ(mqttPassword(settings), "from-systemd");
  settings.passwordFile = file("from-file\n", 0600);
  EXPECT_EQ(mqttPassword(settings), "from-file");
}

TEST_F(SecretTest, ACredentialThatWasNotPassedIsNone) {
  ::setenv("CREDENTIALS_DIRECTORY", directory_.path().c_str(), 1);
  EXPECT_EQ(readCredential("mqtt-password"), std::nullopt);
}
