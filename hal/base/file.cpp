// SPDX-License-Identifier: Apache-2.0
#include "hal/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "hal/base/error.h"
#include "hal/base/unique_fd.h"

namespace deskd {

std::string fileSignature(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return "";
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) + ":" +
         std::to_string(status.st_size) + ":" + std::to_string(status.st_mtim.tv_sec) + "." +
         std::to_string(status.st_mtim.tv_nsec);
}

std::string readFile(const std::string& path, std::size_t mostBytes) {
  // A FIFO in the way must not block us; for regular files O_NONBLOCK means nothing.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) throwErrno("open", path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throwErrno("inspect", path);
  if (S_ISDIR(status.st_mode)) throwErrno(EISDIR, "read", path);
  if (!S_ISREG(status.st_mode)) throwErrno(EINVAL, "read (not a regular file)", path);
  std::string content;
  char block[16384];
  for (;;) {
    const ssize_t got = ::read(fd.get(), block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throwErrno("read", path);
    if (got == 0) return content;
    content.append(block, static_cast<std::size_t>(got));
    if (content.size() > mostBytes) throwErrno(EFBIG, "read", path);
  }
}

void replaceFile(const std::string& path, std::string_view content, Durability durability) {
  const std::string temporary = path + ".new";
  UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (!fd) throwErrno("create", temporary);
  for (std::string_view rest = content; !rest.empty();) {
    const ssize_t put = ::write(fd.get(), rest.data(), rest.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throwErrno("write", temporary);
    rest.remove_prefix(static_cast<std::size_t>(put));
  }
  const bool lasting = durability == Durability::lasting;
  if (lasting && ::fsync(fd.get()) != 0) throwErrno("sync", temporary);
  fd.reset();
  if (::rename(temporary.c_str(), path.c_str()) != 0) throwErrno("replace", path);
  if (!lasting) return;
  const auto slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const UniqueFd directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory && ::fsync(directory.get()) != 0 && errno != EINVAL) throwErrno("sync", parent);
}

}  // namespace deskd
