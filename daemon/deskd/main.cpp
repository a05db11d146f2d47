// SPDX-License-Identifier: Apache-2.0
// deskd: the supervisor.
#include <signal.h>

#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "daemon/deskd/check.h"
#include "daemon/deskd/journal.h"
#include "daemon/deskd/mqtt_files.h"
#include "daemon/deskd/options.h"
#include "daemon/deskd/print_settings.h"
#include "daemon/deskd/settings.h"
#include "daemon/deskd/supervisor.h"
#include "hal/base/log.h"

int main(int argc, char** argv) {
  using namespace deskd;
  Options options;
  if (const int code = parseOptions(argc, argv, options); code >= 0) return code;
  if (options.version) return printVersions();
  if (options.printSettings) return printSettings(options);
  if (!options.scriptSettingsPath.empty()) return printScriptSettings(options);
  if (options.check) return checkEverything(options);
  // Paho writes to sockets whose other end may be gone.
  ::signal(SIGPIPE, SIG_IGN);
  setLogSink(makeLogSink());
  if (options.debug) setLogLevel(Priority::debug);
  try {
    Settings settings = loadSettings(
        options.configPath, options.configGiven ? MissingFile::isAnError : MissingFile::meansDefaults);
    if (std::vector<std::string> mistakes = mqttFileMistakes(settings); !mistakes.empty())
      throw SettingsError(std::move(mistakes));
    Loop loop;
    Supervisor supervisor(loop, options, std::move(settings));
    return supervisor.run();
  } catch (const std::exception& error) {
    log(Priority::error, error.what());
    return 1;
  }
}
