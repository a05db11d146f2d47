// SPDX-License-Identifier: Apache-2.0
#include "bindings/module_loader.h"

#include <algorithm>
#include <filesystem>
#include <regex>

#include "bindings/builtins.h"
#include "bindings/errors.h"
#include "bindings/external_source.h"
#include "hal/base/error.h"
#include "hal/base/file.h"
#include "hal/base/nearest.h"

namespace deskd {
namespace {

constexpr std::size_t mostSourceBytes = 8 * 1024 * 1024;

std::string percentEncoded(const std::string& path) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string url;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("/-._~!$&'()*+,;=:@").find(c) != std::string_view::npos) {
      url += c;
    } else {
      url += '%';
      url += hex[byte >> 4];
      url += hex[byte & 15];
    }
  }
  return url;
}

std::vector<std::string> publicModules() {
  std::vector<std::string> names;
  for (const BuiltinSource& source : builtinSources())
    if (source.name.starts_with("deskd:")) names.emplace_back(source.name);
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string publicNames() {
  return joined(publicModules());
}

bool isBuiltin(const std::string& name) {
  return name.starts_with("deskd:") || name.starts_with("native:") || name.starts_with("internal:");
}

}  // namespace

ModuleLoader::ModuleLoader(Js& js, const std::string& scriptPath, const std::string& libraryPath)
    : js_(js), main_(scriptPath) {
  std::error_code ignored;
  const auto real = std::filesystem::weakly_canonical(scriptPath, ignored);
  roots_.push_back(real.parent_path().string());
  if (!libraryPath.empty())
    roots_.push_back(std::filesystem::weakly_canonical(libraryPath, ignored).string());
}

v8::Local<v8::Module> ModuleLoader::loadMain() {
  std::error_code error;
  const auto real = std::filesystem::canonical(main_, error);
  if (error) throwErrno(error.value(), "open script", main_);
  const auto module = importFile(real.string(), main_, "", Type::javascript);
  if (module->InstantiateModule(js_.context(), onImport).IsNothing()) throw PendingException{};
  return module;
}

v8::Local<v8::Object> ModuleLoader::builtinNamespace(std::string_view name) {
  const auto module = importBuiltin(std::string(name), true);
  if (module->InstantiateModule(js_.context(), onImport).IsNothing()) throw PendingException{};
  v8::Local<v8::Value> done;
  if (!module->Evaluate(js_.context()).ToLocal(&done)) throw PendingException{};
  if (module->GetStatus() == v8::Module::kErrored) {
    js_.isolate()->ThrowException(module->GetException());
    throw PendingException{};
  }
  return module->GetModuleNamespace().As<v8::Object>();
}

v8::Local<v8::Module> ModuleLoader::import(const std::string& specifier, const std::string& referrer,
                                           Type type) {
  const bool fromBuiltin = isBuiltin(referrer);
  if (isBuiltin(specifier)) return importBuiltin(specifier, fromBuiltin);
  if (fromBuiltin) {  // "./emitter.js" beside bindings/js/serial.js
    const auto name = std::filesystem::path(specifier).stem().string();
    for (const BuiltinSource& source : builtinSources())
      if (source.name == "deskd:" + name) return importBuiltin("deskd:" + name, true);
    return importBuiltin("internal:" + name, true);
  }
  const std::string path = resolveFile(specifier, referrer);
  return importFile(path, specifier, referrer, type);
}

v8::Local<v8::Module> ModuleLoader::importBuiltin(const std::string& name, bool fromBuiltin) {
  if (const auto found = byKey_.find(name);
      found != byKey_.end() && (fromBuiltin || name.starts_with("deskd:")))
    return found->second->module.Get(js_.isolate());
  if (fromBuiltin || name.starts_with("deskd:")) {
    for (const BuiltinSource& source : builtinSources())
      if (source.name == name) return compile(name, externalSource(js_.isolate(), source.text), true);
  }
  if (fromBuiltin) {
    for (const NativeModule& native : nativeModules()) {
      if (native.name != name) continue;
      ModuleBuilder builder(js_);
      native.add(builder);
      return synthetic(name, true, builder.exports());
    }
  }
  const std::string near = nearest(name, publicModules());
  throw CodedError("ERR_MODULE_NOT_FOUND", "no built-in module \"" + name + "\"; there are " + publicNames() +
                                               (near.empty() ? "" : "; did you mean " + near + "?"));
}

