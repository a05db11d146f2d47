// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/board_session.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "hal/base/error.h"

namespace deskd {
namespace {

const BoardCommand* find(std::string_view name) {
  for (const auto commands : {gpioCommands(), i2cCommands(), simCommands(), simDeviceCommands()}) {
    const auto found =
        std::find_if(commands.begin(), commands.end(), [&](const auto& known) { return known.name == name; });
    if (found != commands.end()) return &*found;
  }
  return nullptr;
}

// Names have two words, or three.
const BoardCommand& commandIn(CommandWords& words) {
  constexpr int most = 3;
  std::string name;
  for (int count = 0; count < most && words.more(); ++count) {
    name += (count == 0 ? "" : " ") + words.take("a command");
    if (const BoardCommand* command = find(name)) return *command;
  }
  throw std::invalid_argument("expected a command, found " + (name.empty() ? "nothing" : name));
}

// The other end adds the error's own text again.
std::string withoutReason(const std::system_error& error) {
  std::string text = error.what();
  const std::string reason = ": " + error.code().message();
  if (text.ends_with(reason)) text.resize(text.size() - reason.size());
  return text;
}

BoardSession::Answer failure(int error, const std::string& message) {
  return {"error " + errnoName(error) + " " + message, {}};
}

}  // namespace

BoardSession::~BoardSession() {
  for (const auto& [handle, events] : requests_)
    board().requests().release(handle);
}

BoardSession::Answer BoardSession::execute(std::string_view command) {
  Answer answer{"ok", {}};
  try {
    CommandWords words(command);
    const BoardCommand& known = commandIn(words);
    runner_.act([&](std::uint64_t nowNs) { known.run(*this, words, nowNs, answer); });
    if (answer.text.size() <= kLongestBoardMessage) return answer;
    return failure(EMSGSIZE, "the answer has " + std::to_string(answer.text.size()) + " bytes");
  } catch (const std::system_error& error) {
    return failure(error.code().value(), withoutReason(error));
  } catch (const std::invalid_argument& error) {
    return failure(EINVAL, error.what());
  } catch (const std::exception& error) {
    return failure(EIO, error.what());
  }
}

BoardSession::Handle BoardSession::takeHandle(CommandWords& words) const {
  const std::string word = words.take("HANDLE");
  for (const auto& [handle, events] : requests_)
    if (std::to_string(handle) == word) return handle;
  throw std::invalid_argument("handle: expected that of a request of this client, found " + word);
}

void BoardSession::release(Handle handle) {
  board().requests().release(handle);
  requests_.erase(handle);
}

}  // namespace deskd
