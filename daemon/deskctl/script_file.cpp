// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskctl/script_file.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "daemon/deskctl/program.h"

namespace deskd {

std::vector<std::string> ScriptFile::hostArguments() const {
  return {"--library",       libraryPath,
          "--settings-json", settingsJson,
          "--turn-ms",       std::to_string(turnMs),
          "--heap-mib",      std::to_string(heapMib)};
}

std::optional<ScriptFile> readScriptFile(const Context& context, const std::string& path,
                                         const std::string& settingsPath) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path full = fs::absolute(path, error);
  if (!full.string().ends_with(".js"))
    throw std::runtime_error(path + ": expected a script, which ends in .js");
  if (!fs::exists(full, error)) throw std::runtime_error(path + ": no such file");
  if (!fs::is_regular_file(full, error)) throw std::runtime_error(path + ": expected a file");
  std::vector<std::string> arguments = configArguments(context);
  arguments.emplace_back("--print-script-settings");
  arguments.push_back(
      (settingsPath.empty() ? fs::path(full).replace_extension(".toml") : fs::absolute(settingsPath, error))
          .string());
  const Printed printed = captureProgram("deskd", arguments);
  if (printed.code == 1) return std::nullopt;  // it has printed what is wrong
  const auto read = jsonOf("deskd", printed);
  return ScriptFile{full.lexically_normal().string(), read.at("settings").dump(),
                    read.at("library_directory"), read.at("turn_ms"), read.at("heap_mib")};
}

std::vector<std::string> configArguments(const Context& context) {
  if (!context.configGiven) return {};
  return {"--config", context.configPath};
}

}  // namespace deskd