std::string ModuleLoader::resolveFile(const std::string& specifier, const std::string& referrer) {
  namespace fs = std::filesystem;
  const bool relative = specifier.starts_with("./") || specifier.starts_with("../");
  if (!relative && !specifier.starts_with("/"))
    throw CodedError("ERR_MODULE_NOT_FOUND",
                     "cannot import \"" + specifier + "\" from " + referrer +
                         ": expected \"./file.js\" beside the script or a built-in module (" + publicNames() +
                         ")");
  const fs::path wanted = relative ? fs::path(referrer).parent_path() / specifier : fs::path(specifier);
  // What lies outside is refused before it is looked for: an import tells nothing about other people's files.
  requireAllowed(wanted.lexically_normal().string(), specifier);
  const std::string named = wanted.lexically_normal().string();
  imported_.emplace(named, fileSignature(named));
  std::error_code error;
  const auto real = fs::canonical(wanted, error);
  if (error)
    throw CodedError("ERR_MODULE_NOT_FOUND", "cannot import \"" + specifier + "\" from " + referrer + ": " +
                                                 wanted.lexically_normal().string() + ": " + error.message());
  requireAllowed(real.string(), specifier);
  imported_.emplace(real.string(), fileSignature(real.string()));
  return real.string();
}

void ModuleLoader::requireAllowed(const std::string& realPath, const std::string& specifier) const {
  for (const std::string& root : roots_)
    if (realPath.starts_with(root + "/")) return;
  std::string places;
  for (const std::string& root : roots_)
    places += (places.empty() ? "" : " or ") + root;
  throw CodedError("ERR_MODULE_OUTSIDE",
                   "cannot import \"" + specifier + "\": " + realPath + " is not below " + places);
}

v8::Local<v8::Module> ModuleLoader::importFile(const std::string& path, const std::string& specifier,
                                               const std::string& referrer, Type type) {
  // One file may be imported as JSON only: the type is no part of the key, so it has to agree with the name.
  const bool json = path.ends_with(".json");
  if (json && type != Type::json)
    throw std::invalid_argument("import of \"" + specifier +
                                "\" needs the attribute `with { type: \"json\" }`");
  if (!json && type == Type::json)
    throw std::invalid_argument("import of \"" + specifier +
                                "\" as JSON: expected a file that ends in .json");
  if (const auto found = byKey_.find(path); found != byKey_.end())
    return found->second->module.Get(js_.isolate());
  const std::string text = readFile(path, mostSourceBytes);
  if (!json) return compile(path, js_.string(text), false);
  v8::Local<v8::Value> value;
  const v8::TryCatch caught(js_.isolate());
  if (!v8::JSON::Parse(js_.context(), js_.string(text)).ToLocal(&value)) {
    const v8::String::Utf8Value message(js_.isolate(), caught.Exception());
    throw CodedError("ERR_JSON", path + ": " + *message + " (imported from " + referrer + ")");
  }
  return synthetic(path, false, {{"default", value}});
}

v8::Local<v8::Module> ModuleLoader::compile(const std::string& key, v8::Local<v8::String> source,
                                            bool builtin) {
  v8::ScriptOrigin origin(js_.isolate(), js_.string(key), 0, 0, false, -1, v8::Local<v8::Value>(), false,
                          false, true);
  v8::ScriptCompiler::Source unit(source, origin);
  v8::Local<v8::Module> module;
  if (!v8::ScriptCompiler::CompileModule(js_.isolate(), &unit).ToLocal(&module)) throw PendingException{};
  return remember(key, builtin, module);
}

v8::Local<v8::Module> ModuleLoader::synthetic(
    const std::string& key, bool builtin,
    const std::vector<std::pair<const char*, v8::Local<v8::Value>>>& exports) {
  std::vector<v8::Local<v8::String>> names;
  names.reserve(exports.size());
  for (const auto& [name, value] : exports)
    names.push_back(js_.name(name));
  const auto module =
      v8::Module::CreateSyntheticModule(js_.isolate(), js_.string(key), names, evaluateSynthetic);
  remember(key, builtin, module);
  Entry& entry = *byKey_.at(key);
  for (const auto& [name, value] : exports) {
    // Names and values are set together in evaluateSynthetic, in this order.
    entry.exports.emplace_back(js_.isolate(), js_.name(name));
    entry.exports.emplace_back(js_.isolate(), value);
  }
  return module;
}

