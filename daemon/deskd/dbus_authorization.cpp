// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/dbus_authorization.h"

#include <systemd/sd-bus.h>
#include <unistd.h>

#include <cstdint>
#include <exception>
#include <utility>

#include "daemon/deskd/dbus_error.h"

namespace deskd {
namespace {

constexpr const char* refusal = "only root may do this, and whom polkit allows org.deskd.manage";
// A person may have to find and type a password.
constexpr std::uint64_t polkitTimeoutUs = 120 * 1000000ULL;

struct MessageDelete {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, MessageDelete>;

}  // namespace

struct DbusAuthorization::Question {
  DbusAuthorization* asker;
  Message message;
  Answer answer;
  DbusSlot call;  // that waits for bus or polkit
};

DbusAuthorization::DbusAuthorization() = default;
DbusAuthorization::~DbusAuthorization() = default;

void DbusAuthorization::clear() {
  questions_.clear();
}

void DbusAuthorization::check(sd_bus_message* message, Answer answer) {
  if (questions_.size() >= mostQuestions) return answer("too many requests wait for an answer already");
  questions_.push_back(std::make_unique<Question>(
      Question{this, Message(sd_bus_message_ref(message)), std::move(answer), nullptr}));
  Question& question = *questions_.back();
  sd_bus_slot* slot = nullptr;
  const int result = sd_bus_call_method_async(
      sd_bus_message_get_bus(message), &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus",
      "org.freedesktop.DBus", "GetConnectionUnixUser",
      [](sd_bus_message* reply, void* asked, sd_bus_error*) noexcept {
        auto& known = *static_cast<Question*>(asked);
        known.asker->userKnown(known, reply);
        return 1;
      },
      &question, "s", sd_bus_message_get_sender(message));
  if (result < 0) return end(question, refusal);
  question.call.reset(slot);
}

void DbusAuthorization::userKnown(Question& question, sd_bus_message* answer) {
  std::uint32_t user = 0;
  if (sd_bus_message_is_method_error(answer, nullptr) != 0 || sd_bus_message_read(answer, "u", &user) < 0)
    return end(question, refusal);
  if (user == 0 || user == ::geteuid()) return end(question, "");
  try {
    askPolkit(question);
  } catch (const std::exception&) {
    end(question, refusal);
  }
}

void DbusAuthorization::askPolkit(Question& question) {
  sd_bus* bus = sd_bus_message_get_bus(question.message.get());
  sd_bus_message* made = nullptr;
  checkBus(sd_bus_message_new_method_call(bus, &made, "org.freedesktop.PolicyKit1",
                                          "/org/freedesktop/PolicyKit1/Authority",
                                          "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization"),
           "ask polkit");
  const Message call(made);
  const bool interactive = sd_bus_message_get_allow_interactive_authorization(question.message.get()) > 0;
  checkBus(sd_bus_message_append(made, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
                                 sd_bus_message_get_sender(question.message.get()), action, 0,
                                 static_cast<std::uint32_t>(interactive), ""),
           "ask polkit");
  sd_bus_slot* slot = nullptr;
  checkBus(sd_bus_call_async(
               bus, &slot, made,
               [](sd_bus_message* reply, void* asked, sd_bus_error*) noexcept {
                 auto& known = *static_cast<Question*>(asked);
                 known.asker->polkitAnswered(known, reply);
                 return 1;
               },
               &question, polkitTimeoutUs),
           "ask polkit");
  question.call.reset(slot);
}

void DbusAuthorization::polkitAnswered(Question& question, sd_bus_message* answer) {
  int authorized = 0;
  int challenge = 0;
  const bool understood = sd_bus_message_is_method_error(answer, nullptr) == 0 &&
                          sd_bus_message_enter_container(answer, 'r', "bba{ss}") >= 0 &&
                          sd_bus_message_read(answer, "bb", &authorized, &challenge) >= 0;
  end(question, understood && authorized != 0 ? "" : refusal);
}

void DbusAuthorization::end(Question& question, const std::string& why) {
  const Answer answer = std::move(question.answer);
  const Message message = std::move(question.message);  // whose bus it is goes on until the answer is sent
  std::erase_if(questions_, [&](const auto& other) { return other.get() == &question; });
  answer(why);
}

}  // namespace deskd
