// SPDX-License-Identifier: Apache-2.0
// edge_round_trip BOARD NAME IN OUT [NAME IN OUT]... COUNT: for each NAME in turns, drives line IN of a
// simulated board and waits until line OUT has followed. Prints how long that took by the board's own record,
// as round_trip does.
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>
#include <sstream>

#include "hal/board_socket.h"
#include "tests/bench/partners.h"

namespace {

struct Partner {
  deskd::bench::Samples samples;
  std::string in;
  std::string out;
};

struct Change {
  double atUs = 0;
  std::string line;
  std::string level;
};

class Recording {
 public:
  explicit Recording(deskd::BoardSocket& board) : descriptor_(board.request("sim record").descriptor) {}

  // The next change of this line, whatever others do meanwhile.
  Change next(const std::string& line) {
    constexpr int patienceMs = 10'000;
    pollfd wait{descriptor_.get(), POLLIN, 0};
    while (::poll(&wait, 1, patienceMs) == 1) {
      std::array<char, 256> text{};
      const auto size = ::recv(descriptor_.get(), text.data(), text.size(), 0);
      if (size <= 0) break;
      std::istringstream words(std::string(text.data(), static_cast<std::size_t>(size)));
      unsigned long long ns = 0;
      Change change;
      words >> ns >> change.line >> change.level;
      change.atUs = static_cast<double>(ns) / 1000;
      if (change.line == line) return change;
    }
    throw std::runtime_error(line + " does not change");
  }

 private:
  deskd::UniqueFd descriptor_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6 || argc % 3 != 0) return 2;
  deskd::BoardSocket board(argv[1]);
  Recording recording(board);
  const int count = std::atoi(argv[argc - 1]);
  std::vector<Partner> partners;
  for (int i = 2; i < argc - 1; i += 3)
    partners.push_back({{argv[i], {}}, argv[i + 1], argv[i + 2]});
  // In turns, so that whatever else the machine does hits all alike.
  for (int round = -50; round < count; ++round) {
    const std::string level = round % 2 == 0 ? "1" : "0";
    for (Partner& partner : partners) {
      board.request("sim drive " + partner.in + " " + level);
      const Change asked = recording.next(partner.in);
      const Change answered = recording.next(partner.out);
      if (asked.level != level || answered.level != level)
        throw std::runtime_error(partner.samples.name + " answers something else");
      if (round >= 0) partner.samples.microseconds.push_back(answered.atUs - asked.atUs);
    }
  }
  std::vector<deskd::bench::Samples> all;
  for (Partner& partner : partners)
    all.push_back(std::move(partner.samples));
  deskd::bench::printRatios(std::move(all));
}
