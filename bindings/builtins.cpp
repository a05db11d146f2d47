// SPDX-License-Identifier: Apache-2.0
#include "bindings/builtins.h"

#include <array>

namespace deskd {

std::span<const NativeModule> nativeModules() {
  static constexpr std::array list{
      NativeModule{"native:console", addConsole}, NativeModule{"native:cron", addCron},
      NativeModule{"native:gpio", addGpio},       NativeModule{"native:guard", addGuard},
      NativeModule{"native:hub", addHub},         NativeModule{"native:i2c", addI2c},
      NativeModule{"native:mqtt", addMqtt},       NativeModule{"native:script", addScript},
      NativeModule{"native:serial", addSerial},   NativeModule{"native:sim", addSim},
      NativeModule{"native:storage", addStorage}, NativeModule{"native:test", addTest},
      NativeModule{"native:web", addWeb},
  };
  return list;
}

std::span<const LazyGlobal> lazyGlobals() {
  static constexpr std::array list{
      LazyGlobal{"AbortController", "internal:events"}, LazyGlobal{"AbortSignal", "internal:events"},
      LazyGlobal{"CustomEvent", "internal:events"},     LazyGlobal{"DOMException", "internal:events"},
      LazyGlobal{"Event", "internal:events"},           LazyGlobal{"EventTarget", "internal:events"},
      LazyGlobal{"TextDecoder", "internal:encoding"},   LazyGlobal{"TextEncoder", "internal:encoding"},
      LazyGlobal{"atob", "internal:encoding"},          LazyGlobal{"btoa", "internal:encoding"},
      LazyGlobal{"console", "internal:console"},        LazyGlobal{"crypto", "internal:web"},
      LazyGlobal{"performance", "internal:web"},        LazyGlobal{"structuredClone", "internal:web"},
  };
  return list;
}

}  // namespace deskd
