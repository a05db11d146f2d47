// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "hal/base/loop.h"
#include "hal/base/unique_fd.h"

namespace deskd {

// A listening socket that speaks just enough MQTT to be a broker of before MQTT 5, one that never answers, or
// one that accepts a client and then tells it that another has taken its id.
class TinyBroker {
 public:
  enum class Answer { refuseVersion, nothing, takeOver };

  TinyBroker(Loop& loop, Answer answer);

  std::string url() const;
  // The protocol levels of the CONNECTs that came in: 5, or 4 for 3.1.1.
  const std::vector<int>& versions() const { return versions_; }

 private:
  struct Client {
    UniqueFd fd;
    std::unique_ptr<Poll> poll;
  };

  void accept();
  void read(Client& client);

  Loop& loop_;
  const Answer answer_;
  UniqueFd listening_;
  std::uint16_t port_ = 0;
  std::vector<int> versions_;
  std::list<Client> clients_;
  std::unique_ptr<Poll> poll_;
};

}  // namespace deskd
