// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <memory>

#include "daemon/deskctl/command.h"
#include "daemon/deskctl/program.h"
#include "daemon/deskctl/script_file.h"
#include "hal/base/program_path.h"

namespace deskd {
namespace {

// Whether settings and script are right; what is wrong has been printed.
bool isRight(const Context& context, const std::string& path) {
  try {
    std::optional<ScriptFile> script = readScriptFile(context, path);
    const bool settings = script.has_value();
    if (!script) script = ScriptFile{path, "{}", shippedScripts(), 2000, 64};
    std::vector<std::string> arguments = script->hostArguments();
    arguments.insert(arguments.end(), {"--check", "--foreground", script->path});
    return runProgram("deskd-host", arguments) == 0 && settings;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return false;
  }
}

}  // namespace

void addCheck(Commands& commands) {
  const auto files = std::make_shared<std::vector<std::string>>();
  commands
      .add("check", "Check scripts and settings without running them",
           [files](const Context& context) {
             bool right = true;
             for (const std::string& path : *files) {
               if (isRight(context, path))
                 std::printf("%s: ok\n", path.c_str());
               else
                 right = false;
               std::fflush(stdout);  // what is wrong with the next one goes elsewhere
             }
             return right ? exitGood : exitFailed;
           })
      ->add_option("FILE", *files, "Scripts, with NAME.toml beside NAME.js")
      ->required();
}

}  // namespace deskd
