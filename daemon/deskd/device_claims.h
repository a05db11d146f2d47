// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace deskd {

// Which script a device belongs to, whether that runs or not: the first that has declared it, until it has no
// more use for it.
class DeviceClaims {
 public:
  // The device that the script's settings name now; nothing if they cannot be read.
  using Named = std::function<std::optional<std::string>(const std::string& script)>;
  explicit DeviceClaims(Named named) : named_(std::move(named)) {}

  // As its settings say now, or as they said when they could last be read.
  std::optional<std::string> deviceOf(const std::string& script);
  // As they said when they were last read; reads them only if they never were.
  std::optional<std::string> lastDeviceOf(const std::string& script);
  void remember(const std::string& script, const std::string& device) { last_[script] = device; }
  void forget(const std::string& script) { last_.erase(script); }

  // Returns whose it is: this script's, if it was nobody's.
  const std::string& claim(const std::string& device, const std::string& script);
  // Whether it is nobody's now: not if another script has it.
  bool release(const std::string& device, const std::string& script);
  // Whether no other script has it.
  bool isFreeFor(const std::string& device, const std::string& script) const;
  std::vector<std::string> devicesOf(const std::string& script) const;

 private:
  const Named named_;
  std::map<std::string, std::string> owners_;  // device -> script
  std::map<std::string, std::string> last_;    // script -> device that its settings named last
};

}  // namespace deskd
