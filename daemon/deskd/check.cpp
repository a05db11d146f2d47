// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/check.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <set>

#include "daemon/deskd/child_process.h"
#include "daemon/deskd/mqtt_files.h"
#include "daemon/deskd/mqtt_version.h"
#include "daemon/deskd/script_directory.h"
#include "hal/library_versions.h"

namespace deskd {
namespace {

// Runs another program of deskd, which prints for itself. Returns its exit code.
int runProgram(const std::string& name, std::vector<std::string> arguments) {
  const std::string path = programPath(name);
  std::vector<char*> argv{const_cast<char*>(path.c_str())};
  for (std::string& argument : arguments)
    argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::fflush(stdout);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execv(path.c_str(), argv.data());
    std::perror(path.c_str());
    ::_exit(127);
  }
  int status = 0;
  if (pid < 0 || ::waitpid(pid, &status, 0) < 0) return 127;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

void complain(const std::string& mistake, int& mistakes) {
  std::fprintf(stderr, "%s\n", mistake.c_str());
  ++mistakes;
}

}  // namespace

std::string libraryDirectory(const Settings& settings) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path beside = fs::read_symlink("/proc/self/exe", ignored).parent_path() / "scripts";
  const bool asShipped = settings.libraryDirectory == Settings().libraryDirectory;
  return asShipped && fs::is_directory(beside, ignored) ? beside.string() : settings.libraryDirectory;
}

int checkEverything(const Options& options) {
  int mistakes = 0;
  int scripts = 0;
  const SettingsFound found = readSettings(
      options.configPath, options.configGiven ? MissingFile::isAnError : MissingFile::meansDefaults);
  const Settings& settings = found.settings;
  for (const std::string& mistake : found.mistakes)
    complain(mistake, mistakes);
  for (const std::string& mistake : mqttFileMistakes(settings))
    complain(mistake, mistakes);
  if (!found.scriptsDirectoryKnown) return 1;  // others than these would be checked
  std::error_code error;
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(settings.scriptsDirectory, error))
    if (const auto name = ScriptDirectory::nameOf(entry.path().filename()); !name.empty()) names.insert(name);
  if (error) complain(settings.scriptsDirectory + ": " + error.message(), mistakes);
  for (const std::string& name : names) {
    ++scripts;
    const std::string base = settings.scriptsDirectory + "/" + name;
    try {
      loadScriptSettings(base + ".toml", settings.limits);
    } catch (const std::exception& wrong) {
      complain(wrong.what(), mistakes);
    }
    if (runProgram("deskd-host", {"--check", "--library", libraryDirectory(settings), base + ".js"}) != 0)
      ++mistakes;
  }
  if (mistakes == 0)
    std::printf("%s: settings and %d script%s are fine\n", options.configPath.c_str(), scripts,
                scripts == 1 ? "" : "s");
  return mistakes == 0 ? 0 : 1;
}

int printVersions() {
  std::printf("deskd %s\n", DESKD_VERSION);
  const int engine = runProgram("deskd-host", {"--version"});
  std::printf("libuv %s\nlibgpiod %s\nPaho MQTT C++ %s\n", libuvVersion().c_str(), libgpiodVersion().c_str(),
              mqttLibraryVersion().c_str());
  return engine;
}

}  // namespace deskd
