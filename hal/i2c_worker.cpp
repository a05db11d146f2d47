// SPDX-License-Identifier: Apache-2.0
#include "hal/i2c_worker.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <utility>

#include "hal/base/error.h"
#include "hal/i2c_dev.h"
#include "hal/i2c_pec.h"

namespace deskd {

using Clock = std::chrono::steady_clock;

namespace {

constexpr Milliseconds forEver = Milliseconds::max();
constexpr Milliseconds endWithin(50);
constexpr Milliseconds nackPause(1);
// What is reserved by the specification is not asked.
constexpr std::uint16_t firstAddress = 0x08, lastAddress = 0x77;

bool isNack(int error) {
  return error == ENXIO || error == EREMOTEIO;
}

// The adapter is gone, as one on USB may be, or the board that simulates it.
bool isGone(int error) {
  return error == ENODEV || error == EBADF || error == EPIPE || error == ECONNRESET;
}

}  // namespace

struct I2cWorker::Job {
  enum class Kind { open, transfer, scan, lock, unlock, rest };
  Kind kind = Kind::open;
  Ticket ticket = 0;  // 0: nobody waits for it
  Clock::time_point deadline;
  I2cTransfer transfer;
};

// What loop and thread share; the thread keeps it alive.
struct I2cWorker::State {
  explicit State(Open how) : open(std::move(how)) {}

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return stop || !queue.empty(); });
      if (stop) break;
      Job job = std::move(queue.front());
      queue.pop_front();
      busy = true;
      current = job.ticket;
      withdrawn = false;
      lock.unlock();
      I2cAnswer answer;
      try {
        work(job, answer);
      } catch (...) {
        answer.failure = std::current_exception();
      }
      lock.lock();
      finish(job, std::move(answer));
    }
    lock.unlock();
    access = {};
    lock.lock();
    ended = true;
    changed.notify_all();
  }

  // With `mutex` held.
  void finish(const Job& job, I2cAnswer answer) {
    busy = false;
    current = 0;
    waitsForLock = false;
    if (withdrawn && job.kind == Job::Kind::lock && !answer.failure) unlock();
    if (mailbox != nullptr && !withdrawn && job.ticket != 0)
      mailbox->post({job.ticket, job.kind == Job::Kind::lock, std::move(answer)});
  }

  void work(Job& job, I2cAnswer& answer) {
    if (job.kind == Job::Kind::unlock) return unlock();
    if (job.kind == Job::Kind::rest) return;
    if (!access.bus) {
      access = open();
      setOpened(true);
      if (std::exchange(locked, false)) lock();  // the lock went with the adapter
    }
    if (job.kind == Job::Kind::open) return;
    const bool mine = locked;
    if (!mine) lock();
    try {
      if (goesOn(job)) {
        if (job.kind == Job::Kind::transfer) transfer(job, answer);
        if (job.kind == Job::Kind::scan) scan(job, answer);
      }
    } catch (const std::system_error& error) {
      if (!mine) unlock();
      if (isGone(error.code().value())) {
        access = {};
        setOpened(false);
      }
      throw;
    } catch (...) {
      if (!mine) unlock();
      throw;
    }
    if (!mine && job.kind != Job::Kind::lock) unlock();
  }

  void lock() {
    if (access.lock) {
      setWaitsForLock(true);
      access.lock->lock();
      setWaitsForLock(false);
    }
    locked = true;
  }
  void unlock() {
    if (locked && access.lock) access.lock->unlock();
    locked = false;
  }

  void transfer(const Job& job, I2cAnswer& answer) {
    for (unsigned attempt = 0;; ++attempt) {
      std::vector<I2cSegment> segments = job.transfer.segments;
      try {
        if (job.transfer.pec)
          transferWithPec(*access.bus, job.transfer.address, segments);
        else
          access.bus->transfer(job.transfer.address, segments);
        answer.segments = std::move(segments);
        return;
      } catch (const std::system_error& error) {
        const int code = error.code().value();
        const bool nack = job.transfer.retryNack && isNack(code);
        if (attempt >= job.transfer.retries || (code != EAGAIN && !nack)) throw;
        if (!pause(job, nack ? nackPause : Milliseconds(0))) throw;
      }
    }
  }

  void scan(const Job& job, I2cAnswer& answer) {
    bool asked = false;
    std::exception_ptr unable;
    for (std::uint16_t address = firstAddress; address <= lastAddress && goesOn(job); ++address) {
      try {
        if (access.bus->probe(address) == true) answer.found.push_back(address);
        asked = true;
      } catch (const std::system_error& error) {
        if (isGone(error.code().value())) throw;
        unable = std::current_exception();
      }
    }
    if (!asked && unable) std::rethrow_exception(unable);
  }

  // False: nobody waits for it any more.
  bool goesOn(const Job&) {
    const std::lock_guard guard(mutex);
    return !withdrawn && !stop;
  }
  bool pause(const Job& job, Milliseconds duration) {
    std::unique_lock guard(mutex);
    changed.wait_for(guard, duration, [this] { return withdrawn || stop; });
    return !withdrawn && !stop && Clock::now() < job.deadline;
  }
  void setOpened(bool is) {
    const std::lock_guard guard(mutex);
    opened = is;
  }
  void setWaitsForLock(bool waits) {
    const std::lock_guard guard(mutex);
    waitsForLock = waits;
  }

  // The thread's own.
  const Open open;
  I2cAccess access;
  bool locked = false;

  std::mutex mutex;
  std::condition_variable changed;
  // Under mutex.
  std::deque<Job> queue;
  bool opened = false;
  bool busy = false;
  Ticket current = 0;
  bool withdrawn = false;  // nobody waits for `current` any more
  bool waitsForLock = false;
  bool stop = false;
  bool ended = false;
  Mailbox<Result>* mailbox = nullptr;  // null: the loop's side is gone
};

