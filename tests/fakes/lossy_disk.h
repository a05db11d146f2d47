// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace deskd::test {

// A disk for SQLite that loses its power: what was written since the last sync of a file is then there in
// part, torn in the middle of a sector, or not at all. Made the default for every database of the process
// while it exists.
class LossyDisk {
 public:
  explicit LossyDisk(std::uint64_t seed);
  ~LossyDisk();
  LossyDisk(const LossyDisk&) = delete;
  LossyDisk& operator=(const LossyDisk&) = delete;

  // After so many further writes and syncs nothing works any more.
  void losePowerAfter(unsigned operations);
  bool hasPower() const;
  // What has survived is all that there is now.
  void restorePower();
  // Fails so many further writes with a full disk.
  void fill(unsigned writes);
  // Overwrites what is at the place.
  void damage(const std::string& path, std::size_t at, const std::string& bytes);

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace deskd::test
