// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace deskd {

// Remembers, over restarts, every retained topic that the hub has published and not cleared, so that a later
// run can clear what is no longer declared. One JSON file, replaced in one step.
class HubJournal {
 public:
  // Of a device configuration: the component of each property in it. Of other topics: empty.
  using Components = std::map<std::string, std::string>;

  // `directory` empty: nothing is kept. A file that cannot be understood is renamed to
  // published.json.damaged.
  explicit HubJournal(const std::string& directory);

  const std::map<std::string, Components>& topics() const { return topics_; }
  void add(const std::string& topic, Components components = {});
  void remove(const std::string& topic);
  // Writes if anything has changed. A file that cannot be written is logged once; the hub works without.
  void flush();

 private:
  void load();

  const std::string path_;
  std::map<std::string, Components> topics_;
  bool changed_ = false;
  bool complained_ = false;
};

}  // namespace deskd
