// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/secret.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "hal/base/error.h"
#include "hal/base/unique_fd.h"

namespace deskd {
namespace {

constexpr std::size_t longestSecret = 65535;  // what an MQTT CONNECT can carry

UniqueFd openSecret(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) throwErrno("open", path);
  return fd;
}

struct stat statusOf(const UniqueFd& fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throwErrno("look at", path);
  if (!S_ISREG(status.st_mode)) throw std::runtime_error(path + ": expected a file, found something else");
  return status;
}

std::string firstLine(const UniqueFd& fd, const std::string& path) {
  std::string text;
  std::array<char, 4096> part{};
  for (;;) {
    const ssize_t got = ::read(fd.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throwErrno("read", path);
    if (got == 0) break;
    text.append(part.data(), static_cast<std::size_t>(got));
    if (text.size() > longestSecret + 2) throw std::runtime_error(path + ": expected at most 65535 bytes");
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) throw std::runtime_error(path + ": expected a password in the first line, found nothing");
  return text;
}

}  // namespace

std::string readSecretFile(const std::string& path) {
  const UniqueFd fd = openSecret(path);
  const mode_t mode = statusOf(fd, path).st_mode & 07777;
  if ((mode & (S_IRWXO | S_IWGRP)) != 0) {
    std::array<char, 8> octal{};
    std::snprintf(octal.data(), octal.size(), "%04o", static_cast<unsigned>(mode));
    throw std::runtime_error(path + ": holds a password, but its mode " + octal.data() +
                             " lets others read or change it; mend it with: chmod 600 " + path);
  }
  return firstLine(fd, path);
}

std::optional<std::string> readCredential(const std::string& name) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory == '\0') return std::nullopt;
  const std::string path = std::string(directory) + "/" + name;
  if (::access(path.c_str(), F_OK) != 0) return std::nullopt;
  const UniqueFd fd = openSecret(path);  // systemd sees to its mode
  statusOf(fd, path);
  return firstLine(fd, path);
}

std::optional<std::string> mqttPassword(const MqttSettings& settings) {
  if (!settings.passwordFile.empty()) return readSecretFile(settings.passwordFile);
  return readCredential("mqtt-password");
}

}  // namespace deskd
