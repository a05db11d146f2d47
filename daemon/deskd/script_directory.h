// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hal/base/loop.h"
#include "hal/base/unique_fd.h"

namespace deskd {

// The scripts of one directory: every NAME.js in it, with the NAME.toml beside it and the files it imports.
// Watches these, and the targets of links, and tells what came, changed and went. Hidden files and what
// editors leave behind are no scripts.
class ScriptDirectory {
 public:
  struct Handlers {
    std::function<void(const std::string& name)> added;
    std::function<void(const std::string& name)> changed;
    std::function<void(const std::string& name)> removed;
  };
  // Events that come within this are one: an editor renames, creates and touches. A file that is known to be
  // whole is not waited for.
  static constexpr Milliseconds settle{10};

  // A directory that does not exist yet is waited for. Nothing is told before scan().
  ScriptDirectory(Loop& loop, std::string path, Handlers handlers);

  // Files, and the signature (hal/base/file.h) of what was found when the script was loaded.
  using Imports = std::vector<std::pair<std::string, std::string>>;

  // From then on a change of one of these files is a change of the script. They need not exist.
  void setImports(const std::string& name, const Imports& files);
  // Looks now and tells what differs from the last time.
  void scan();
  const std::string& path() const { return path_; }
  std::string scriptPath(const std::string& name) const { return path_ + "/" + name + ".js"; }
  std::string settingsPath(const std::string& name) const { return path_ + "/" + name + ".toml"; }

  // "desk" for "desk.js"; empty for what is no script.
  static std::string nameOf(const std::string& file);

 private:
  // A script is the same as long as this is.
  struct Version {
    std::string signature;                       // of its file and its settings
    std::map<std::string, std::string> imports;  // path -> signature, empty if there is no such file
    bool operator==(const Version&) const = default;
  };
  enum class Watches { asBefore, more };

  std::map<std::string, Version> look();
  Watches watchAll(const std::map<std::string, Version>& scripts);
  Watches watch(const std::string& directory, std::uint32_t events);
  void drain();

  std::string path_;
  Handlers handlers_;
  std::map<std::string, Version> known_;
  UniqueFd inotify_;
  std::map<std::string, int> watches_;
  bool complained_ = false;
  Timer settled_;
  std::optional<Poll> poll_;
};

}  // namespace deskd