v8::Local<v8::Module> ModuleLoader::remember(std::string key, bool builtin, v8::Local<v8::Module> module) {
  auto entry = std::make_unique<Entry>();
  entry->key = key;
  entry->builtin = builtin;
  entry->module.Reset(js_.isolate(), module);
  byHash_.emplace(module->GetIdentityHash(), entry.get());
  byKey_.emplace(std::move(key), std::move(entry));
  return module;
}

ModuleLoader::Entry* ModuleLoader::find(v8::Local<v8::Module> module) {
  const auto [first, last] = byHash_.equal_range(module->GetIdentityHash());
  const auto found =
      std::find_if(first, last, [&](const auto& item) { return item.second->module == module; });
  return found == last ? nullptr : found->second;
}

ModuleLoader::Type ModuleLoader::typeOf(v8::Local<v8::FixedArray> assertions, int stride) const {
  for (int i = 0; i + 1 < assertions->Length(); i += stride) {
    const v8::String::Utf8Value key(js_.isolate(), assertions->Get(js_.context(), i).As<v8::Value>());
    const v8::String::Utf8Value value(js_.isolate(), assertions->Get(js_.context(), i + 1).As<v8::Value>());
    if (std::string_view(*key) != "type")
      throw std::invalid_argument("import attribute \"" + std::string(*key) + "\": expected \"type\"");
    if (std::string_view(*value) != "json")
      throw std::invalid_argument("import attribute type: expected \"json\", found \"" + std::string(*value) +
                                  "\"");
    return Type::json;
  }
  return Type::javascript;
}

v8::MaybeLocal<v8::Module> ModuleLoader::onImport(v8::Local<v8::Context> context,
                                                  v8::Local<v8::String> specifier,
                                                  v8::Local<v8::FixedArray> assertions,
                                                  v8::Local<v8::Module> referrer) {
  Js& js = Js::of(context->GetIsolate());
  const std::string name = Convert<std::string>::from(js, specifier);
  // Without JavaScript on the stack V8 leaves an exception with the innermost TryCatch and forgets it. The
  // import that asked still has to hear of it.
  v8::TryCatch caught(js.isolate());
  try {
    const Entry* from = js.modules().find(referrer);
    const int stride = 3;  // key, value, source position
    return js.modules().import(name, from->key, js.modules().typeOf(assertions, stride));
  } catch (const PendingException&) {
    caught.ReThrow();  // the imported file's own mistake, which knows its place
    return {};
  } catch (...) {
    js.modules().noteFailedImport(referrer, name);
    throwToJs(js);
    caught.ReThrow();
    return {};
  }
}

void ModuleLoader::noteFailedImport(v8::Local<v8::Module> referrer, const std::string& specifier) {
  const Entry* from = find(referrer);
  if (from == nullptr || from->builtin || !failedImport_.file.empty()) return;  // the innermost is the cause
  const auto requests = referrer->GetModuleRequests();
  for (int i = 0; i < requests->Length(); ++i) {
    const auto request = requests->Get(js_.context(), i).As<v8::ModuleRequest>();
    if (Convert<std::string>::from(js_, request->GetSpecifier()) != specifier) continue;
    auto place = referrer->SourceOffsetToLocation(request->GetSourceOffset());
    failedImport_.file = from->key;
    failedImport_.line = place.GetLineNumber() + 1;
    failedImport_.column = place.GetColumnNumber() + 1;
  }
}

void ModuleLoader::placeFailedImport(ScriptError& error) const {
  error.file = failedImport_.file;
  error.line = failedImport_.line;
  error.column = failedImport_.column;
}

void ModuleLoader::explainMissingExport(ScriptError& error) {
  static const std::regex pattern(
      "SyntaxError: The requested module '(.*)' does not provide an export named '(.*)'");
  std::smatch match;
  if (!std::regex_match(error.message, match, pattern)) return;
  const std::string specifier = match[1];
  const std::string wanted = match[2];
  const std::vector<std::string> names = exportsOf(specifier, error.file);
  if (names.empty()) return;
  const std::string near = nearest(wanted, names);
  error.message = "SyntaxError: import from \"" + specifier + "\": expected one of its exports (" +
                  joined(names) + "), found \"" + wanted + "\"" +
                  (near.empty() ? "" : "; did you mean " + near + "?");
}

