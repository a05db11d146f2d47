// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "daemon/deskctl/command.h"
#include "daemon/deskctl/templates.h"
#include "hal/base/error.h"
#include "hal/base/nearest.h"
#include "hal/base/program_path.h"
#include "hal/base/unique_fd.h"

namespace deskd {
namespace {

namespace fs = std::filesystem;

struct NewOptions {
  std::string name;
  std::string templateName;
  std::string directory = ".";
};

// A name that is the same as file, as D-Bus object and, folded, as the hub's device.
void checkName(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  const bool good =
      std::all_of(name.begin(), name.end(), allowed) && name.size() <= 64 && name.front() != '-';
  if (!good)
    throw std::invalid_argument("NAME: expected 1 to 64 letters, digits, - and _, found \"" + name + "\"");
}

const Template& choose(const std::vector<Template>& templates, const std::string& name) {
  std::vector<std::string> names;
  std::string known;
  for (const Template& one : templates) {
    if (one.name == name) return one;
    names.push_back(one.name);
    known +=
        "\n  " + one.name + std::string(one.name.size() < 10 ? 10 - one.name.size() : 1, ' ') + one.about;
  }
  if (templates.empty())
    throw std::runtime_error("no templates: expected them in " + shippedScripts() + "/templates");
  const std::string near = name.empty() ? "" : nearest(name, names);
  throw std::invalid_argument(
      (name.empty() ? "expected --template, one of" : "--template: found \"" + name + "\", expected one of") +
      known + (near.empty() ? "" : "\nDid you mean " + near + "?"));
}

void create(const fs::path& path, const std::string& content) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file) throwErrno("create", path.string());
  for (std::size_t done = 0; done < content.size();) {
    const ssize_t wrote = ::write(file.get(), content.data() + done, content.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) throwErrno("write", path.string());
    done += static_cast<std::size_t>(wrote);
  }
  std::printf("created %s\n", path.lexically_normal().c_str());
}

// Has an editor check the scripts of this directory and complete what deskd: modules export. Not strictly: a
// variable that begins as null is no mistake. Editors come with TypeScript 4 to 7, whose defaults differ, and
// which have no way to resolve modules in common but the default one.
std::string projectFile(const std::string& library) {
  const nlohmann::ordered_json project{{"compilerOptions",
                                        {{"checkJs", true},
                                         {"strict", false},
                                         {"target", "es2022"},
                                         {"module", "esnext"},
                                         {"moduleDetection", "force"},
                                         {"lib", {"es2022"}},
                                         {"types", nlohmann::json::array()},
                                         {"noEmit", true}}},
                                       {"include", {"*.js", library + "/deskd.d.ts"}}};
  return project.dump(2) + "\n";
}

int createScript(const NewOptions& options) {
  const std::string library = shippedScripts();
  const std::vector<Template> templates = readTemplates(library);
  const Template& chosen = choose(templates, options.templateName);
  checkName(options.name);
  const fs::path base = fs::path(options.directory) / options.name;
  const fs::path script = base.string() + ".js";
  const fs::path settings = base.string() + ".toml";
  const fs::path project = fs::path(options.directory) / "jsconfig.json";
  for (const fs::path& path : {script, settings})
    if (fs::exists(fs::symlink_status(path)))
      throw std::runtime_error(path.lexically_normal().string() + " exists, and stays as it is");
  // deskd starts a script when it sees it: its settings have to be there before.
  create(settings, chosen.settings);
  create(script, chosen.script);
  if (!fs::exists(fs::symlink_status(project))) create(project, projectFile(library));
  std::printf("\nTry it on a simulated board:  deskctl run --sim %s\n", script.lexically_normal().c_str());
  return exitGood;
}

}  // namespace

void addNew(Commands& commands) {
  const auto options = std::make_shared<NewOptions>();
  CLI::App* command =
      commands.add("new", "Create a script and its settings from a template", [options](const Context&) {
        try {
          return createScript(*options);
        } catch (const std::invalid_argument& error) {
          std::fprintf(stderr, "deskctl new: %s\n", error.what());
          return static_cast<int>(exitUsage);
        }
      });
  command->add_option("NAME", options->name, "Of the script, without .js")->required();
  command->add_option("--template", options->templateName, "What it begins as (without: tells which)")
      ->type_name("TEMPLATE");
  command->add_option("--directory", options->directory, "Where (the current directory)")->type_name("DIR");
}

}  // namespace deskd
