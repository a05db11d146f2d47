// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "hal/base/loop.h"
#include "hal/base/unique_fd.h"

namespace deskd {

// The sending end of a stream of records to another process, which reads datagrams from a descriptor. What
// the reader does not take in time waits here, and when that is too much the oldest is dropped: the sender
// never waits.
class DatagramStream {
 public:
  struct Options {
    std::size_t mostWaiting = 1024;   // records
    std::size_t mostInDatagram = 1;   // records that wait already go together
    int sendBufferBytes = 64 * 1024;  // asked of the kernel for what is on its way
    // The record that says how many were dropped, put in before the next; without it nobody is told.
    std::function<std::string(std::size_t dropped)> notice;
  };

  DatagramStream(Loop& loop, Options options);

  // The other end, to be given away; once.
  UniqueFd takeReader() { return std::move(reader_); }
  void push(std::string record);
  // The reader has closed its end.
  bool ended() const { return !writer_; }

 private:
  void flush();
  std::string nextDatagram(std::size_t& records) const;

  const Options options_;
  UniqueFd reader_;  // made with the other, which is why it is declared first
  UniqueFd writer_;
  std::deque<std::string> waiting_;
  std::size_t dropped_ = 0;
  std::optional<Poll> poll_;  // declared after writer_: stops before it closes
};

}  // namespace deskd