I2cWorker::I2cWorker(Loop& loop, std::string name, Open open)
    : name_(std::move(name)),
      state_(std::make_shared<State>(std::move(open))),
      timer_(loop, [this] { expire(); }),
      mailbox_(loop, mostWaiting, [this](Result result) { receive(std::move(result)); }) {
  state_->mailbox = &mailbox_;
  mailbox_.unref();  // the timer runs while anybody waits
}

I2cWorker::~I2cWorker() {
  bool ended = false;
  {
    std::unique_lock lock(state_->mutex);
    state_->mailbox = nullptr;
    state_->queue.clear();
    state_->withdrawn = true;
    state_->stop = true;
    state_->changed.notify_all();
    if (thread_.started())
      ended = state_->changed.wait_for(lock, endWithin, [this] { return state_->ended; });
  }
  if (!ended) thread_.detach();
}

I2cWorker::Ticket I2cWorker::open(Milliseconds timeout, Done done) {
  return add({Job::Kind::open, 0, {}, {}}, name_, timeout, std::move(done));
}

I2cWorker::Ticket I2cWorker::transfer(I2cTransfer transfer, Milliseconds timeout, Done done) {
  const std::string what = i2cPlace(name_, transfer.address);
  return add({Job::Kind::transfer, 0, {}, std::move(transfer)}, what, timeout, std::move(done));
}

I2cWorker::Ticket I2cWorker::scan(Milliseconds timeout, Done done) {
  return add({Job::Kind::scan, 0, {}, {}}, "scan of " + name_, timeout, std::move(done));
}

I2cWorker::Ticket I2cWorker::lock(Milliseconds timeout, Done done) {
  return add({Job::Kind::lock, 0, {}, {}}, "lock of " + name_, timeout, std::move(done));
}

I2cWorker::Ticket I2cWorker::rest(Done done) {
  return add({Job::Kind::rest, 0, {}, {}}, name_, forEver, std::move(done));
}

I2cWorker::Ticket I2cWorker::add(Job job, const std::string& what, Milliseconds timeout, Done done) {
  if (pending_.size() >= mostWaiting)
    throw CodedError("ERR_OVERFLOW", name_ + ": expected at most " + std::to_string(mostWaiting) +
                                         " requests that wait, found one more");
  startThread();
  job.ticket = ++lastTicket_;
  job.deadline = timeout == forEver ? Clock::time_point::max() : Clock::now() + timeout;
  pending_.emplace(job.ticket, Pending{job.deadline, timeout, what, std::move(done)});
  if (job.kind == Job::Kind::lock) {
    lockQueue_.push_back(job.ticket);
    lockNext();
  } else {
    submit(std::move(job));
  }
  armTimer();
  return lastTicket_;
}

