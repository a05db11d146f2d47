// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace deskd {

// What is remembered of scripts over restarts of deskd and of the machine: attempts that have not gone well,
// which scripts are in quarantine, and which are turned off. That an attempt begins is on the disk before it
// does: one that takes the machine down is counted, too.
class ScriptLedger {
 public:
  static constexpr std::size_t mostFailures = 5;
  static constexpr std::int64_t windowSeconds = 600;

  // `path` may be empty: then nothing outlives this. `now`: seconds of the wall clock. What the file says of
  // attempts that never ended counts as failures. A file that cannot be read is logged and begun anew.
  ScriptLedger(std::string path, std::function<std::int64_t()> now);

  // Attempts of all of these begin; one write for all.
  void begin(const std::vector<std::string>& scripts);
  // The attempt under way, or one that did not get so far, has failed. True: once too often, the script is in
  // quarantine now, for `reason`.
  bool failed(const std::string& script, const std::string& reason);
  // It has gone well for long enough, or has ended as it should.
  void endedWell(const std::string& script);

  // Why the script is in quarantine, if it is.
  std::optional<std::string> quarantine(const std::string& script) const;
  // Lifts a quarantine and forgets the failures.
  void release(const std::string& script);

  bool disabled(const std::string& script) const;
  void setDisabled(const std::string& script, bool disabled);

  void forget(const std::string& script);

 private:
  struct Entry {
    std::vector<std::int64_t> failures;  // when
    bool attempt = false;                // is under way
    std::optional<std::string> quarantine;
    bool disabled = false;
  };

  void read();
  bool addFailure(Entry& entry, const std::string& reason);
  void dropOld(Entry& entry) const;
  void write();

  const std::string path_;
  const std::function<std::int64_t()> now_;
  std::map<std::string, Entry> entries_;
  bool writeFailed_ = false;
};

}  // namespace deskd
