// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "daemon/deskd/hub_journal.h"
#include "daemon/deskd/mqtt_link.h"
#include "daemon/deskd/retained_cache.h"

namespace deskd {

MqttMessage hubMessage(const std::string& topic, const std::string& payload, bool retained);

// The retained topics that a hub has at the broker: their values, sent when there is a connection, and a
// journal that lets a later run clear what is no longer declared.
class HubTopics {
 public:
  using Components = HubJournal::Components;
  using ByTopic = std::map<std::string, Components>;
  using Which = std::function<bool(const std::string& topic)>;

  // `directory`: the journal's, see there. `changed`: flush() is due.
  HubTopics(MqttLink& link, const std::string& directory, std::function<void()> changed);

  // The topic's value from now on.
  void keep(const std::string& topic, const std::string& payload);
  // The same for a topic that this run has not declared, perhaps not yet: it stays stale.
  void keepStale(const std::string& topic, const std::string& payload);
  // A configuration. Written down before it is published: what a crash in between leaves is a note too many,
  // never one too few. False if the broker has it already.
  bool announce(const std::string& topic, const std::string& config, Components components);
  // Removes it at the broker, now or when there is a connection, and from the journal once that is done.
  void clear(const std::string& topic);

  // The same for those of stale(), or of known(), that `which` is true for.
  void clearStale(const Which& which) { clearThose(stale_, which); }
  void clearKnown(const Which& which) { clearThose(journal_.topics(), which); }

  // The value that was kept last; null if there is none.
  const std::string* find(const std::string& topic) const { return cache_.find(topic); }
  const ByTopic& known() const { return journal_.topics(); }
  // Announced by earlier runs, not yet by this one.
  const ByTopic& stale() const { return stale_; }
  void declared(const std::string& topic) { stale_.erase(topic); }
  // The components of the configuration that an earlier run has announced; once.
  Components takeEarlier(const std::string& topic);

  // Sends these topics' values once more, in this order.
  void resend(const std::vector<std::string>& order) { cache_.resend(order); }
  // Writes the journal, if it has changed.
  void flush() { journal_.flush(); }

 private:
  void clearThose(const ByTopic& topics, const Which& which);

  const std::function<void()> changed_;
  RetainedCache cache_;
  HubJournal journal_;
  ByTopic stale_;
  ByTopic earlier_;  // as it was at the start
};

}  // namespace deskd
