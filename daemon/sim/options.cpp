// SPDX-License-Identifier: Apache-2.0
#include "daemon/sim/options.h"

#include <CLI/CLI.hpp>
#include <map>
#include <utility>
#include <vector>

namespace deskd {
namespace {

constexpr const char* kAbout =
    "Simulates a standing desk with a Jiecang controller on a pseudo-terminal or a\n"
    "serial port, and with --board a board with GPIO lines, I2C buses and ports.\n"
    "Prints \"ready PATH\" once the port is there, and runs until SIGTERM or SIGINT.\n";

constexpr const char* kControl =
    "Lines on standard input, or datagrams to --control, act for the person at the\n"
    "desk and answer \"ok\", a state, or \"error: ...\":\n"
    "  handset up|down|release     hold a key of the hand controller, let go\n"
    "  handset preset 1..4         tap a preset\n"
    "  unplug, plug                the serial cable\n"
    "  lock, unlock                the child lock\n"
    "  error CODE                  1-13 = E01-E13, 14 = H01; 0 clears\n"
    "  freeze, thaw                the height that it reports, wherever it goes\n"
    "  power-cycle                 cut the mains for a moment\n"
    "  status                      height, motion, lock, error, violations\n"
    "and with --board do something to it, as deskd:sim does:\n"
    "  sim drive GPIO17 0|1|z, sim level GPIO17, sim pull GPIO17 up|down|none,\n"
    "  sim i2c add 1 0x29 vl53l0x, sim i2c set 1 0x29 distance 720, gpio lines, ...";

// CLI::CheckedTransformer prints its whole map into the help; this names the choices in the description
// instead.
template <class Value>
CLI::Option* choice(CLI::App& app, const char* name, Value& value, std::map<std::string, Value> names,
                    const char* description) {
  std::string known;
  for (const auto& [text, unused] : names)
    known += (known.empty() ? "" : ", ") + text;
  return app
      .add_option_function<std::string>(
          name,
          [&value, names, known, name](const std::string& text) {
            const auto found = names.find(text);
            if (found == names.end()) {
              throw CLI::ValidationError(name, "expected one of " + known + ", found " + text);
            }
            value = found->second;
          },
          description)
      ->type_name("WORD");
}

void addShape(CLI::App& app, JiecangOptions& desk, std::vector<double>& presetsMm) {
  app.add_option("--height-mm", desk.heightMm, "height at the start (720)")->type_name("MM");
  app.add_option("--min-mm", desk.minMm, "lowest height (620)")->type_name("MM");
  app.add_option("--max-mm", desk.maxMm, "highest height (1270)")->type_name("MM");
  app.add_option("--speed-mm-s", desk.speedMmPerS, "speed (38; real desks: 25 to 38)")->type_name("MM/S");
  app.add_option("--preset-mm", presetsMm, "up to 4 stored heights (720,1100)")
      ->type_name("MM,...")
      ->delimiter(',')
      ->expected(1, 4);
  choice<JiecangUnits>(app, "--units", desk.units, {{"mm", JiecangUnits::mm}, {"inch", JiecangUnits::inch}},
                       "of height reports: mm, inch (mm)");
  choice<JiecangPresetUnits>(
      app, "--presets", desk.presetUnits,
      {{"mm", JiecangPresetUnits::mm}, {"inch", JiecangPresetUnits::inch}, {"raw", JiecangPresetUnits::raw}},
      "of preset reports: mm, inch, raw (mm)");
}

void addBehaviour(CLI::App& app, JiecangOptions& desk) {
  app.add_option("--asleep-after-ms", desk.asleepAfterMs, "idle time; 0: never sleeps (5000)")
      ->type_name("MS");
  app.add_flag("--locked", desk.locked, "child lock on");
  app.add_flag("--needs-homing", desk.needsHoming, "position lost: RST until re-homed");
  app.add_flag("--noise", desk.noise, "stray bytes and broken frames between good ones");
  app.add_option("--seed", desk.seed, "for --noise and --split random (1)")->type_name("N");
  choice<ByteSplit>(app, "--split", desk.split,
                    {{"whole", ByteSplit::whole}, {"bytes", ByteSplit::bytes}, {"random", ByteSplit::random}},
                    "frames arrive as whole, bytes, random (whole)");
}

void addBoard(CLI::App& app, SimOptions& options) {
  app.add_option("--board", options.boardPath, "simulate a board behind this socket")->type_name("SOCKET");
  choice<SimHeader>(app, "--header", options.board.header, {{"pi4", SimHeader::pi4}, {"pi5", SimHeader::pi5}},
                    "its GPIO chips, as a Raspberry's: pi4, pi5 (pi4)");
  app.add_option("--i2c-bus", options.board.i2cBuses, "its I2C buses (i2c-1)")
      ->type_name("NAME,...")
      ->delimiter(',');
  app.add_option("--record", options.recordPath, "append each change of one of its lines")->type_name("FILE");
}

void requireBoard(const CLI::App& app) {
  if (app.count("--board") > 0) return;
  for (const char* name : {"--header", "--i2c-bus", "--record", "--no-kernel-debounce", "--no-desk"})
    if (app.count(name) > 0) throw CLI::ValidationError(name, "expected --board, too");
}

// Presets that do not fit the desk are left out of the defaults, and refused if they were asked for.
void storePresets(JiecangOptions& desk, const std::vector<double>& given) {
  const std::vector<double> heights = given.empty() ? std::vector<double>{720, 1100} : given;
  for (std::size_t slot = 0; slot < heights.size(); ++slot) {
    const bool fits = heights[slot] >= desk.minMm && heights[slot] <= desk.maxMm;
    if (!fits && !given.empty())
      throw CLI::ValidationError("--preset-mm", "expected heights from --min-mm to --max-mm");
    if (fits) desk.presetsMm[slot] = heights[slot];
  }
}

void validate(const JiecangOptions& desk) {
  if (desk.minMm < 1 || desk.maxMm > 10'000 || desk.minMm >= desk.maxMm) {
    throw CLI::ValidationError("--min-mm, --max-mm", "expected 1 <= min < max <= 10000");
  }
  if (desk.heightMm < desk.minMm || desk.heightMm > desk.maxMm) {
    throw CLI::ValidationError("--height-mm", "expected a height from --min-mm to --max-mm");
  }
  if (desk.speedMmPerS < 1 || desk.speedMmPerS > 10'000) {
    throw CLI::ValidationError("--speed-mm-s", "expected 1 to 10000");
  }
}

}  // namespace

std::variant<SimOptions, int> parseSimOptions(int argc, char** argv) {
  SimOptions options;
  std::vector<double> presetsMm;
  bool noGoto = false;
  bool constantTouch = false;
  bool noDebounce = false;
  bool noDesk = false;

  CLI::App app(kAbout, "deskd-sim");
  app.get_formatter()->column_width(30);
  app.footer(kControl);
  CLI::Option* link =
      app.add_option("--link", options.cable.link, "symbolic link to the port")->type_name("PATH");
  app.add_option("--device", options.cable.device, "this serial port instead of a pseudo-terminal")
      ->type_name("PATH")
      ->excludes(link);
  app.add_option("--trace", options.tracePath, "append what happens, one line an event")->type_name("FILE");
  app.add_option("--control", options.controlPath, "Unix datagram socket for commands")->type_name("PATH");
  app.add_flag("--die-with-parent", options.dieWithParent, "end when the parent process ends");
  addBoard(app, options);
  app.add_flag("--no-kernel-debounce", noDebounce, "it debounces no lines, as with libgpiod 1.6");
  app.add_flag("--no-desk", noDesk, "only the board");
  addShape(app, options.desk, presetsMm);
  app.add_flag("--no-goto", noGoto, "\"go to height\" is echoed, and that is all");
  app.add_flag("--constant-touch", constantTouch, "goto and presets only nudge the desk");
  addBehaviour(app, options.desk);
  app.set_version_flag("--version", std::string("deskd-sim ") + DESKD_VERSION);

  try {
    app.parse(argc, argv);
    validate(options.desk);
    requireBoard(app);
    if (noGoto && constantTouch) throw CLI::ValidationError("--no-goto", "expected without --constant-touch");
    storePresets(options.desk, presetsMm);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  options.board.kernelDebounce = !noDebounce;
  options.withDesk = !noDesk;
  if (noGoto) options.desk.gotoMode = JiecangGoto::echoOnly;
  if (constantTouch) options.desk.gotoMode = JiecangGoto::nudge;
  return options;
}

}  // namespace deskd
