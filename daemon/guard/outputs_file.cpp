// SPDX-License-Identifier: Apache-2.0
#include "daemon/guard/outputs_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>

#include "hal/base/file.h"

namespace deskd {
namespace {

constexpr std::string_view header =
    "# Outputs that deskd-guard holds. Written by it; see deskd-guard --help.\n";
constexpr std::size_t mostBytes = 1024 * 1024;
constexpr std::array<std::string_view, 3> driveNames{"push-pull", "open-drain", "open-source"};
constexpr std::array<std::string_view, 4> biasNames{"as-is", "disabled", "pull-up", "pull-down"};

template <class Enum, std::size_t size>
std::optional<Enum> valueOf(const std::array<std::string_view, size>& names, std::string_view name) {
  for (std::size_t i = 0; i < size; ++i)
    if (names[i] == name) return static_cast<Enum>(i);
  return std::nullopt;
}

using FieldList = std::vector<std::string>;

FieldList split(const std::string& text) {
  FieldList fields;
  std::istringstream from(text);
  for (std::string field; std::getline(from, field, '\t');)
    fields.push_back(std::move(field));
  return fields;
}

std::optional<std::string> valueFor(const std::string& field, std::string_view key) {
  if (field.size() <= key.size() || !field.starts_with(key) || field[key.size()] != '=') return std::nullopt;
  return field.substr(key.size() + 1);
}

std::optional<bool> flagFor(const std::string& field, std::string_view key) {
  const auto value = valueFor(field, key);
  if (!value || (*value != "0" && *value != "1")) return std::nullopt;
  return *value == "1";
}

std::optional<GuardedLine> parseLine(const FieldList& fields) {
  if (fields.size() != 8) return std::nullopt;
  GuardedLine line;
  line.address.chip = fields[1];
  const std::string& offset = fields[2];
  const auto [end, error] =
      std::from_chars(offset.data(), offset.data() + offset.size(), line.address.offset);
  const auto safe = flagFor(fields[3], "safe");
  const auto activeLow = flagFor(fields[4], "active-low");
  const auto drive = valueOf<GpioDrive>(driveNames, valueFor(fields[5], "drive").value_or(""));
  const auto bias = valueOf<GpioBias>(biasNames, valueFor(fields[6], "bias").value_or(""));
  if (line.address.chip.empty() || error != std::errc() || end != offset.data() + offset.size() || !safe ||
      !activeLow || !drive || !bias)
    return std::nullopt;
  line.safe = *safe;
  line.activeLow = *activeLow;
  line.drive = *drive;
  line.bias = *bias;
  line.script = fields[7];
  return line;
}

std::optional<GuardedPort> parsePort(const FieldList& fields) {
  if (fields.size() != 4 || fields[2].empty()) return std::nullopt;
  GuardedPort port;
  const std::string& hex = fields[1];
  if (hex.empty() || hex.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    std::uint8_t byte = 0;
    const auto [end, error] = std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    if (error != std::errc() || end != hex.data() + i + 2) return std::nullopt;
    port.bytes.push_back(byte);
  }
  port.path = fields[2];
  port.script = fields[3];
  return port;
}

// What separates fields and lines cannot be in one.
std::string plain(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\t' || c == '\n'; }, '?');
  return text;
}

std::string hexOf(const std::vector<std::uint8_t>& bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 0xf];
  }
  return text;
}

}  // namespace

void writeOutputsFile(const std::string& path, const GuardedOutputs& outputs) {
  std::ostringstream text;
  text << header;
  for (const GuardedLine& line : outputs.lines)
    text << "gpio\t" << plain(line.address.chip) << '\t' << line.address.offset << "\tsafe=" << line.safe
         << "\tactive-low=" << line.activeLow
         << "\tdrive=" << driveNames.at(static_cast<std::size_t>(line.drive))
         << "\tbias=" << biasNames.at(static_cast<std::size_t>(line.bias)) << '\t' << plain(line.script)
         << '\n';
  for (const GuardedPort& port : outputs.ports)
    text << "serial\t" << hexOf(port.bytes) << '\t' << plain(port.path) << '\t' << plain(port.script) << '\n';
  replaceFile(path, text.str(), Durability::untilReboot);
}

GuardedOutputs readOutputsFile(const std::string& path, std::vector<std::string>& complaints) {
  GuardedOutputs outputs;
  std::string content;
  try {
    content = readFile(path, mostBytes);
  } catch (const std::system_error& error) {
    if (error.code().value() != ENOENT) complaints.emplace_back(error.what());
    return outputs;
  }
  std::istringstream lines(content);
  std::string text;
  for (int number = 1; std::getline(lines, text); ++number) {
    if (text.empty() || text.front() == '#') continue;
    const FieldList fields = split(text);
    if (fields[0] == "gpio") {
      if (auto line = parseLine(fields)) {
        outputs.lines.push_back(std::move(*line));
        continue;
      }
    } else if (fields[0] == "serial") {
      if (auto port = parsePort(fields)) {
        outputs.ports.push_back(std::move(*port));
        continue;
      }
    }
    complaints.push_back(path + ":" + std::to_string(number) +
                         ": expected a gpio or serial line as deskd-guard writes it, found \"" + text +
                         "\", ignoring");
  }
  return outputs;
}

}  // namespace deskd
