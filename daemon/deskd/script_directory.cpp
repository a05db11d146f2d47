// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/script_directory.h"

#include <dirent.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <set>

#include "hal/base/error.h"
#include "hal/base/file.h"
#include "hal/base/log.h"

namespace deskd {
namespace {

constexpr std::uint32_t contentEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE |
                                        IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

// Whether a script or its settings are whole now: written and closed, or renamed to their name. Everything
// else may be one step of several, such as the backup that an editor makes before it writes.
bool isComplete(const inotify_event& event) {
  if ((event.mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) == 0 || event.len == 0) return false;
  const std::string file = event.name;
  return !ScriptDirectory::nameOf(file.ends_with(".toml") ? file.substr(0, file.size() - 5) + ".js" : file)
              .empty();
}

std::string parentOf(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

// The directory, or as long as it is missing the nearest one above that exists: it tells when that comes.
std::string nearestDirectory(std::string path) {
  std::error_code error;
  while (!std::filesystem::is_directory(path, error) && path != "/" && !path.empty())
    path = parentOf(path);
  return path;
}

}  // namespace

ScriptDirectory::ScriptDirectory(Loop& loop, std::string path, Handlers handlers)
    : path_(std::move(path)),
      handlers_(std::move(handlers)),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      settled_(loop, [this] { scan(); }) {
  if (!inotify_) throwErrno("watch", path_);
  poll_.emplace(loop, inotify_.get(), [this](int) { drain(); });
  poll_->start(UV_READABLE);
}

std::string ScriptDirectory::nameOf(const std::string& file) {
  if (file.size() <= 3 || !file.ends_with(".js")) return "";
  const std::string name = file.substr(0, file.size() - 3);
  // ".desk.js.swp" and "desk.js~" end otherwise; ".#desk.js" and "._desk.js" begin so.
  if (name.ends_with(".test")) return "";  // for deskctl test
  if (name.front() == '.' || name.front() == '#' || name.front() == '~') return "";
  return name;
}

void ScriptDirectory::setImports(const std::string& name, const Imports& files) {
  const auto known = known_.find(name);
  if (known == known_.end()) return;
  std::map<std::string, std::string> imports;
  bool changed = false;
  for (const auto& [file, signature] : files) {
    // What is known of a file stays until scan() has told of its change.
    const auto before = known->second.imports.find(file);
    imports[file] = before == known->second.imports.end() ? signature : before->second;
    changed = changed || imports[file] != fileSignature(file);
  }
  known->second.imports = std::move(imports);
  if (watchAll(known_) == Watches::more || changed) settled_.start(settle);
}

void ScriptDirectory::scan() {
  auto found = look();
  // What came into a directory before it was watched would go unnoticed.
  while (watchAll(found) == Watches::more)
    found = look();
  const auto before = std::exchange(known_, found);
  for (const auto& [name, version] : before)
    if (!found.contains(name)) handlers_.removed(name);
  for (const auto& [name, version] : found) {
    const auto old = before.find(name);
    if (old == before.end())
      handlers_.added(name);
    else if (!(old->second == version))
      handlers_.changed(name);
  }
}

std::map<std::string, ScriptDirectory::Version> ScriptDirectory::look() {
  std::map<std::string, Version> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path_.c_str()), ::closedir);
  if (!directory) {
    if (!std::exchange(complained_, true))
      log(Priority::warning,
          "cannot read the script directory " + path_ + ": " + std::strerror(errno) + "; waiting for it");
    return found;
  }
  complained_ = false;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string name = nameOf(entry->d_name);
    if (name.empty()) continue;
    const std::string script = fileSignature(scriptPath(name));
    // A link that leads nowhere, or a directory of that name, is no script.
    if (script.empty() || std::filesystem::is_directory(scriptPath(name))) continue;
    Version& version = found[name];
    version.signature = script + " " + fileSignature(settingsPath(name));
    if (const auto before = known_.find(name); before != known_.end())
      for (const auto& [file, signature] : before->second.imports)
        version.imports[file] = fileSignature(file);
  }
  return found;
}

ScriptDirectory::Watches ScriptDirectory::watchAll(const std::map<std::string, Version>& scripts) {
  std::set<std::string> wanted;
  std::error_code error;
  const std::string nearest = nearestDirectory(path_);
  wanted.insert(nearest);
  // The parent tells when the directory itself is replaced.
  if (nearest == path_) wanted.insert(parentOf(path_));
  for (const auto& [name, version] : scripts) {
    for (const std::string& file : {scriptPath(name), settingsPath(name)}) {
      if (!std::filesystem::is_symlink(file, error)) continue;
      const auto target = std::filesystem::weakly_canonical(file, error);
      if (!error) wanted.insert(target.parent_path().string());
    }
    for (const auto& [file, signature] : version.imports)
      wanted.insert(nearestDirectory(parentOf(file)));
  }
  for (auto item = watches_.begin(); item != watches_.end();) {
    if (wanted.contains(item->first)) {
      ++item;
    } else {
      ::inotify_rm_watch(inotify_.get(), item->second);
      item = watches_.erase(item);
    }
  }
  Watches watches = Watches::asBefore;
  for (const std::string& directory : wanted)
    if (watch(directory, contentEvents) == Watches::more) watches = Watches::more;
  return watches;
}

ScriptDirectory::Watches ScriptDirectory::watch(const std::string& directory, std::uint32_t events) {
  // Asking again for a directory that was replaced gives a new watch; for the same one it changes nothing.
  const int number = ::inotify_add_watch(inotify_.get(), directory.c_str(), events | IN_ONLYDIR);
  if (number >= 0) {
    const auto [known, isNew] = watches_.try_emplace(directory, number);
    if (!isNew && std::exchange(known->second, number) == number) return Watches::asBefore;
    return Watches::more;
  }
  if (errno == ENOSPC)
    log(Priority::error,
        "cannot watch " + directory + ": no inotify watches left (see fs.inotify.max_user_watches)");
  return Watches::asBefore;
}

void ScriptDirectory::drain() {
  alignas(inotify_event) char buffer[4096];
  bool any = false;
  bool complete = false;
  for (ssize_t size; (size = ::read(inotify_.get(), buffer, sizeof buffer)) > 0;) {
    any = true;
    for (const char* at = buffer; at < buffer + size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(at);
      complete = complete || isComplete(*event);
      at += sizeof *event + event->len;
    }
  }
  if (complete)
    settled_.start(Milliseconds(0));
  else if (any)
    settled_.start(settle);
}

}  // namespace deskd
