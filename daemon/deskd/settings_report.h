// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace deskd {

// What reading settings files finds: where each key is set, and every mistake. A mistake that shows only when
// all files are read, because two keys do not fit together, still names file, line and column.
class SettingsReport {
 public:
  // `file` is named for what no file sets.
  explicit SettingsReport(std::string file) : file_(std::move(file)) {}

  // What follows is in a later file.
  void beginFile(std::string path);
  // `key` is the whole name, "mqtt.url".
  void set(const std::string& key, unsigned line, unsigned column);

  // A mistake at a place of the present file; line 0: of the file in general.
  void mistake(unsigned line, unsigned column, const std::string& key, const std::string& text);
  // A mistake about a key where it is set.
  void mistake(const std::string& key, const std::string& text);
  // As it is, with the place in it.
  void addMistakes(const std::vector<std::string>& complete);

  // "FILE:LINE:COLUMN", or the file alone if the key is not set.
  std::string place(const std::string& key) const;
  bool isSet(const std::string& key) const { return keys_.contains(key); }
  // Whether there is a mistake about the table or anything in it.
  bool isWrong(const std::string& table) const;
  // Of these keys, those of the latest file, and of them the first: the one to blame if they do not fit. At
  // least one must be set.
  std::string latestOf(std::initializer_list<std::string> keys) const;

  const std::vector<std::string>& found() const { return mistakes_; }
  std::map<std::string, std::string> places() const;

 private:
  struct Key {
    unsigned file = 0;
    std::string place;
  };

  std::string file_;
  unsigned files_ = 0;
  std::map<std::string, Key> keys_;
  std::set<std::string> wrong_;
  std::vector<std::string> mistakes_;
};

}  // namespace deskd
