// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "daemon/deskctl/command.h"
#include "daemon/deskctl/finding.h"
#include "daemon/deskctl/program.h"
#include "hal/library_versions.h"

namespace deskd {
namespace {

using Level = Finding::Level;

// deskd reads its settings as it does when it starts, and compiles the scripts.
void examineSettings(const Context& context, const Machine& machine, Findings& findings) {
  const std::string path = context.configGiven ? context.configPath : machine.path(context.configPath);
  std::vector<std::string> config;
  if (context.configGiven || machine.exists(context.configPath)) config = {"--config", path};
  std::vector<std::string> arguments = config;
  arguments.emplace_back("--print-settings");
  const auto settings = jsonOf("deskd", captureProgram("deskd", arguments));
  const std::string command = "deskd --check" + (context.configGiven ? " --config " + path : "");
  for (const auto& mistake : settings.at("mistakes"))
    findings.push_back({Level::wrong, "settings", mistake, command});
  if (settings.at("mistakes").empty()) {
    arguments = config;
    arguments.emplace_back("--check");
    const Printed check = captureProgram("deskd", arguments, Program::Output::together);
    const std::string first = check.text.substr(0, check.text.find('\n'));
    findings.push_back(check.code == 0 ? Finding{Level::ok, "settings", first}
                                       : Finding{Level::wrong, "scripts", first, command});
  }
  const auto& mqtt = settings.at("mqtt");
  if (mqtt.at("url").get<std::string>().empty())
    findings.push_back({Level::hint, "broker", "no broker is set: scripts run, and no hub sees them",
                        "sudoedit /etc/deskd/deskd.toml   # mqtt.url"});
  else
    examineBroker(mqtt.at("host"), mqtt.at("port"), findings);
}

void examineVersions(const Machine& machine, Findings& findings) {
  std::string kernel = machine.text("/proc/sys/kernel/osrelease");
  kernel.erase(std::find(kernel.begin(), kernel.end(), '\n'), kernel.end());
  findings.push_back({Level::ok, "versions",
                      "deskd " DESKD_VERSION ", Linux " + (kernel.empty() ? "unknown" : kernel) +
                          ", libgpiod " + libgpiodVersion() + ", libuv " + libuvVersion()});
}

int doctor(const Context& context, const Machine& machine) {
  Findings findings;
  examineSettings(context, machine, findings);
  examineUsers(machine, findings);
  examineDevices(machine, findings);
  examineFirmware(machine, findings);
  examineClock(machine, findings);
  examineKernel(machine, findings);
  examineVersions(machine, findings);
  std::fputs((context.json ? findingsJson(findings) : findingsText(findings)).c_str(), stdout);
  const bool wrong = std::any_of(findings.begin(), findings.end(),
                                 [](const Finding& finding) { return finding.level == Level::wrong; });
  return wrong ? exitFailed : exitGood;
}

}  // namespace

void addDoctor(Commands& commands) {
  const auto machine = std::make_shared<Machine>();
  commands
      .add("doctor", "Look for what is wrong here, and what mends it",
           [machine](const Context& context) { return doctor(context, *machine); })
      ->add_option("--root", machine->root)
      ->group("");  // for tests
}

}  // namespace deskd
