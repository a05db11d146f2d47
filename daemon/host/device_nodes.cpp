// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/device_nodes.h"

#include <algorithm>
#include <filesystem>

namespace deskd {
namespace {

namespace fs = std::filesystem;

bool hasAll(const std::vector<std::string>& granted) {
  return std::find(granted.begin(), granted.end(), "*") != granted.end();
}

bool isThereForGood(const std::string& port, const DeviceRoots& roots) {
  std::error_code error;
  const fs::path node = fs::canonical(port, error);
  if (error) return false;
  const fs::path device = fs::canonical(fs::path(roots.classes) / "tty" / node.filename() / "device", error);
  return error || device.string().find("/usb") == std::string::npos;
}

void addNamed(std::vector<std::string>& nodes, const DeviceRoots& roots, std::string_view prefix) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(roots.devices, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix)) nodes.push_back(entry.path().string());
  }
}

}  // namespace

std::vector<std::string> deviceNodes(const DeviceGrants& grants, const DeviceRoots& roots) {
  const auto& serial = grants.serial;
  const auto stays = [&](const std::string& port) { return isThereForGood(port, roots); };
  if (hasAll(serial) || !std::all_of(serial.begin(), serial.end(), stays)) return {roots.devices};
  std::vector<std::string> nodes = serial;
  if (!grants.lines.empty()) addNamed(nodes, roots, "gpiochip");
  if (hasAll(grants.i2c)) {
    addNamed(nodes, roots, "i2c-");
  } else {
    for (const std::string& bus : grants.i2c) {
      const std::string name = fs::path(bus).filename().string();
      const bool number = !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
      nodes.push_back(roots.devices + "/" + (number ? "i2c-" : "") + name);
    }
  }
  return nodes;
}

}  // namespace deskd
