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
    plain_ = new Broker(how);
    how.clientCertificate = true;
    demanding_ = new Broker(how);
  }
  static void TearDownTestSuite() {
    delete plain_;
    delete demanding_;
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

  static Broker* plain_;
  static Broker* demanding_;
  Loop loop_;
};

Broker* MqttTls::plain_ = nullptr;
Broker* MqttTls::demanding_ = nullptr;

}  // namespace

TEST_F(MqttTls, AcceptsABrokerThatTheAuthorityVouchesFor) {
  EXPECT_TRUE(getsIn(options(*plain_)));
}

TEST_F(MqttTls, Speaks311Too) {
  MqttClientOptions o = options(*plain_);
  o.settings.version = MqttVersion::v311;
  EXPECT_TRUE(getsIn(o));
}

TEST_F(MqttTls, RefusesABrokerOfAnotherAuthority) {
  MqttClientOptions o = options(*plain_);
  o.settings.caFile = plain_->file("other-ca.pem");
  EXPECT_FALSE(getsIn(o));
}

TEST_F(MqttTls, RefusesABrokerThatTheSystemDoesNotKnow) {
  MqttClientOptions o = options(*plain_);
  o.settings.caFile = "";
  EXPECT_FALSE(getsIn(o));
}

TEST_F(MqttTls, RefusesACertificateForAnotherName) {
  EXPECT_FALSE(getsIn(options(*plain_, "127.0.0.1"))) << "it is for localhost";
}

TEST_F(MqttTls, AcceptsAnotherNameIfTold) {
  MqttClientOptions o = options(*plain_, "127.0.0.1");
  o.settings.verifyName = false;
  EXPECT_TRUE(getsIn(o));
  o.settings.caFile = plain_->file("other-ca.pem");
  EXPECT_FALSE(getsIn(o)) << "but never another authority";
}

TEST_F(MqttTls, ShowsItsOwnCertificate) {
  MqttClientOptions o = options(*demanding_);
  EXPECT_FALSE(getsIn(o));
  o.settings.certFile = demanding_->file("client.pem");
  o.settings.keyFile = demanding_->file("client.key");
  EXPECT_TRUE(getsIn(o));
}

TEST_F(MqttTls, AMissingFileIsAnErrorAtOnce) {
  MqttClientOptions o = options(*plain_);
  o.settings.caFile = "/nowhere/ca.pem";
  try {
    MqttClient client(loop_, o, {});
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("mqtt.ca_file: /nowhere/ca.pem cannot be read: No such file"));
  }
}
