// SPDX-License-Identifier: Apache-2.0
// edge_echo BOARD IN OUT: a bare loop that reads the events of one line of a simulated board and sets another
// line alike, until its input ends.
#include <poll.h>

#include <array>
#include <cstdio>

#include "hal/board.h"
#include "hal/gpio_names.h"

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto board = deskd::makeSimBoard(argv[1]);
  deskd::GpioChips& chips = board->gpio();
  const auto lines = chips.lines();
  const auto in = chips.input({.lines = {deskd::resolveLine(lines, argv[2])}, .edge = deskd::GpioEdge::both});
  const auto out = chips.output({.lines = {deskd::resolveLine(lines, argv[3])}, .values = {false}});
  std::puts("ready");
  std::fflush(stdout);
  std::array<pollfd, 2> sources{pollfd{in->fd(), POLLIN, 0}, pollfd{0, POLLIN, 0}};
  while (::poll(sources.data(), sources.size(), -1) > 0 && sources[1].revents == 0)
    for (const deskd::GpioEvent& event : in->readEvents())
      out->set({event.rising});
}
