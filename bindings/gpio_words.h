// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bindings/convert.h"
#include "hal/gpio.h"

namespace deskd {

// How scripts write the options of a line.
template <>
struct Names<GpioBias> {
  static constexpr std::pair<const char*, GpioBias> list[] = {{"as-is", GpioBias::asIs},
                                                              {"disabled", GpioBias::disabled},
                                                              {"pull-up", GpioBias::pullUp},
                                                              {"pull-down", GpioBias::pullDown}};
};
template <>
struct Names<GpioDrive> {
  static constexpr std::pair<const char*, GpioDrive> list[] = {{"push-pull", GpioDrive::pushPull},
                                                               {"open-drain", GpioDrive::openDrain},
                                                               {"open-source", GpioDrive::openSource}};
};
template <>
struct Names<GpioEdge> {
  static constexpr std::pair<const char*, GpioEdge> list[] = {{"both", GpioEdge::both},
                                                              {"rising", GpioEdge::rising},
                                                              {"falling", GpioEdge::falling},
                                                              {"none", GpioEdge::none}};
};

}  // namespace deskd
