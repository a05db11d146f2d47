// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hal/base/loop.h"
#include "hal/base/mailbox.h"
#include "hal/base/thread.h"
#include "hal/i2c.h"
#include "hal/i2c_lock.h"

namespace deskd {

struct I2cTransfer {
  I2cAddress address;
  std::vector<I2cSegment> segments;
  bool pec = false;        // SMBus packet error code: added, checked, and taken off again
  unsigned retries = 0;    // further attempts after a lost arbitration,
  bool retryNack = false;  // and, each after a millisecond, where nobody acknowledged
};

struct I2cAnswer {
  std::exception_ptr failure;
  std::vector<I2cSegment> segments;  // of a transfer
  std::vector<std::uint16_t> found;  // by a scan
};

struct I2cAccess {
  std::unique_ptr<I2cBus> bus;
  std::unique_ptr<I2cLock> lock;  // null: nobody else uses the bus
};

// Works on one bus for a loop that must not wait for it: in a thread of its own, started by the first request
// and idle between requests. Requests are done one after another; answers come on the loop. One that is not
// answered in time, waiting included, fails with ETIMEDOUT: if it was waiting it is not done any more, if the
// bus is at it its answer is dropped when it comes.
//
// Each transfer has the bus to itself, among all processes; lock() keeps it over several.
//
// The thread ends when this is destroyed. A call that hangs in the kernel cannot be ended from here: then the
// thread is left to itself after a moment, with everything that it uses, and ends when the call returns, or
// with the process. A driver's own timeout is a second or less, and until then such a process is not quite
// gone: its descriptors are closed only after that.
class I2cWorker {
 public:
  using Open = std::function<I2cAccess()>;  // called on the thread, again after a failure or a lost adapter
  using Done = std::function<void(I2cAnswer)>;
  using Ticket = std::uint64_t;
  static constexpr std::size_t mostWaiting = 64;

  I2cWorker(Loop& loop, std::string name, Open open);
  ~I2cWorker();
  I2cWorker(const I2cWorker&) = delete;
  I2cWorker& operator=(const I2cWorker&) = delete;

  // These throw CodedError ERR_OVERFLOW if too many wait. `done` is never called from inside.
  Ticket open(Milliseconds timeout, Done done);
  Ticket transfer(I2cTransfer transfer, Milliseconds timeout, Done done);
  // Which of the addresses 0x08 to 0x77 answer; those that the kernel keeps are left out.
  Ticket scan(Milliseconds timeout, Done done);
  // Keeps other processes off the bus from its answer on, until release(). Locks of this worker wait for each
  // other; transfers do not care who of this worker's users has the lock.
  Ticket lock(Milliseconds timeout, Done done);

  // Answered once all that was asked for before is done, however long that takes. Does not keep the loop
  // running.
  Ticket rest(Done done);

  // Whatever it is: a request that waits is not done, one under way has no answer, a lock is given back.
  void release(Ticket ticket);
  // The bus has been opened, and was not lost since.
  bool opened() const;
  // Nothing is waited for, and the thread does nothing either.
  bool idle() const;

 private:
  struct Job;
  struct State;
  struct Result {
    Ticket ticket;
    bool isLock;
    I2cAnswer answer;
  };
  struct Pending {
    std::chrono::steady_clock::time_point deadline;
    Milliseconds timeout;
    std::string what;
    Done done;
  };
  enum class Place { queued, underWay, lockedOut, answered };

  Ticket add(Job job, const std::string& what, Milliseconds timeout, Done done);
  void submit(Job job);
  void startThread();
  Place withdraw(Ticket ticket);
  void receive(Result result);
  void expire();
  void armTimer();
  void lockNext();
  std::exception_ptr timeoutError(const Pending& pending, Place place) const;

  const std::string name_;
  std::map<Ticket, Pending> pending_;
  Ticket lastTicket_ = 0;
  Ticket holder_ = 0;  // has the lock, or is next to get it
  std::deque<Ticket> lockQueue_;
  std::shared_ptr<State> state_;
  Thread thread_;
  Timer timer_;
  Mailbox<Result> mailbox_;
};

}  // namespace deskd
