// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

namespace deskd {

// What deskctl ends with; deskctl(1) lists them.
enum ExitCode {
  exitGood = 0,
  exitFailed = 1,      // the thing asked for did not work, or a check found something
  exitUsage = 2,       // the command line was wrong
  exitUnknown = 3,     // no such script
  exitNotAllowed = 4,  // deskd refused the user
  exitNotRunning = 5,  // deskd does not run, or does not answer
};

// What every command may use.
struct Context {
  std::string configPath = "/etc/deskd/deskd.toml";
  bool configGiven = false;
  std::string bus = "system";  // "system", "session", or a D-Bus address
  bool json = false;
};

// Names a command with its options; `run` is called with the parsed line and returns the exit code. What it
// throws is printed as "deskctl COMMAND: TEXT", without a stack.
class Commands {
 public:
  Commands(CLI::App& app, Context& context) : app_(app), context_(context) {}

  CLI::App* add(const std::string& name, const std::string& description,
                std::function<int(const Context&)> run);
  // Of the command that was given.
  int run() const;

 private:
  CLI::App& app_;
  Context& context_;
  std::function<int()> chosen_;
};

// One file each, in the order in which --help shows them.
void addChanges(Commands& commands);
void addCheck(Commands& commands);
void addDoctor(Commands& commands);
void addI2c(Commands& commands);
void addList(Commands& commands);
void addLogs(Commands& commands);
void addMqtt(Commands& commands);
void addNew(Commands& commands);
void addPins(Commands& commands);
void addRun(Commands& commands);
void addSerial(Commands& commands);
void addStatus(Commands& commands);
void addTest(Commands& commands);
void addVersion(Commands& commands);

}  // namespace deskd
