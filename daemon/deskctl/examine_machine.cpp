// SPDX-License-Identifier: Apache-2.0
// Users, devices and the Raspberry Pi's firmware.
#include <algorithm>
#include <regex>
#include <sstream>

#include "daemon/deskctl/finding.h"

namespace deskd {
namespace {

using Level = Finding::Level;

bool hasLine(const std::string& text, const std::string& pattern) {
  std::istringstream lines(text);
  const std::regex wanted(pattern);
  for (std::string line; std::getline(lines, line);)
    if (std::regex_match(line, wanted)) return true;
  return false;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

// Groups that the unit file gives the service, whoever is in them.
std::string unitText(const Machine& machine) {
  for (const char* directory : {"/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"})
    if (const std::string text = machine.text(std::string(directory) + "/deskd.service"); !text.empty())
      return text;
  return "";
}

}  // namespace

void examineUsers(const Machine& machine, Findings& findings) {
  if (!hasLine(machine.text("/etc/passwd"), "deskd:.*")) {
    findings.push_back({Level::wrong, "user", "expected a user deskd, found none: the service cannot start",
                        "sudo systemd-sysusers"});
    return;
  }
  const std::string groups = machine.text("/etc/group");
  const std::string unit = unitText(machine);
  std::vector<std::string> absent;
  std::vector<std::string> lacking;
  for (const std::string name : {"dialout", "gpio", "i2c"}) {
    const bool member = hasLine(groups, name + ":.*[:,]deskd(,.*)?") ||
                        hasLine(unit, "SupplementaryGroups=(.* )?" + name + "( .*)?");
    if (!hasLine(groups, name + ":.*"))
      absent.push_back(name);
    else if (!member)
      lacking.push_back(name);
  }
  if (!absent.empty())
    findings.push_back({Level::wrong, "groups",
                        "expected groups dialout, gpio and i2c, found no " + joined(absent),
                        "sudo systemd-sysusers"});
  for (const std::string& name : lacking)
    findings.push_back({Level::wrong, "groups",
                        "expected deskd in the group " + name + ", whose devices it cannot open otherwise",
                        "sudo usermod -aG " + name + " deskd"});
  if (absent.empty() && lacking.empty())
    findings.push_back({Level::ok, "user", "deskd is in the groups dialout, gpio and i2c"});
}

void examineDevices(const Machine& machine, Findings& findings) {
  const bool raspberry = !machine.bootDirectory().empty();
  if (const auto chips = machine.names("/dev", "gpiochip"); !chips.empty())
    findings.push_back({Level::ok, "gpio", joined(chips)});
  else
    findings.push_back({Level::wrong, "gpio", "expected /dev/gpiochip0 or another, found no GPIO chip",
                        raspberry ? "sudo apt full-upgrade   # a kernel for this board"
                                  : "deskctl run --sim FILE   # scripts run on a simulated board"});
  if (const auto buses = machine.names("/dev", "i2c-"); !buses.empty())
    findings.push_back({Level::ok, "i2c", joined(buses)});
  else
    findings.push_back({Level::hint, "i2c", "found no /dev/i2c-1: scripts cannot use the I2C bus",
                        raspberry ? "sudo raspi-config nonint do_i2c 0" : "sudo modprobe i2c-dev"});
  std::vector<std::string> ports;
  for (const char* prefix : {"serial0", "ttyAMA", "ttyUSB", "ttyACM"})
    for (const std::string& name : machine.names("/dev", prefix))
      ports.push_back(name);
  if (!ports.empty())
    findings.push_back({Level::ok, "serial", joined(ports)});
  else
    findings.push_back({Level::hint, "serial",
                        "found no serial port: an adapter's appears when it is plugged in",
                        raspberry ? "sudo raspi-config nonint do_serial_hw 0" : ""});
}

void examineFirmware(const Machine& machine, Findings& findings) {
  const std::string boot = machine.bootDirectory();
  if (boot.empty()) return;
  const std::string config = machine.text(boot + "/config.txt");
  const std::string line = machine.text(boot + "/cmdline.txt");
  const std::regex console("(^|\\s)console=(serial[01]|ttyAMA[0-9]+|ttyS[0-9]+)");
  std::smatch match;
  if (std::regex_search(line, match, console))
    findings.push_back({Level::wrong, "console",
                        "the kernel has a console on " + match[2].str() + " (" + boot +
                            "/cmdline.txt): it writes to a device there, and reads what that sends",
                        "sudo raspi-config nonint do_serial_cons 1 && sudo reboot"});
  else
    findings.push_back({Level::ok, "console", "no console of the kernel is on a serial port"});

  // What is in force counts; a change of the files counts after the next start.
  const std::string now = machine.text("/sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs");
  const bool wanted = hasLine(config, "\\s*dtparam=(.*,)?strict_gpiod(=on|=1|,.*)?\\s*") ||
                      line.find("pinctrl_bcm2835.persist_gpio_outputs=n") != std::string::npos;
  if (now.starts_with("N") || (now.empty() && wanted))
    findings.push_back({Level::ok, "outputs", "a line that nobody holds any more is no output"});
  else if (wanted)
    findings.push_back({Level::hint, "outputs",
                        "lines keep being driven when nobody holds them, until the next start",
                        "sudo reboot"});
  else
    findings.push_back(
        {Level::hint, "outputs",
         "persist_gpio_outputs is on: a line that nobody holds any more stays driven. deskd-guard drives "
         "what moves safe before; with this it is not driven at all",
         "echo dtparam=strict_gpiod | sudo tee -a " + boot + "/config.txt"});
}

}  // namespace deskd
