// SPDX-License-Identifier: Apache-2.0
// native:storage: the stores as bindings/js/store.js needs them, keys and JSON texts.
#include "bindings/async.h"
#include "bindings/builtins.h"

namespace deskd {

struct StoragePair {
  std::string key;
  std::string json;
};
template <>
struct Fields<StoragePair> {
  static constexpr auto list = std::tuple(field("key", &StoragePair::key), field("json", &StoragePair::json));
};

struct StorageChangeLists {
  std::vector<StoragePair> expected;
  std::vector<std::string> expectedAbsent;
  std::vector<StoragePair> set;
  std::vector<std::string> removed;
};
template <>
struct Fields<StorageChangeLists> {
  static constexpr auto list =
      std::tuple(field("expected", &StorageChangeLists::expected),
                 field("expectedAbsent", &StorageChangeLists::expectedAbsent),
                 field("set", &StorageChangeLists::set), field("removed", &StorageChangeLists::removed));
};

struct StorageKeyList {
  std::vector<std::string> keys;
  bool more = false;
};
template <>
struct Fields<StorageKeyList> {
  static constexpr auto list =
      std::tuple(field("keys", &StorageKeyList::keys), field("more", &StorageKeyList::more));
};

namespace {

// The answer as what `make` makes of it, inside the script's context.
StoragePort::Answered settling(Js& js, const Deferred& deferred,
                               std::function<v8::Local<v8::Value>(Js&, StoragePort::Answer&)> make) {
  return [&js, deferred, make = std::move(make)](StoragePort::Answer answer) {
    if (!answer.outcome.ok()) return deferred.reject(answer.outcome);
    deferred.resolveWith([&] { return make(js, answer); });
  };
}

v8::Local<v8::Promise> get(Js& js, bool shared, std::string key) {
  const Deferred deferred(js);
  const auto promise = deferred.promise();
  js.services().storage.get(shared, std::move(key),
                            settling(js, deferred, [](Js& in, StoragePort::Answer& answer) {
                              std::optional<std::string> found;
                              if (!answer.values.empty()) found = std::move(answer.values.front());
                              return Convert<std::optional<std::string>>::to(in, found);
                            }));
  return promise;
}

v8::Local<v8::Promise> keys(Js& js, bool shared, std::string prefix, std::string after) {
  const Deferred deferred(js);
  const auto promise = deferred.promise();
  js.services().storage.keys(
      shared, std::move(prefix), std::move(after),
      settling(js, deferred, [](Js& in, StoragePort::Answer& answer) {
        return Convert<StorageKeyList>::to(in, {std::move(answer.values), answer.more});
      }));
  return promise;
}

std::vector<std::pair<std::string, std::string>> pairs(std::vector<StoragePair> list) {
  std::vector<std::pair<std::string, std::string>> result;
  for (StoragePair& pair : list)
    result.emplace_back(std::move(pair.key), std::move(pair.json));
  return result;
}

// Resolves with the keys that were there and are removed.
v8::Local<v8::Promise> apply(Js& js, bool shared, StorageChangeLists changes) {
  const Deferred deferred(js);
  const auto promise = deferred.promise();
  js.services().storage.apply(shared,
                              {pairs(std::move(changes.expected)), std::move(changes.expectedAbsent),
                               pairs(std::move(changes.set)), std::move(changes.removed)},
                              settling(js, deferred, [](Js& in, StoragePort::Answer& answer) {
                                return Convert<std::vector<std::string>>::to(in, answer.values);
                              }));
  return promise;
}

v8::Local<v8::Promise> flush(Js& js, bool shared) {
  const Deferred deferred(js);
  const auto promise = deferred.promise();
  js.services().storage.flush(shared, settling(js, deferred, [](Js& in, StoragePort::Answer&) {
                                return v8::Undefined(in.isolate()).As<v8::Value>();
                              }));
  return promise;
}

}  // namespace

void addStorage(ModuleBuilder& module) {
  module.function<get>("get").function<keys>("keys").function<apply>("apply").function<flush>("flush");
}

}  // namespace deskd
