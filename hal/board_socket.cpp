// SPDX-License-Identifier: Apache-2.0
#include "hal/board_socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "hal/base/error.h"
#include "hal/sim/board_wire.h"

namespace deskd {
namespace {

UniqueFd descriptorIn(msghdr& message) {
  UniqueFd found;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    found.reset(descriptor);
  }
  return found;
}

// "error EBUSY GPIO17 is held..."
[[noreturn]] void throwAnswer(const std::string& answer) {
  const auto name = answer.find(' ') + 1;
  const auto message = answer.find(' ', name);
  const int error = errnoOf(answer.substr(name, message == std::string::npos ? message : message - name));
  throwErrno(error != 0 ? error : EPROTO,
             message == std::string::npos ? "use the simulated board" : answer.substr(message + 1));
}

}  // namespace

BoardSocket::BoardSocket(const std::string& path)
    : path_(path),
      socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)),
      buffer_(kLongestBoardMessage) {
  if (!socket_) throwErrno("connect to the simulated board", path);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    throwErrno(ENAMETOOLONG, "connect to the simulated board", path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throwErrno("connect to the simulated board", path);
}

BoardSocket::Answer BoardSocket::request(const std::string& command) {
  const std::lock_guard lock(mutex_);
  if (command.size() > kLongestBoardMessage)
    throwErrno(EMSGSIZE, "send " + std::to_string(command.size()) + " bytes to the simulated board", path_);
  ssize_t sent = 0;
  do {
    sent = ::send(socket_.get(), command.data(), command.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) throwErrno(ENODEV, "the simulated board is gone", path_);
  Answer answer = receive();
  if (answer.text == "ok") return {"", std::move(answer.descriptor)};
  if (answer.text.starts_with("ok ") || answer.text.starts_with("ok\n"))
    return {answer.text.substr(3), std::move(answer.descriptor)};
  throwAnswer(answer.text);
}

BoardSocket::Answer BoardSocket::receive() {
  iovec data{buffer_.data(), buffer_.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t size = 0;
  do {
    size = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size <= 0) throwErrno(ENODEV, "the simulated board is gone", path_);
  UniqueFd descriptor = descriptorIn(message);
  return {std::string(buffer_.data(), static_cast<std::size_t>(size)), std::move(descriptor)};
}

}  // namespace deskd
