// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/broker.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "hal/base/error.h"

namespace deskd {
namespace {

std::uint16_t freePort() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throwErrno("find a free port");
  }
  return ntohs(address.sin_port);
}

// Starts a program; its standard output and error go to `output` if that is given, else nowhere.
pid_t spawn(const std::vector<std::string>& command, int output = -1) {
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (output >= 0) {
    ::posix_spawn_file_actions_adddup2(&actions, output, 1);
  } else {
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  }
  ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throwErrno(error, "start", command[0]);
  return pid;
}

void run(const std::vector<std::string>& command) {
  const pid_t pid = spawn(command);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (status == 0) return;
  std::string line;
  for (const std::string& argument : command)
    line += argument + " ";
  throw std::runtime_error("failed: " + line);
}

std::string findMosquitto() {
  for (const char* path : {"/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  return "mosquitto";
}

}  // namespace

Broker::Broker(Options options) : options_(std::move(options)), port_(freePort()) {
  std::string name = (std::filesystem::temp_directory_path() / "deskd-broker-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throwErrno("make", name);
  directory_ = name;
  if (options_.tls) makeCertificates();
  writeConfiguration();
  start();
}

Broker::~Broker() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string Broker::url() const {
  return (options_.tls ? "mqtts://localhost:" : "mqtt://127.0.0.1:") + std::to_string(port_);
}

std::string Broker::file(const std::string& name) const {
  return directory_ + "/" + name;
}

void Broker::makeCertificates() {
  for (const std::string ca : {"ca", "other-ca"}) {
    run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
         "2", "-subj", "/CN=" + ca, "-keyout", file(ca + ".key"), "-out", file(ca + ".pem")});
  }
  std::ofstream(file("server.ext")) << "subjectAltName=DNS:localhost\n";
  std::ofstream(file("client.ext")) << "keyUsage=digitalSignature\n";
  for (const std::string who : {"server", "client"}) {
    run({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
         "/CN=" + std::string(who == "server" ? "localhost" : "board"), "-keyout", file(who + ".key"), "-out",
         file(who + ".csr")});
    run({"openssl", "x509", "-req", "-in", file(who + ".csr"), "-CA", file("ca.pem"), "-CAkey",
         file("ca.key"), "-CAcreateserial", "-days", "2", "-extfile", file(who + ".ext"), "-out",
         file(who + ".pem")});
  }
}

void Broker::writeConfiguration() {
  std::ofstream config(file("mosquitto.conf"));
  config << "listener " << port_ << " 127.0.0.1\n"
         << "persistence false\n"
         << "log_dest stderr\nlog_type error\nlog_type warning\nlog_type information\n";
  // Started by root it would otherwise become a user that cannot read this directory.
  if (::geteuid() == 0) config << "user root\n";
  if (options_.username.empty()) {
    config << "allow_anonymous " << (options_.clientCertificate ? "false" : "true") << "\n";
  } else {
    std::ofstream(file("passwords")) << options_.username << ":" << options_.password << "\n";
    run({"mosquitto_passwd", "-U", file("passwords")});
    config << "allow_anonymous false\npassword_file " << file("passwords") << "\n";
  }
  if (!options_.acl.empty()) {
    std::ofstream(file("acl")) << options_.acl;
    ::chmod(file("acl").c_str(), 0600);
    config << "acl_file " << file("acl") << "\n";
  }
  if (options_.tls) {
    config << "cafile " << file("ca.pem") << "\ncertfile " << file("server.pem") << "\nkeyfile "
           << file("server.key") << "\n";
  }
  if (options_.clientCertificate) config << "require_certificate true\nuse_identity_as_username true\n";
  config << options_.extra;
}

void Broker::start() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throwErrno("make a pipe");
  UniqueFd read(ends[0]);
  UniqueFd write(ends[1]);
  pid_ = spawn({findMosquitto(), "-c", file("mosquitto.conf")}, write.get());
  write.reset();

  std::string printed;
  std::array<char, 4096> part{};
  while (printed.find(" running") == std::string::npos) {
    const ssize_t got = ::read(read.get(), part.data(), part.size());
    if (got <= 0) {
      kill();
      throw std::runtime_error("mosquitto did not start: " + printed);
    }
    printed.append(part.data(), static_cast<std::size_t>(got));
  }
  drain_ = std::thread([fd = std::move(read)] {
    std::array<char, 4096> ignored{};
    while (::read(fd.get(), ignored.data(), ignored.size()) > 0) {
    }
  });
}

void Broker::kill() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  if (drain_.joinable()) drain_.join();
}

void Broker::freeze() {
  ::kill(pid_, SIGSTOP);
  ::waitpid(pid_, nullptr, WUNTRACED);
}

void Broker::thaw() {
  ::kill(pid_, SIGCONT);
}

}  // namespace deskd
