// SPDX-License-Identifier: Apache-2.0
#include "hal/gpio_request.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <stdexcept>

#include "hal/base/error.h"
#include "hal/base/log.h"

namespace deskd {
namespace {

std::string lineText(const GpioAddress& line, const std::string& name) {
  const std::string address = line.chip + ":" + std::to_string(line.offset);
  return name.empty() ? address : address + " (" + name + ")";
}

void checkLines(const std::vector<GpioAddress>& lines) {
  if (lines.empty() || lines.size() > mostGpioLines) {
    throw std::invalid_argument("expected 1 to " + std::to_string(mostGpioLines) + " lines, found " +
                                std::to_string(lines.size()));
  }
  for (auto line = lines.begin(); line != lines.end(); ++line) {
    if (line->chip != lines.front().chip) {
      throw std::invalid_argument("expected lines of one chip, found " + lineText(lines.front(), "") +
                                  " and " + lineText(*line, ""));
    }
    if (std::find(lines.begin(), line, *line) != line)
      throw std::invalid_argument("expected different lines, found " + lineText(*line, "") + " twice");
  }
}

// "gpiochip12" -> 12; -1 for what is no chip.
int chipNumber(const std::string& name) {
  constexpr std::string_view prefix = "gpiochip";
  if (!name.starts_with(prefix)) return -1;
  int number = -1;
  const char* end = name.data() + name.size();
  const auto [stopped, error] = std::from_chars(name.data() + prefix.size(), end, number);
  return error == std::errc() && stopped == end ? number : -1;
}

}  // namespace

void checkGpioOptions(const GpioOutputOptions& options) {
  checkLines(options.lines);
  if (options.values.size() != options.lines.size()) {
    throw std::invalid_argument("expected a value for each of " + std::to_string(options.lines.size()) +
                                " lines, found " + std::to_string(options.values.size()));
  }
}

void checkGpioOptions(const GpioInputOptions& options) {
  checkLines(options.lines);
}

std::vector<std::string> gpioChipNames(const std::string& directory) {
  std::vector<std::pair<int, std::string>> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    const std::string name = entry.path().filename();
    const int number = chipNumber(name);
    if (number >= 0 && !entry.is_symlink(ignored)) found.emplace_back(number, name);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (const auto& [number, name] : found)
    names.push_back(name);
  return names;
}

std::vector<GpioLineInfo> GpioLineList::collect(
    const std::vector<std::string>& chips,
    const std::function<std::vector<GpioLineInfo>(const std::string& chip)>& linesOf) {
  std::vector<GpioLineInfo> lines;
  std::vector<std::pair<std::string, std::string>> skipped;  // chip and reason
  std::exception_ptr failure;
  for (const std::string& chip : chips) {
    try {
      for (GpioLineInfo& line : linesOf(chip))
        lines.push_back(std::move(line));
    } catch (const std::system_error& error) {
      failure = std::current_exception();
      skipped.emplace_back(chip, error.what());
    }
  }
  if (!skipped.empty() && skipped.size() == chips.size()) std::rethrow_exception(failure);
  for (const auto& [chip, reason] : skipped)
    if (noted_.insert(chip).second) log(Priority::warning, reason + "; its lines are not known, ignoring");
  return lines;
}

std::string gpioLinesText(const std::vector<GpioLineInfo>& lines) {
  std::string text;
  for (const GpioLineInfo& line : lines)
    text += (text.empty() ? "" : ", ") + lineText(line.address, line.name);
  return text;
}

void throwGpioOpenError(int error, const std::string& chip) {
  std::string object = "/dev/" + chip;
  if (error == EACCES || error == EPERM) object += ", which members of the group gpio may";
  throwErrno(error, "open", object);
}

void throwGpioRequestError(int error, const std::string& as, const std::vector<GpioLineInfo>& infos) {
  std::string holders;
  for (const GpioLineInfo& line : infos) {
    if (!line.used) continue;
    const std::string name = lineText(line.address, line.name);
    const std::string holder =
        line.consumer.empty() ? "somebody who gives no name" : "\"" + line.consumer + "\"";
    holders += (holders.empty() ? "" : ", ") + (infos.size() > 1 ? name + " " : "") + "held by " + holder;
  }
  std::string text = gpioLinesText(infos) + " as " + as;
  if (error == EBUSY && !holders.empty()) text += ", " + holders;
  throwErrno(error, "request", text);
}

}  // namespace deskd
