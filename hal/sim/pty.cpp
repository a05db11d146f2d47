// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/pty.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "hal/base/error.h"

namespace deskd {
namespace {

std::string targetOf(const std::string& link) {
  std::array<char, 256> target{};
  const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
  return size < 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(size));
}

// Only ever replaces a link: a mistaken path must not cost a file.
void pointLink(const std::string& link, const std::string& target) {
  if (targetOf(link).empty() && ::access(link.c_str(), F_OK) == 0) {
    throwErrno(EEXIST, "create symbolic link", link);
  }
  const std::string fresh = link + ".new." + std::to_string(::getpid());
  ::unlink(fresh.c_str());
  if (::symlink(target.c_str(), fresh.c_str()) != 0) throwErrno("create symbolic link", fresh);
  if (::rename(fresh.c_str(), link.c_str()) == 0) return;
  const int error = errno;
  ::unlink(fresh.c_str());
  throwErrno(error, "create symbolic link", link);
}

}  // namespace

Pty::Pty(std::string link) : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)) {
  if (!master_) throwErrno("create pseudo-terminal");
  if (::grantpt(master_.get()) != 0 || ::unlockpt(master_.get()) != 0) throwErrno("unlock pseudo-terminal");
  std::array<char, 64> name{};
  if (const int error = ::ptsname_r(master_.get(), name.data(), name.size()); error != 0) {
    throwErrno(error, "name pseudo-terminal");
  }
  terminal_ = name.data();
  held_.reset(::open(terminal_.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!held_) throwErrno("open pseudo-terminal", terminal_);
  termios settings{};
  if (::tcgetattr(held_.get(), &settings) != 0) throwErrno("configure pseudo-terminal", terminal_);
  ::cfmakeraw(&settings);
  if (::tcsetattr(held_.get(), TCSANOW, &settings) != 0) throwErrno("configure pseudo-terminal", terminal_);
  if (link.empty()) return;
  pointLink(link, terminal_);
  link_ = std::move(link);
}

Pty::~Pty() {
  if (!link_.empty() && targetOf(link_) == terminal_) ::unlink(link_.c_str());
}

std::size_t Pty::read(std::span<std::uint8_t> into) {
  const ssize_t size = ::read(master_.get(), into.data(), into.size());
  if (size >= 0) return static_cast<std::size_t>(size);
  if (errno == EAGAIN || errno == EINTR) return 0;
  throwErrno("read from pseudo-terminal", terminal_);
}

std::size_t Pty::write(std::span<const std::uint8_t> bytes) {
  const ssize_t size = ::write(master_.get(), bytes.data(), bytes.size());
  if (size >= 0) return static_cast<std::size_t>(size);
  if (errno == EAGAIN || errno == EINTR) return 0;
  throwErrno("write to pseudo-terminal", terminal_);
}

}  // namespace deskd