std::vector<std::string> ModuleLoader::exportsOf(const std::string& specifier, const std::string& referrer) {
  std::vector<std::string> names;
  const v8::TryCatch quiet(js_.isolate());
  try {
    const auto module = import(specifier, referrer, Type::javascript);
    if (module->GetStatus() < v8::Module::kInstantiated &&
        module->InstantiateModule(js_.context(), onImport).IsNothing())
      return names;
    // Whether they are enumerable would be asked of values that do not exist before the module has run.
    v8::Local<v8::Array> keys;
    if (!module->GetModuleNamespace()
             .As<v8::Object>()
             ->GetPropertyNames(js_.context(), v8::KeyCollectionMode::kOwnOnly, v8::SKIP_SYMBOLS,
                                v8::IndexFilter::kIncludeIndices)
             .ToLocal(&keys))
      return names;
    for (std::uint32_t i = 0; i < keys->Length(); ++i)
      names.push_back(Convert<std::string>::from(js_, keys->Get(js_.context(), i).ToLocalChecked()));
  } catch (...) {
    names.clear();  // V8's own message has to do
  }
  return names;
}

v8::MaybeLocal<v8::Promise> ModuleLoader::onDynamicImport(v8::Local<v8::Context> context, v8::Local<v8::Data>,
                                                          v8::Local<v8::Value> resource,
                                                          v8::Local<v8::String> specifier,
                                                          v8::Local<v8::FixedArray> assertions) {
  Js& js = Js::of(context->GetIsolate());
  v8::EscapableHandleScope scope(js.isolate());
  v8::TryCatch caught(js.isolate());
  try {
    const int stride = 2;  // key, value
    const auto module = js.modules().import(Convert<std::string>::from(js, specifier),
                                            Convert<std::string>::from(js, resource),
                                            js.modules().typeOf(assertions, stride));
    v8::Local<v8::Value> evaluated;
    if (module->InstantiateModule(context, onImport).IsNothing() ||
        !module->Evaluate(context).ToLocal(&evaluated))
      throw PendingException{};
    auto returnData = v8::Function::New(
        context,
        [](const v8::FunctionCallbackInfo<v8::Value>& info) { info.GetReturnValue().Set(info.Data()); },
        module->GetModuleNamespace());
    v8::Local<v8::Promise> result;
    if (!evaluated.As<v8::Promise>()->Then(context, returnData.ToLocalChecked()).ToLocal(&result))
      throw PendingException{};
    return scope.Escape(result);
  } catch (...) {
    throwToJs(js);
  }
  if (caught.HasTerminated()) {
    caught.ReThrow();
    return {};
  }
  const auto failed = v8::Promise::Resolver::New(context).ToLocalChecked();
  failed->Reject(context, caught.Exception()).FromMaybe(false);
  return scope.Escape(failed->GetPromise());
}

void ModuleLoader::onImportMeta(v8::Local<v8::Context> context, v8::Local<v8::Module> module,
                                v8::Local<v8::Object> meta) {
  Js& js = Js::of(context->GetIsolate());
  const Entry* entry = js.modules().find(module);
  if (entry == nullptr) return;
  const std::string url = entry->builtin ? entry->key : "file://" + percentEncoded(entry->key);
  meta->CreateDataProperty(context, js.name("url"), js.string(url)).FromMaybe(false);
}

v8::MaybeLocal<v8::Value> ModuleLoader::evaluateSynthetic(v8::Local<v8::Context> context,
                                                          v8::Local<v8::Module> module) {
  Js& js = Js::of(context->GetIsolate());
  Entry& entry = *js.modules().find(module);
  for (std::size_t i = 0; i + 1 < entry.exports.size(); i += 2) {
    const auto name = entry.exports[i].Get(js.isolate()).As<v8::String>();
    if (module->SetSyntheticModuleExport(js.isolate(), name, entry.exports[i + 1].Get(js.isolate()))
            .IsNothing())
      return {};
  }
  entry.exports.clear();
  const auto done = v8::Promise::Resolver::New(context).ToLocalChecked();
  done->Resolve(context, v8::Undefined(js.isolate())).FromMaybe(false);
  return done->GetPromise();
}

}  // namespace deskd
