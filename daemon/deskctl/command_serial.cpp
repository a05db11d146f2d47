// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <cctype>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "daemon/deskctl/command.h"
#include "daemon/deskctl/finding.h"

namespace deskd {
namespace {

namespace fs = std::filesystem;

struct Port {
  std::string path;
  std::string stableName;  // in /dev/serial/by-id, or /dev/serial0
  std::string driver;
  std::string holder;
};

std::string stableNameOf(const Machine& machine, const std::string& name) {
  std::error_code ignored;
  for (const char* directory : {"/dev/serial/by-id/", "/dev/"})
    for (const std::string& link :
         machine.names(directory, directory == std::string("/dev/") ? "serial" : ""))
      if (const fs::path target = fs::read_symlink(machine.path(directory + link), ignored);
          !target.empty() && target.filename() == name)
        return directory + link;
  return "";
}

// "812 (minicom)": who has it open, as far as this user may see.
std::string holderOf(const Machine& machine, const std::string& path) {
  std::error_code ignored;
  for (const std::string& pid : machine.names("/proc", "")) {
    if (std::isdigit(static_cast<unsigned char>(pid.front())) == 0) continue;
    const std::string directory = "/proc/" + pid;
    for (const std::string& fd : machine.names(directory + "/fd", "")) {
      if (fs::read_symlink(machine.path(directory + "/fd/" + fd), ignored) != path) continue;
      std::string name = machine.text(directory + "/comm");
      if (name.ends_with('\n')) name.pop_back();
      return pid + " (" + name + ")";
    }
  }
  return "";
}

// Newer kernels put two devices of their own, with drivers "port" and "ctrl", between a port and its
// hardware.
std::string driverOf(const Machine& machine, const std::string& device) {
  std::error_code ignored;
  fs::path at = fs::canonical(machine.path(device), ignored);
  std::string driver;
  for (int level = 0; level < 3; ++level, at = at.parent_path()) {
    driver = fs::read_symlink(at / "driver", ignored).filename();
    if (driver != "port" && driver != "ctrl") break;
  }
  return driver;
}

// Those that the kernel has hardware for; virtual terminals and unused 8250 slots are none.
std::vector<Port> findPorts(const Machine& machine) {
  std::vector<Port> ports;
  for (const std::string& name : machine.names("/sys/class/tty", "tty")) {
    const std::string device = "/sys/class/tty/" + name + "/device";
    const std::string driver = driverOf(machine, device);
    if (!machine.exists(device) || driver.empty() || driver == "serial8250") continue;
    const std::string path = "/dev/" + name;
    ports.push_back({path, stableNameOf(machine, name), driver, holderOf(machine, path)});
  }
  return ports;
}

int serial(const Context& context, const Machine& machine) {
  const std::vector<Port> ports = findPorts(machine);
  if (context.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Port& port : ports)
      list.push_back(
          {{"path", port.path}, {"name", port.stableName}, {"driver", port.driver}, {"holder", port.holder}});
    std::puts(list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    return exitGood;
  }
  if (ports.empty()) std::puts("no serial ports; see deskctl doctor");
  // The name is for copying into settings: it has a line of its own, whole.
  for (const Port& port : ports) {
    std::printf("%-14s  %-20s  %s\n", port.path.c_str(), port.driver.c_str(),
                port.holder.empty() ? "free" : ("open: " + port.holder).c_str());
    if (!port.stableName.empty()) std::printf("  %s\n", port.stableName.c_str());
  }
  return exitGood;
}

}  // namespace

void addSerial(Commands& commands) {
  const auto machine = std::make_shared<Machine>();
  commands
      .add("serial", "Show the serial ports, and who has them open",
           [machine](const Context& context) { return serial(context, *machine); })
      ->add_option("--root", machine->root)
      ->group("");  // for tests
}

}  // namespace deskd
