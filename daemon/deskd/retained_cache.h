// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "daemon/deskd/mqtt_link.h"

namespace deskd {

// The latest value of every retained topic this process publishes, and the sending of them.
//
// A value goes out at once if there is a connection and fewer than `inFlight` of them wait for the broker;
// otherwise it waits here, and a newer value for the same topic takes its place. What a broken connection
// left unconfirmed waits for the next one. resend() makes the broker's store what this table says, also at a
// broker that lost its data. An empty payload means "remove": it is sent like a value, and forgotten once the
// broker has it. So is a value that the broker refuses (logged once for each topic).
class RetainedCache {
 public:
  struct Bounds {
    std::size_t topics = 4096;
    std::size_t bytes = 8 * 1024 * 1024;  // topics and payloads
    std::size_t inFlight = 256;
  };

  explicit RetainedCache(MqttLink& link) : RetainedCache(link, Bounds()) {}
  RetainedCache(MqttLink& link, Bounds bounds);
  RetainedCache(const RetainedCache&) = delete;
  RetainedCache& operator=(const RetainedCache&) = delete;

  // Sets a topic's value. `done` hears of the broker's answer, or, with `stored`, that the value could not go
  // out now or was overtaken by a newer one. Throws CodedError ERR_QUOTA when the table is full.
  void put(MqttMessage message, MqttDone done = {});
  void remove(const std::string& topic) { put({topic, "", 1, true, {}, {}}); }

  // The value that was put last; null if there is none.
  const std::string* find(const std::string& topic) const;
  std::size_t topics() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }
  // Values that wait to be sent.
  std::size_t waiting() const { return queue_.size(); }

  // Puts these topics' values, or all of them in the order in which their topics came, to the end of the line
  // of what is to be sent. Topics without a value are skipped.
  void resend(const std::vector<std::string>& topics);
  void resendAll();

 private:
  struct Entry {
    MqttMessage message;
    MqttDone done;               // of a value that waits
    std::uint64_t sequence = 0;  // of the value, to tell an answer for an older one
    std::uint64_t order = 0;     // of the topic's first value
    bool queued = false;
    std::list<std::string>::iterator place;  // in queue_, while queued
  };
  struct Alive {};

  void enqueue(Entry& entry);
  void pump();
  void answered(const std::string& topic, std::uint64_t sequence, const MqttDone& done,
                const MqttResult& result);
  void refused(const std::string& topic, const MqttResult& result);

  MqttLink& link_;
  const Bounds bounds_;
  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> queue_;
  std::unordered_set<std::string> refused_;  // topics that were logged, up to a bound
  std::size_t bytes_ = 0;
  std::size_t inFlight_ = 0;
  std::uint64_t nextSequence_ = 1;
  std::shared_ptr<Alive> alive_;  // answers may come after this is gone
};

}  // namespace deskd
