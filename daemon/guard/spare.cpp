// SPDX-License-Identifier: Apache-2.0
#include "daemon/guard/spare.h"

#include <sys/prctl.h>

#include <stdexcept>
#include <string>
#include <variant>

#include "daemon/wire/channel.h"

namespace deskd {

bool waitAsSpare(int supervisor) {
  ::prctl(PR_SET_NAME, "guard-spare");
  wire::send(supervisor, wire::Standby{});
  // From here on the end of the stream tells that the supervisor has died. It comes behind an order that the
  // supervisor gave before, which a signal does not: where the guard has died, too, somebody has to follow
  // it.
  ::prctl(PR_SET_PDEATHSIG, 0);
  const auto order = wire::receive(supervisor);
  if (!order) return false;
  if (!std::holds_alternative<wire::TakeOver>(order->message))
    throw std::invalid_argument(std::string("deskd sent ") + wire::nameOf(order->message) +
                                " to the spare guard: expected TakeOver");
  ::prctl(PR_SET_NAME, "deskd-guard");
  return true;
}

}  // namespace deskd
