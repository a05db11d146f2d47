// SPDX-License-Identifier: Apache-2.0
#include "hal/gpio_names.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>

#include "hal/base/nearest.h"

namespace deskd {
namespace {

constexpr std::size_t mostCandidates = 10;
constexpr std::size_t longestName = 64;  // what is longer is no misspelt name

std::string lowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

// "a, b, c and 7 more"
std::string listed(const std::vector<std::string>& words) {
  std::string text;
  const std::size_t shown = std::min(words.size(), mostCandidates);
  for (std::size_t index = 0; index < shown; ++index)
    text += (index > 0 ? ", " : "") + words[index];
  if (shown < words.size()) text += " and " + std::to_string(words.size() - shown) + " more";
  return text;
}

std::string addressText(const GpioLineInfo& line) {
  return line.address.chip + ":" + std::to_string(line.address.offset) + " (" + line.chipLabel + ")";
}

struct Chip {
  std::string label;
  std::set<unsigned> offsets;
};

std::map<std::string, Chip> chipsOf(const std::vector<GpioLineInfo>& lines) {
  std::map<std::string, Chip> chips;
  for (const GpioLineInfo& line : lines) {
    Chip& chip = chips[line.address.chip];
    chip.label = line.chipLabel;
    chip.offsets.insert(line.address.offset);
  }
  return chips;
}

std::string chipText(const std::string& name, const Chip& chip) {
  return name + " (" + chip.label + ", lines " + std::to_string(*chip.offsets.begin()) + " to " +
         std::to_string(*chip.offsets.rbegin()) + ")";
}

[[noreturn]] void throwUnknown(const std::string& text, const std::string& instead) {
  throw std::invalid_argument("expected a line's name, CHIP:OFFSET or LABEL:OFFSET, found \"" + text +
                              "\"; " + instead);
}

[[noreturn]] void throwUnknownChip(const std::string& text, const std::map<std::string, Chip>& chips) {
  std::vector<std::string> words;
  for (const auto& [name, chip] : chips)
    words.push_back(chipText(name, chip));
  throwUnknown(text, "the chips are " + listed(words));
}

[[noreturn]] void throwUnknownName(const std::string& text, const std::vector<GpioLineInfo>& lines) {
  const std::string wanted = lowerCase(text.substr(0, longestName));
  std::vector<std::string> all;
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const GpioLineInfo& line : lines) {
    if (line.name.empty() || std::find(all.begin(), all.end(), line.name) != all.end()) continue;
    all.push_back(line.name);
    const std::string name = lowerCase(line.name);
    // A bare number is most often a line's number.
    const bool part = !wanted.empty() && name.find(wanted) != std::string::npos;
    const std::size_t distance = part ? std::min<std::size_t>(1, name.size() - wanted.size())
                                      : editDistance(wanted, name.substr(0, longestName));
    if (distance <= 2) near.emplace_back(distance, line.name);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> nearest;
  for (const auto& [distance, name] : near)
    nearest.push_back(name);
  if (!nearest.empty()) throwUnknown(text, "the nearest names are " + listed(nearest));
  if (!all.empty()) throwUnknown(text, "the names are " + listed(all));
  throwUnknownChip(text, chipsOf(lines));
}

// "gpiochip0:17" -> {"gpiochip0", 17}
std::optional<GpioAddress> splitAddress(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) return std::nullopt;
  GpioAddress address{text.substr(0, colon), 0};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data() + colon + 1, end, address.offset);
  if (error != std::errc() || stopped != end) return std::nullopt;
  constexpr std::string_view directory = "/dev/";
  if (address.chip.starts_with(directory)) address.chip.erase(0, directory.size());
  return address;
}

GpioAddress resolveAddress(const std::vector<GpioLineInfo>& lines, const std::string& text,
                           const GpioAddress& wanted) {
  const auto chips = chipsOf(lines);
  auto found = chips.find(wanted.chip);
  if (found == chips.end()) {
    std::vector<std::string> candidates;
    for (auto chip = chips.begin(); chip != chips.end(); ++chip) {
      if (chip->second.label != wanted.chip) continue;
      found = chip;
      candidates.push_back(chip->first + ":" + std::to_string(wanted.offset));
    }
    if (candidates.empty()) throwUnknownChip(text, chips);
    if (candidates.size() > 1) {
      throw std::invalid_argument("expected one line, found " + std::to_string(candidates.size()) +
                                  " chips labelled \"" + wanted.chip + "\"; choose out of " +
                                  listed(candidates));
    }
  }
  if (!found->second.offsets.contains(wanted.offset))
    throwUnknown(text, "the chip is " + chipText(found->first, found->second));
  return {found->first, wanted.offset};
}

}  // namespace

GpioAddress resolveLine(const std::vector<GpioLineInfo>& lines, const std::string& text) {
  std::vector<const GpioLineInfo*> named;
  for (const GpioLineInfo& line : lines)
    if (!line.name.empty() && line.name == text) named.push_back(&line);
  if (named.size() == 1) return named.front()->address;
  if (named.size() > 1) {
    std::vector<std::string> candidates;
    for (const GpioLineInfo* line : named)
      candidates.push_back(addressText(*line));
    throw std::invalid_argument("expected one line, found " + std::to_string(named.size()) + " named \"" +
                                text + "\"; choose out of " + listed(candidates));
  }
  if (lines.empty()) throwUnknown(text, "there is no GPIO chip");
  if (const auto address = splitAddress(text)) return resolveAddress(lines, text, *address);
  throwUnknownName(text, lines);
}

}  // namespace deskd
