// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskctl/templates.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "hal/base/file.h"

namespace deskd {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t mostBytes = 256 * 1024;

// Without the licence of ours: the file becomes somebody else's.
std::string readBody(const fs::path& path) {
  std::string text = readFile(path.string(), mostBytes);
  const std::size_t end = text.find('\n');
  if (end != std::string::npos && text.substr(0, end).find("SPDX-License-Identifier") != std::string::npos)
    text.erase(0, end + 1);
  return text;
}

void replaceAll(std::string& text, std::string_view from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

// "// A light on a line\n// that blinks; and so on." -> "A light on a line that blinks"
std::string firstSentence(const std::string& script) {
  std::string comment;
  for (std::size_t start = 0; script.compare(start, 3, "// ") == 0;) {
    const std::size_t end = script.find('\n', start);
    comment += (comment.empty() ? "" : " ") + script.substr(start + 3, end - start - 3);
    start = end + 1;
  }
  return comment.substr(0, comment.find_first_of(".;:,"));
}

}  // namespace

std::vector<Template> readTemplates(const std::string& library) {
  std::vector<Template> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(fs::path(library) / "templates", error)) {
    const fs::path& path = entry.path();
    if (path.extension() != ".js") continue;
    Template one{path.stem().string(), "", readBody(path),
                 readBody(fs::path(path).replace_extension(".toml"))};
    one.about = firstSentence(one.script);
    // Beside the shipped scripts "../jiecang.js" is one of them; where the copy goes it is not.
    replaceAll(one.script, "'../", "'" + library + "/");
    found.push_back(std::move(one));
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return found;
}

}  // namespace deskd
