// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <v8.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bindings/js.h"

namespace deskd {

// ES modules of one script: built-in ones ("deskd:serial"), files below the script's directory or the shipped
// library, and JSON files. A module is known by its real path, so a link and its target are one module.
class ModuleLoader {
 public:
  ModuleLoader(Js& js, const std::string& scriptPath, const std::string& libraryPath);

  // Compiles and links the script and everything it imports; runs nothing. Throws PendingException.
  v8::Local<v8::Module> loadMain();
  // The namespace of a built-in module, evaluated at once. For globals made when first used.
  v8::Local<v8::Object> builtinNamespace(std::string_view name);

  // Paths of the files that imports have led to so far, those of links beside their targets' and those that
  // could not be opened, too; with the signature (hal/base/file.h) of what was found.
  const std::map<std::string, std::string>& imported() const { return imported_; }
  // Where the import stands that load could not follow, if that is why it failed.
  void placeFailedImport(ScriptError& error) const;

  // If V8 says of the error only that an import's name is not exported: which names are.
  void explainMissingExport(ScriptError& error);

  static v8::MaybeLocal<v8::Module> onImport(v8::Local<v8::Context> context, v8::Local<v8::String> specifier,
                                             v8::Local<v8::FixedArray> assertions,
                                             v8::Local<v8::Module> referrer);
  static v8::MaybeLocal<v8::Promise> onDynamicImport(v8::Local<v8::Context> context,
                                                     v8::Local<v8::Data> options,
                                                     v8::Local<v8::Value> resource,
                                                     v8::Local<v8::String> specifier,
                                                     v8::Local<v8::FixedArray> assertions);
  static void onImportMeta(v8::Local<v8::Context> context, v8::Local<v8::Module> module,
                           v8::Local<v8::Object> meta);

 private:
  enum class Type { javascript, json };
  struct Entry {
    std::string key;  // real path, or the built-in's name
    bool builtin = false;
    v8::Global<v8::Module> module;
    std::vector<v8::Global<v8::Value>> exports;  // of a native or JSON module, until it is evaluated
  };

  v8::Local<v8::Module> import(const std::string& specifier, const std::string& referrer, Type type);
  v8::Local<v8::Module> importBuiltin(const std::string& name, bool fromBuiltin);
  v8::Local<v8::Module> importFile(const std::string& path, const std::string& specifier,
                                   const std::string& referrer, Type type);
  std::string resolveFile(const std::string& specifier, const std::string& referrer);
  void requireAllowed(const std::string& realPath, const std::string& specifier) const;
  v8::Local<v8::Module> compile(const std::string& key, v8::Local<v8::String> source, bool builtin);
  v8::Local<v8::Module> synthetic(const std::string& key, bool builtin,
                                  const std::vector<std::pair<const char*, v8::Local<v8::Value>>>& exports);
  v8::Local<v8::Module> remember(std::string key, bool builtin, v8::Local<v8::Module> module);
  void noteFailedImport(v8::Local<v8::Module> referrer, const std::string& specifier);
  std::vector<std::string> exportsOf(const std::string& specifier, const std::string& referrer);
  Entry* find(v8::Local<v8::Module> module);
  Type typeOf(v8::Local<v8::FixedArray> assertions, int stride) const;
  static v8::MaybeLocal<v8::Value> evaluateSynthetic(v8::Local<v8::Context> context,
                                                     v8::Local<v8::Module> module);

  Js& js_;
  std::string main_;                // as configured
  std::vector<std::string> roots_;  // directories whose files may be imported, real paths
  std::unordered_map<std::string, std::unique_ptr<Entry>> byKey_;
  std::unordered_multimap<int, Entry*> byHash_;
  std::map<std::string, std::string> imported_;
  ScriptError failedImport_;  // only its place
};

}  // namespace deskd
