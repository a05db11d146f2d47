// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskctl/status_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace deskd {
namespace {

constexpr std::size_t columns = 80;
constexpr std::size_t nameColumns = 26;
constexpr const char* good = "32";
constexpr const char* bad = "31";
constexpr const char* middling = "33";
constexpr const char* bold = "1";

const char* colourOf(const std::string& state) {
  if (state == "running") return good;
  if (state == "quarantined") return bad;
  if (state == "waiting") return middling;
  return "0";
}

std::size_t longestName(const std::vector<ScriptRow>& scripts) {
  std::size_t longest = 6;
  for (const ScriptRow& script : scripts)
    longest = std::max(longest, width(printable(script.name)));
  return longest;
}

std::string row(const ScriptRow& script, std::size_t nameWidth, std::uint64_t nowUs, Colour colour) {
  const bool lives = script.pid != 0;
  // A clock that was set back makes it look later than now.
  const std::uint64_t forUs = nowUs > script.sinceUs ? nowUs - script.sinceUs : 0;
  std::string text = padded(shortened(printable(script.name), nameWidth), nameWidth) + "  " +
                     coloured(padded(script.state, 11), colourOf(script.state), colour) + "  " +
                     padded(durationText(forUs), 6) + "  " + padded(std::to_string(script.restarts), 8) +
                     "  " + padded(lives ? bytesText(script.memoryBytes) : "-", 9) + "  " +
                     (lives ? cpuText(script.cpuUs) : "-") + "\n";
  if (!script.lastError.empty())
    text += "  " + coloured(errorText(script.lastError, columns - 2), bad, colour) + "\n";
  return text;
}

std::string brokerText(const Overview& overview, Colour colour) {
  if (overview.brokerUrl.empty()) return "none: deskd.toml has no [mqtt] url";
  const std::string url = shortened(printable(overview.brokerUrl), 45);
  if (!overview.brokerConnected) return url + ", " + coloured("not connected", bad, colour);
  return url + ", connected, MQTT " + overview.mqttVersion;
}

nlohmann::json jsonOf(const ScriptRow& script) {
  return {{"name", script.name},           {"state", script.state},
          {"sinceUs", script.sinceUs},     {"restarts", script.restarts},
          {"lastError", script.lastError}, {"pid", script.pid},
          {"device", script.device},       {"entities", script.entities},
          {"logLevel", script.logLevel},   {"memoryBytes", script.memoryBytes},
          {"cpuUs", script.cpuUs}};
}

}  // namespace

std::string statusText(const Overview& overview, std::uint64_t nowUs, Colour colour) {
  const auto running = std::count_if(overview.scripts.begin(), overview.scripts.end(),
                                     [](const ScriptRow& script) { return script.state == "running"; });
  std::string text = coloured("deskd " + overview.version, bold, colour) + ", node " + overview.node + ", " +
                     std::to_string(running) + " of " + std::to_string(overview.scripts.size()) +
                     (overview.scripts.size() == 1 ? " script runs" : " scripts run") + "\n";
  text += "broker: " + brokerText(overview, colour) + "\n";
  if (!overview.guardWorks)
    text += coloured("deskd-guard does not run: nothing can be moved", bad, colour) + "\n";
  if (!overview.safeModeReason.empty())
    text += coloured("safe mode: " + overview.safeModeReason, bad, colour) +
            "\n  no script is started but by \"deskctl start NAME\"\n";
  if (overview.scripts.empty()) return text;
  const std::size_t nameWidth = std::min(longestName(overview.scripts), nameColumns);
  text += "\n" +
          coloured(padded("SCRIPT", nameWidth) + "  STATE        SINCE   RESTARTS  MEMORY     CPU", bold,
                   colour) +
          "\n";
  for (const ScriptRow& script : overview.scripts)
    text += row(script, nameWidth, nowUs, colour);
  return text;
}

std::string statusJson(const Overview& overview) {
  nlohmann::json scripts = nlohmann::json::array();
  for (const ScriptRow& script : overview.scripts)
    scripts.push_back(jsonOf(script));
  const nlohmann::json json{{"version", overview.version},
                            {"node", overview.node},
                            {"brokerUrl", overview.brokerUrl},
                            {"brokerConnected", overview.brokerConnected},
                            {"mqttVersion", overview.mqttVersion},
                            {"guardWorks", overview.guardWorks},
                            {"safeModeReason", overview.safeModeReason},
                            {"logLevel", overview.logLevel},
                            {"scripts", std::move(scripts)}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string listText(const std::vector<ScriptRow>& scripts, Colour colour) {
  const std::size_t nameWidth = longestName(scripts);
  std::string text;
  for (const ScriptRow& script : scripts)
    text += padded(printable(script.name), nameWidth) + "  " +
            coloured(script.state, colourOf(script.state), colour) + "\n";
  return text;
}

}  // namespace deskd
