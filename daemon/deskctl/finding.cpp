// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskctl/finding.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

namespace deskd {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t columns = 80;
constexpr std::size_t indent = 17;

const char* word(Finding::Level level) {
  if (level == Finding::Level::ok) return "ok";
  return level == Finding::Level::hint ? "hint" : "wrong";
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size() + 1), ' ');
  return text;
}

// Broken between words; a word that is longer than a line stays whole.
std::string wrapped(const std::string& text) {
  std::istringstream words(text);
  std::string result;
  std::string one;
  std::size_t column = indent;
  while (words >> one) {
    if (column > indent && column + 1 + one.size() > columns) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      result += ' ';
      ++column;
    }
    result += one;
    column += one.size();
  }
  return result;
}

}  // namespace

bool Machine::exists(const std::string& absolute) const {
  std::error_code ignored;
  return fs::exists(path(absolute), ignored);
}

std::string Machine::text(const std::string& absolute) const {
  std::ifstream file(path(absolute));
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> Machine::names(const std::string& directory, const std::string& prefix) const {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path(directory), error))
    if (const std::string name = entry.path().filename(); name.starts_with(prefix)) found.push_back(name);
  std::sort(found.begin(), found.end());
  return found;
}

std::string Machine::bootDirectory() const {
  for (const char* directory : {"/boot/firmware", "/boot"})
    if (exists(std::string(directory) + "/config.txt")) return directory;
  return "";
}

std::string findingsText(const Findings& findings) {
  std::string text;
  std::size_t wrong = 0;
  for (const Finding& finding : findings) {
    text += padded(padded(word(finding.level), 7) + finding.subject, indent) + wrapped(finding.text) + "\n";
    if (!finding.command.empty()) text += "         " + finding.command + "\n";
    if (finding.level == Finding::Level::wrong) ++wrong;
  }
  return text + (wrong == 0   ? "nothing is wrong\n"
                 : wrong == 1 ? "1 thing is wrong\n"
                              : std::to_string(wrong) + " things are wrong\n");
}

std::string findingsJson(const Findings& findings) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Finding& finding : findings)
    list.push_back({{"level", word(finding.level)},
                    {"subject", finding.subject},
                    {"text", finding.text},
                    {"command", finding.command}});
  return list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace deskd
