// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "hal/base/unique_fd.h"

namespace deskd {

// A private mosquitto on a free port of the loopback interface, with its files in a directory of its own. It
// keeps nothing over restarts, like a broker that lost its data.
class Broker {
 public:
  struct Options {
    std::string username;  // empty: anonymous clients may come
    std::string password;
    std::string acl;                 // content of an acl_file; empty: everything is allowed
    bool tls = false;                // with certificates made for "localhost" and 127.0.0.1, see file()
    bool clientCertificate = false;  // demanded
    std::string extra;               // more lines of mosquitto.conf
  };

  Broker() : Broker(Options()) {}
  // Makes files and certificates, picks the port, and starts. Throws std::runtime_error if any of that fails.
  explicit Broker(Options options);
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  std::uint16_t port() const { return port_; }
  // "mqtt://127.0.0.1:PORT", or "mqtts://localhost:PORT".
  std::string url() const;
  // With TLS: "ca.pem", "other-ca.pem", "client.pem", "client.key".
  std::string file(const std::string& name) const;

  void start();   // returns when it listens
  void kill();    // as a crash does
  void freeze();  // SIGSTOP: its connections stay, and nothing answers
  void thaw();

 private:
  void makeCertificates();
  void writeConfiguration();

  const Options options_;
  std::string directory_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
  std::thread drain_;  // keeps reading what it prints, so that it never waits for us
};

}  // namespace deskd
