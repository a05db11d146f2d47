// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <memory>

#include "daemon/deskctl/command.h"
#include "daemon/deskctl/program.h"
#include "daemon/deskctl/script_file.h"
#include "daemon/deskctl/simulation.h"

namespace deskd {
namespace {

// Each file has a board and a process of its own. Whether its cases all passed; what failed has been printed.
bool passes(const Context& context, const std::string& path) {
  try {
    if (!path.ends_with(".test.js"))
      throw std::runtime_error(path + ": expected a test, which ends in .test.js");
    // The settings of NAME.js: its test imports it.
    const std::optional<ScriptFile> script =
        readScriptFile(context, path, path.substr(0, path.size() - std::string(".test.js").size()) + ".toml");
    if (!script) return false;
    const Simulation simulation;
    std::vector<std::string> arguments = script->hostArguments();
    for (std::string& argument : simulation.hostArguments())
      arguments.push_back(std::move(argument));
    arguments.insert(arguments.end(), {"--test", "--foreground", script->path});
    return runProgram("deskd-host", arguments) == 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return false;
  }
}

int test(const Context& context, const std::vector<std::string>& files) {
  std::size_t failed = 0;
  for (const std::string& path : files) {
    if (files.size() > 1) std::printf("%s\n", path.c_str());
    if (!passes(context, path)) ++failed;
  }
  if (files.size() > 1) std::printf("%zu of %zu files passed\n", files.size() - failed, files.size());
  return failed == 0 ? exitGood : exitFailed;
}

}  // namespace

void addTest(Commands& commands) {
  const auto files = std::make_shared<std::vector<std::string>>();
  commands
      .add("test", "Run test cases on a simulated board",
           [files](const Context& context) { return test(context, *files); })
      ->add_option("FILE", *files, "NAME.test.js, of the script NAME.js")
      ->required();
}

}  // namespace deskd
