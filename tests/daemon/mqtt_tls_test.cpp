// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <signal.h>

#include <stdexcept>

#include "daemon/deskd/mqtt_client.h"
#include "hal/base/log.h"
#include "tests/fakes/broker.h"
#include "tests/fakes/run_until.h"

using namespace deskd;
using testing::HasSubstr;

namespace {

// Certificates take a moment to make: one broker of each kind for all tests.
class MqttTls : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    ::signal(SIGPIPE, SIG_IGN);
    setLogSink([](const LogRecord&) {});
    Broker::Options how;
    how.tls = true;
    plain = new Broker(how);
    how.clientCertificate = true;
    demanding = new Broker(how);
  }
  static void TearDownTestSuite() {
    delete plain;
    delete demanding;
  }

  MqttClientOptions options(const Broker& broker, const std::string& host = "localhost") {
    MqttClientOptions o;
    parseMqttUrl("mqtts://" + host + ":" + std::to_string(broker.port()), o.settings);
    o.settings.caFile = broker.file("ca.pem");
    o.clientId = "deskd-test";
    o.firstRetryDelay = Milliseconds(20);
    o.maxRetryDelay = Milliseconds(20);
    return o;
  }
  // Whether it gets in, or is turned away twice.
  bool getsIn(MqttClientOptions o) {
    MqttClient client(loop_, std::move(o), {});
    client.start();
    const bool decided = runUntil(
        loop_, [&] { return client.connected() || client.counters().connectFailures >= 2; },
        Milliseconds(20000));
    EXPECT_TRUE(decided);
    return client.connected();
  }

  static Broker* plain;
  static Broker* demanding;
  Loop loop_;
};

Broker* MqttTls::plain = nullptr;
Broker* MqttTls::demanding = nullptr;

}  // namespace

TEST_F(MqttTls, AcceptsABrokerThatTheAuthorityVouchesFor) {
  EXPECT_TRUE(getsIn(options(*plain)));
}

TEST_F(MqttTls, Speaks311Too) {
  MqttClientOptions o = options(*plain);
  o.settings.version = MqttVersion::v311;
  EXPECT_TRUE(getsIn(o));
}

TEST_F(MqttTls, RefusesABrokerOfAnotherAuthority) {
  MqttClientOptions o = options(*plain);
  o.settings.caFile = plain->file("other-ca.pem");
  EXPECT_FALSE(getsIn(o));
}

TEST_F(MqttTls, RefusesABrokerThatTheSystemDoesNotKnow) {
  MqttClientOptions o = options(*plain);
  o.settings.caFile = "";
  EXPECT_FALSE(getsIn(o));
}

TEST_F(MqttTls, RefusesACertificateForAnotherName) {
  EXPECT_FALSE(getsIn(options(*plain, "127.0.0.1"))) << "it is for localhost";
}

TEST_F(MqttTls, AcceptsAnotherNameIfTold) {
  MqttClientOptions o = options(*plain, "127.0.0.1");
  o.settings.verifyName = false;
  EXPECT_TRUE(getsIn(o));
  o.settings.caFile = plain->file("other-ca.pem");
  EXPECT_FALSE(getsIn(o)) << "but never another authority";
}

TEST_F(MqttTls, ShowsItsOwnCertificate) {
  MqttClientOptions o = options(*demanding);
  EXPECT_FALSE(getsIn(o));
  o.settings.certFile = demanding->file("client.pem");
  o.settings.keyFile = demanding->file("client.key");
  EXPECT_TRUE(getsIn(o));
}

TEST_F(MqttTls, AMissingFileIsAnErrorAtOnce) {
  MqttClientOptions o = options(*plain);
  o.settings.caFile = "/nowhere/ca.pem";
  try {
    MqttClient client(loop_, o, {});
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("mqtt.ca_file: /nowhere/ca.pem cannot be read: No such file"));
  }
}
