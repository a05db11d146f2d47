// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/mqtt_files.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/fakes/temp_directory.h"

using namespace deskd;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

namespace {

constexpr const char* certificate = "text\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
constexpr const char* privateKey = "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n";

class MqttFilesTest : public testing::Test {
 protected:
  MqttFilesTest() { ::unsetenv("CREDENTIALS_DIRECTORY"); }

  std::vector<std::string> mistakes(const std::string& keys, const std::string& url = "mqtts://h") {
    const std::string path = directory_.write("deskd.toml", "[mqtt]\nurl = \"" + url + "\"\n" + keys);
    return mqttFileMistakes(loadSettings(path));
  }
  std::string key(const std::string& name, const std::string& file) {
    return name + " = \"" + directory_.path(file) + "\"\n";
  }
  // How a mistake of the first key begins.
  std::string at(const std::string& name, int line = 3) {
    return directory_.path("deskd.toml") + ":" + std::to_string(line) + ":1: mqtt." + name + ": ";
  }

  TempDirectory directory_;
};

}  // namespace

TEST_F(MqttFilesTest, GoodFilesAreFine) {
  directory_.write("ca.pem", certificate);
  directory_.write("cert.pem", certificate);
  directory_.write("key.pem", privateKey);
  ::chmod(directory_.write("password", "x\n").c_str(), 0600);
  EXPECT_THAT(mistakes(key("ca_file", "ca.pem") + key("cert_file", "cert.pem") + key("key_file", "key.pem") +
                       key("password_file", "password")),
              IsEmpty());
}

TEST_F(MqttFilesTest, WhatIsMissingIsNamedWithKeyAndPlace) {
  EXPECT_THAT(
      mistakes(key("ca_file", "ca.pem") + key("cert_file", "cert.pem") + key("key_file", "key.pem")),
      ElementsAre(AllOf(StartsWith(at("ca_file")), HasSubstr("/ca.pem cannot be read: No such file")),
                  AllOf(StartsWith(at("cert_file", 4)), HasSubstr("/cert.pem cannot be read: No such file")),
                  AllOf(StartsWith(at("key_file", 5)), HasSubstr("/key.pem cannot be read: No such file"))));
  directory_.write("ca.pem/inside", "");
  EXPECT_THAT(mistakes(key("ca_file", "ca.pem")), ElementsAre(EndsWith("cannot be read: Is a directory")));
}

TEST_F(MqttFilesTest, WhatIsNoPemIsNamed) {
  directory_.write("a.pem", privateKey);
  directory_.write("b.pem", certificate);
  EXPECT_THAT(mistakes(key("cert_file", "a.pem") + key("key_file", "b.pem")),
              ElementsAre(at("cert_file") +
                              "expected a certificate in PEM form (-----BEGIN CERTIFICATE-----), "
                              "found none in " +
                              directory_.path("a.pem"),
                          at("key_file", 4) +
                              "expected a private key in PEM form (-----BEGIN PRIVATE "
                              "KEY-----), found none in " +
                              directory_.path("b.pem")));
  directory_.write("a.pem", "");
  EXPECT_THAT(mistakes(key("ca_file", "a.pem")),
              ElementsAre(HasSubstr("mqtt.ca_file: expected a certificate")));
}

TEST_F(MqttFilesTest, AKeyWithAPassphraseIsOfNoUse) {
  directory_.write("cert.pem", certificate);
  for (const char* text :
       {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIF\n-----END ENCRYPTED PRIVATE KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIF\n-----END RSA PRIVATE KEY-----\n"}) {
    directory_.write("key.pem", text);
    EXPECT_THAT(mistakes(key("cert_file", "cert.pem") + key("key_file", "key.pem")),
                ElementsAre(HasSubstr("mqtt.key_file: expected a private key without a passphrase")));
  }
}

TEST_F(MqttFilesTest, AMissingPasswordFileSaysWhatToDo) {
  EXPECT_THAT(
      mistakes(key("password_file", "password")),
      ElementsAre(AllOf(StartsWith(at("password_file") + directory_.path("password") + " does not exist"),
                        HasSubstr("write the password into it"))));
  ::chmod(directory_.write("password", "x\n").c_str(), 0644);
  EXPECT_THAT(mistakes(key("password_file", "password")),
              ElementsAre(AllOf(StartsWith(at("password_file")), HasSubstr("mode 0644"))));
}

TEST_F(MqttFilesTest, NothingIsLookedAtWithoutABroker) {
  EXPECT_THAT(mistakes(key("password_file", "password"), ""), IsEmpty());
}
