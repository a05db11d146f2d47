// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/device_claims.h"

namespace deskd {

std::optional<std::string> DeviceClaims::deviceOf(const std::string& script) {
  if (const auto now = named_(script)) return last_[script] = *now;
  const auto before = last_.find(script);
  return before == last_.end() ? std::nullopt : std::optional(before->second);
}

std::optional<std::string> DeviceClaims::lastDeviceOf(const std::string& script) {
  const auto last = last_.find(script);
  return last == last_.end() ? deviceOf(script) : std::optional(last->second);
}

const std::string& DeviceClaims::claim(const std::string& device, const std::string& script) {
  return owners_.try_emplace(device, script).first->second;
}

bool DeviceClaims::release(const std::string& device, const std::string& script) {
  const auto owner = owners_.find(device);
  if (owner == owners_.end()) return true;
  if (owner->second != script) return false;
  owners_.erase(owner);
  return true;
}

bool DeviceClaims::isFreeFor(const std::string& device, const std::string& script) const {
  const auto found = owners_.find(device);
  return found == owners_.end() || found->second == script;
}

std::vector<std::string> DeviceClaims::devicesOf(const std::string& script) const {
  std::vector<std::string> devices;
  for (const auto& [device, owner] : owners_)
    if (owner == script) devices.push_back(device);
  return devices;
}

}  // namespace deskd
