// SPDX-License-Identifier: Apache-2.0
// native:sim: a connection to the simulated board, to drive it. Its commands are bindings/js/sim.js.
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>

#include "bindings/async.h"
#include "bindings/builtins.h"
#include "hal/board_socket.h"

namespace deskd {
namespace {

// The script's own connection, made when it is first used. What hangs on it ends with the script.
class Connection final : public Wrapped {
 public:
  explicit Connection(Js& js) : Wrapped(js) {}

  BoardSocket::Answer request(const std::string& command) {
    if (!socket_) socket_.emplace(js().services().script.boardPath);
    return socket_->request(command);
  }

 private:
  std::optional<BoardSocket> socket_;
};

// What the board's recorder tells, line by line.
class Recording final : public Wrapped {
 public:
  Recording(Js& js, UniqueFd descriptor, Callback line, Callback gone)
      : Wrapped(js),
        descriptor_(std::move(descriptor)),
        line_(std::move(line)),
        gone_(std::move(gone)),
        poll_(std::in_place, js.loop(), descriptor_.get(), [this](int) { read(); }) {
    poll_->start(UV_READABLE);
  }

  void keep() { pin(); }
  void close() override {
    poll_.reset();
    descriptor_.reset();
    unpin();
  }

 private:
  void read() {
    bool over = false;
    const auto lines = waitingLines(over);
    if (over) poll_->stop();
    js().enter([&] {
      [[maybe_unused]] const auto alive = wrapper();  // should the script close this and forget it meanwhile
      for (const std::string& line : lines)
        if (poll_) line_.call(js(), line);
      if (over && poll_) gone_.call(js());
    });
  }

  // Bounded: a script that is slower than its board must get to something else, too.
  std::vector<std::string> waitingLines(bool& over) {
    constexpr std::size_t most = 256;
    std::array<char, 512> text;
    std::vector<std::string> lines;
    while (lines.size() < most) {
      const ssize_t size = ::recv(descriptor_.get(), text.data(), text.size(), MSG_DONTWAIT);
      if (size < 0 && (errno == EAGAIN || errno == EINTR)) break;
      over = size <= 0;
      if (over) break;
      lines.emplace_back(text.data(), static_cast<std::size_t>(size));
    }
    return lines;
  }

  UniqueFd descriptor_;
  Callback line_;
  Callback gone_;
  std::optional<Poll> poll_;  // declared after descriptor_: stops before it closes
};

std::string request(Js& js, std::string command) {
  return js.single<Connection>().request(command).text;
}

Recording* record(Js& js, Callback line, Callback gone) {
  auto answer = js.single<Connection>().request("sim record");
  auto* recording = make<Recording>(js, std::move(answer.descriptor), std::move(line), std::move(gone));
  recording->keep();  // until close(): collecting it must not end it
  return recording;
}

}  // namespace

void addSim(ModuleBuilder& module) {
  module.type<Recording>("Recording").method<&Recording::close>("close");
  module.constant("available", !module.js().services().script.boardPath.empty())
      .function<request>("request")
      .function<record>("record");
}

}  // namespace deskd
