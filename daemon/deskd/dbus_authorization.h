// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "daemon/deskd/dbus_connection.h"

namespace deskd {

// Whether the sender of a message may change something: root, the user that deskd runs as, and whom polkit
// allows it. Bus and polkit are asked, and not waited for.
class DbusAuthorization {
 public:
  static constexpr const char* action = "org.deskd.manage";
  static constexpr std::size_t mostQuestions = 64;  // at a time

  // With an empty text: it may; otherwise why not.
  using Answer = std::function<void(const std::string& refusal)>;

  DbusAuthorization();
  ~DbusAuthorization();

  // `answer` is called once, or not at all after clear().
  void check(sd_bus_message* message, Answer answer);
  // Before the bus goes.
  void clear();

 private:
  struct Question;
  void userKnown(Question& question, sd_bus_message* answer);
  void askPolkit(Question& question);
  void polkitAnswered(Question& question, sd_bus_message* answer);
  void end(Question& question, const std::string& why);

  std::list<std::unique_ptr<Question>> questions_;
};

}  // namespace deskd
