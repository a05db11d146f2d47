// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace deskd {

// One thing that doctor has looked at.
struct Finding {
  enum class Level { ok, hint, wrong };  // hint: it works, and could work better

  Level level = Level::ok;
  std::string subject;  // one word
  std::string text;
  std::string command{};  // that mends it
};

using Findings = std::vector<Finding>;

// The machine under examination. Tests give a directory that looks like one.
struct Machine {
  std::string root;  // "" for this machine

  bool isThisOne() const { return root.empty(); }
  std::string path(const std::string& absolute) const { return root + absolute; }
  bool exists(const std::string& absolute) const;
  // "" for what cannot be read.
  std::string text(const std::string& absolute) const;
  // Names in a directory that begin so, sorted.
  std::vector<std::string> names(const std::string& directory, const std::string& prefix) const;
  // Where Raspberry Pi's firmware keeps its files; "" on other boards.
  std::string bootDirectory() const;
};

void examineUsers(const Machine& machine, Findings& findings);
void examineDevices(const Machine& machine, Findings& findings);
void examineFirmware(const Machine& machine, Findings& findings);
void examineKernel(const Machine& machine, Findings& findings);
void examineClock(const Machine& machine, Findings& findings);
// Whether somebody listens there.
void examineBroker(const std::string& host, unsigned port, Findings& findings);

// For a terminal of 80 columns.
std::string findingsText(const Findings& findings);
std::string findingsJson(const Findings& findings);

}  // namespace deskd