void I2cWorker::submit(Job job) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->queue.push_back(std::move(job));
  }
  state_->changed.notify_all();
}

void I2cWorker::startThread() {
  if (!thread_.started()) thread_.start(name_, [state = state_] { state->run(); });
}

// Takes a request out of the thread's hands, where that is still possible.
I2cWorker::Place I2cWorker::withdraw(Ticket ticket) {
  const std::lock_guard lock(state_->mutex);
  if (state_->current == ticket) {
    state_->withdrawn = true;
    state_->changed.notify_all();
    return state_->waitsForLock ? Place::lockedOut : Place::underWay;
  }
  const auto found = std::find_if(state_->queue.begin(), state_->queue.end(),
                                  [&](const Job& job) { return job.ticket == ticket; });
  if (found == state_->queue.end()) return Place::answered;
  state_->queue.erase(found);
  return Place::queued;
}

void I2cWorker::release(Ticket ticket) {
  const bool waited = pending_.erase(ticket) != 0;
  armTimer();
  if (std::erase(lockQueue_, ticket) != 0) return;
  const Place place = withdraw(ticket);
  // An answer that is in the mailbox already will find nobody, and give the lock back.
  if (ticket != holder_ || (waited && place == Place::answered)) return;
  holder_ = 0;
  if (!waited) submit({Job::Kind::unlock, 0, {}, {}});
  lockNext();
}

void I2cWorker::receive(Result result) {
  const auto found = pending_.find(result.ticket);
  const bool wanted = found != pending_.end();
  Done done;
  if (wanted) {
    done = std::move(found->second.done);
    pending_.erase(found);
  }
  armTimer();
  if (result.isLock && (result.answer.failure || !wanted)) {
    if (!result.answer.failure) submit({Job::Kind::unlock, 0, {}, {}});
    if (holder_ == result.ticket) holder_ = 0;
    lockNext();
  }
  if (done) done(std::move(result.answer));
}

void I2cWorker::lockNext() {
  if (holder_ != 0 || lockQueue_.empty()) return;
  holder_ = lockQueue_.front();
  lockQueue_.pop_front();
  submit({Job::Kind::lock, holder_, pending_.at(holder_).deadline, {}});
}

void I2cWorker::armTimer() {
  auto first = Clock::time_point::max();
  for (const auto& [ticket, pending] : pending_)
    first = std::min(first, pending.deadline);
  if (first == Clock::time_point::max()) return timer_.stop();
  // With 0 it would run again before the loop has looked into the mailbox.
  timer_.start(std::max(std::chrono::ceil<Milliseconds>(first - Clock::now()), Milliseconds(1)));
}

void I2cWorker::expire() {
  const auto now = Clock::now();
  std::vector<std::pair<Pending, Place>> late;
  for (auto at = pending_.begin(); at != pending_.end();) {
    const auto [ticket, pending] = *at;
    const auto here = at++;
    if (pending.deadline > now) continue;
    const bool waitsForUs = std::erase(lockQueue_, ticket) != 0;
    const Place place = waitsForUs ? Place::queued : withdraw(ticket);
    // Its answer has come while the loop had no time: it is delivered right after the timers.
    if (place == Place::answered) continue;
    late.emplace_back(pending, place);
    pending_.erase(here);
    if (ticket == holder_) holder_ = 0;
  }
  lockNext();
  armTimer();
  for (const auto& [pending, place] : late) {
    I2cAnswer answer;
    answer.failure = timeoutError(pending, place);
    pending.done(std::move(answer));
  }
}

std::exception_ptr I2cWorker::timeoutError(const Pending& pending, Place place) const {
  std::string found = "found the bus still at it";
  if (place == Place::queued) found = "found what was asked for before it unfinished";
  if (place == Place::lockedOut) found = "found the bus locked by another process";
  return std::make_exception_ptr(CodedError("ETIMEDOUT", pending.what + ": expected an answer within " +
                                                             std::to_string(pending.timeout.count()) +
                                                             " ms, " + found));
}

bool I2cWorker::opened() const {
  const std::lock_guard lock(state_->mutex);
  return state_->opened;
}

bool I2cWorker::idle() const {
  const std::lock_guard lock(state_->mutex);
  return pending_.empty() && state_->queue.empty() && !state_->busy;
}

}  // namespace deskd
