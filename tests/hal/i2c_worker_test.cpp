// SPDX-License-Identifier: Apache-2.0
#include "hal/i2c_worker.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <thread>

#include "hal/base/error.h"
#include "tests/fakes/sim_bus.h"
#include "tests/fakes/temp_directory.h"
#include "tests/hal/bytes.h"
#include "tests/hal/loop_runner.h"

namespace deskd {
namespace {

using namespace test;
using Fault = SimBus::Fault;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Milliseconds longTime(10'000);

std::string codeOf(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::system_error& error) {
    return errnoName(error.code().value());
  } catch (const CodedError& error) {
    return error.code();
  } catch (const std::exception& error) {
    return error.what();
  }
}
std::string textOf(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  }
}

I2cTransfer readsId() {
  return {{0x76}, {{false, {0xD0}, 0}, {true, {}, 1}}};
}

class I2cWorkers : public testing::Test {
 protected:
  I2cWorkers() { bus_.add(0x76, "bme280"); }
  ~I2cWorkers() override {
    worker_.reset();
    EXPECT_EQ(loop_.close(), 0);
  }

  I2cWorker& worker() {
    if (!worker_)
      worker_.emplace(loop_, "i2c-1", [this] {
        return I2cAccess{bus_.open(), openI2cLock("i2c-1", directory_.path("board"))};
      });
    return *worker_;
  }
  // Writes down what became of a request.
  I2cWorker::Done note(const std::string& name) {
    return [this, name](I2cAnswer answer) {
      std::string said = name + " ";
      if (answer.failure)
        said += codeOf(answer.failure);
      else if (!answer.segments.empty())
        said += toHex(answer.segments.back().bytes);
      else
        said += "done";
      said_.push_back(said);
      last_ = std::move(answer);
    };
  }
  bool runUntilSaid(std::size_t count) {
    return runUntil(loop_, [&] { return said_.size() >= count; });
  }
  // A file lock as another process has it: by an open file of its own.
  UniqueFd lockFile() {
    UniqueFd file(::open(directory_.path("board.i2c-1.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    EXPECT_TRUE(file);
    return file;
  }
  static bool isFree(const UniqueFd& file) {
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return false;
    return ::flock(file.get(), LOCK_UN) == 0;
  }

  TempDirectory directory_;
  SimBus bus_;
  Loop loop_;
  std::optional<I2cWorker> worker_;
  std::vector<std::string> said_;
  I2cAnswer last_;
};

TEST_F(I2cWorkers, AnswerOnTheLoopInOrder) {
  worker().transfer(readsId(), longTime, note("first"));
  worker().transfer({{0x76}, {{false, {0x88}, 0}, {true, {}, 2}}}, longTime, note("second"));
  EXPECT_THAT(said_, IsEmpty());
  ASSERT_TRUE(runUntilSaid(2));
  EXPECT_THAT(said_, ElementsAre("first 60", "second 706B"));
  EXPECT_EQ(bus_.opened(), 1);
  EXPECT_TRUE(runUntilSeen(loop_, [&] { return worker().idle(); }));
}

TEST_F(I2cWorkers, KeepTheLoopRunningOnlyWhileSomebodyWaits) {
  worker().transfer(readsId(), longTime, note("first"));
  loop_.run();
  EXPECT_THAT(said_, ElementsAre("first 60"));
}

TEST_F(I2cWorkers, OpenTheBusOnceMoreAfterAFailure) {
  bool there = false;
  worker_.emplace(loop_, "i2c-1", [&] {
    if (!std::exchange(there, true)) throwErrno(ENOENT, "open I2C bus", "1");
    return I2cAccess{bus_.open(), nullptr};
  });
  worker().open(longTime, note("open"));
  ASSERT_TRUE(runUntilSaid(1));
  EXPECT_FALSE(worker().opened());
  worker().open(longTime, note("open"));
  worker().transfer(readsId(), longTime, note("read"));
  ASSERT_TRUE(runUntilSaid(3));
  EXPECT_TRUE(worker().opened());
  EXPECT_THAT(said_, ElementsAre("open ENOENT", "open done", "read 60"));
}

TEST_F(I2cWorkers, OpenTheBusOnceMoreWhenItsAdapterWasGone) {
  bus_.fail(Fault::gone, 1);
  worker().transfer(readsId(), longTime, note("first"));
  worker().transfer(readsId(), longTime, note("second"));
  ASSERT_TRUE(runUntilSaid(2));
  EXPECT_THAT(said_, ElementsAre("first ENODEV", "second 60"));
  EXPECT_EQ(bus_.opened(), 2);
}

TEST_F(I2cWorkers, RetryALostArbitrationAsOftenAsAsked) {
  bus_.fail(Fault::arbitration, 2);
  I2cTransfer transfer = readsId();
  transfer.retries = 2;
  worker().transfer(transfer, longTime, note("twice"));
  ASSERT_TRUE(runUntilSaid(1));
  bus_.fail(Fault::arbitration, 3);
  worker().transfer(transfer, longTime, note("thrice"));
  ASSERT_TRUE(runUntilSaid(2));
  EXPECT_THAT(said_, ElementsAre("twice 60", "thrice EAGAIN"));
}

TEST_F(I2cWorkers, RetryAMissingAcknowledgementOnlyIfAsked) {
  bus_.fail(Fault::nack, 1);
  I2cTransfer transfer = readsId();
  transfer.retries = 3;
  worker().transfer(transfer, longTime, note("plain"));
  ASSERT_TRUE(runUntilSaid(1));
  bus_.fail(Fault::nack, 2);
  transfer.retryNack = true;
  worker().transfer(transfer, longTime, note("asked"));
  ASSERT_TRUE(runUntilSaid(2));
  EXPECT_THAT(said_, ElementsAre("plain EREMOTEIO", "asked 60"));
}

TEST_F(I2cWorkers, AStuckTransferIsGivenUpInTimeAndItsLateAnswerIsDropped) {
  bus_.fail(Fault::stuck);
  const auto begun = std::chrono::steady_clock::now();
  worker().transfer(readsId(), Milliseconds(30), note("stuck"));
  ASSERT_TRUE(runUntilSaid(1));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, Milliseconds(30));
  EXPECT_THAT(said_, ElementsAre("stuck ETIMEDOUT"));
  EXPECT_EQ(textOf(last_.failure),
            "i2c-1 address 0x76: expected an answer within 30 ms, found the bus still at it");
  bus_.fail(Fault::none);
  worker().transfer(readsId(), longTime, note("next"));
  ASSERT_TRUE(runUntilSaid(2));
  EXPECT_THAT(said_, ElementsAre("stuck ETIMEDOUT", "next 60"));
}

TEST_F(I2cWorkers, WhatIsLateInTheQueueIsNeverDone) {
  bus_.fail(Fault::stuck);
  worker().transfer(readsId(), longTime, note("stuck"));
  worker().transfer({{0x55}, {{false, {1}, 0}}}, Milliseconds(20), note("late"));
  ASSERT_TRUE(runUntilSaid(1));
  EXPECT_THAT(textOf(last_.failure), HasSubstr("found what was asked for before it unfinished"));
  bus_.fail(Fault::none);
  ASSERT_TRUE(runUntilSaid(2));
  worker().transfer(readsId(), longTime, note("next"));
  ASSERT_TRUE(runUntilSaid(3));
  EXPECT_THAT(said_, ElementsAre("late ETIMEDOUT", "stuck 60", "next 60"));
  EXPECT_THAT(bus_.transfers(), ElementsAre(0x76, 0x76));
}

TEST_F(I2cWorkers, AnAnswerThatIsThereIsNotLateBecauseTheLoopWasBusy) {
  worker().transfer(readsId(), Milliseconds(50), note("read"));
  // The loop's thread is here, and not at its loop.
  while (!worker().idle() && bus_.transfers().empty())
    std::this_thread::yield();
  std::this_thread::sleep_for(Milliseconds(100));
  ASSERT_TRUE(runUntilSaid(1));
  EXPECT_THAT(said_, ElementsAre("read 60"));
}

TEST_F(I2cWorkers, RefuseTooManyThatWait) {
  bus_.fail(Fault::stuck);
  for (std::size_t i = 0; i < I2cWorker::mostWaiting; ++i)
    worker().transfer(readsId(), longTime, note("read"));
  try {
    worker().transfer(readsId(), longTime, note("read"));
    FAIL();
  } catch (const CodedError& error) {
    EXPECT_EQ(error.code(), "ERR_OVERFLOW");
  }
  bus_.fail(Fault::none);
  EXPECT_TRUE(runUntilSaid(I2cWorker::mostWaiting));
}

TEST_F(I2cWorkers, ReleasedRequestsHaveNoAnswer) {
  bus_.fail(Fault::stuck);
  const auto first = worker().transfer(readsId(), longTime, note("under way"));
  const auto second = worker().transfer({{0x55}, {{false, {1}, 0}}}, longTime, note("waiting"));
  ASSERT_TRUE(bus_.waitUntilStuck());
  worker().release(first);
  worker().release(second);
  bus_.fail(Fault::none);
  worker().transfer(readsId(), longTime, note("next"));
  ASSERT_TRUE(runUntilSaid(1));
  EXPECT_THAT(said_, ElementsAre("next 60"));
  EXPECT_THAT(bus_.transfers(), ElementsAre(0x76, 0x76));
}

TEST_F(I2cWorkers, SayWhenTheyRestWithoutKeepingTheLoop) {
  bus_.fail(Fault::stuck);
  worker().release(worker().transfer(readsId(), longTime, note("stuck")));
  worker().transfer(readsId(), Milliseconds(10), note("late"));
  worker().rest(note("rest"));
  loop_.run();
  EXPECT_THAT(said_, ElementsAre("late ETIMEDOUT"));
  bus_.fail(Fault::none);
  ASSERT_TRUE(runUntilSaid(2));
  EXPECT_THAT(said_, ElementsAre("late ETIMEDOUT", "rest done"));
}

TEST_F(I2cWorkers, EndWhileTheBusIsStuck) {
  bus_.fail(Fault::stuck);
  worker().transfer(readsId(), longTime, note("stuck"));
  ASSERT_TRUE(bus_.waitUntilStuck());
  const auto begun = std::chrono::steady_clock::now();
  worker_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  EXPECT_EQ(loop_.close(), 0);
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(I2cWorkers, ScanWithoutThrowingForSingleAddresses) {
  bus_.add(0x29, "vl53l0x");
  bus_.add(0x07, "lm75");  // reserved
  bus_.add(0x68, "lm75");
  bus_.keep(0x68);
  worker().scan(longTime, note("scan"));
  ASSERT_TRUE(runUntilSaid(1));
  EXPECT_THAT(last_.found, ElementsAre(0x29, 0x76));
}

TEST_F(I2cWorkers, ScanOfAStuckBusEndsInTime) {
  bus_.fail(Fault::stuck);
  worker().scan(Milliseconds(20), note("scan"));
  ASSERT_TRUE(runUntilSaid(1));
  EXPECT_THAT(textOf(last_.failure), HasSubstr("scan of i2c-1: expected an answer within 20 ms"));
}

TEST_F(I2cWorkers, TransfersWaitForOtherProcesses) {
  const UniqueFd other = lockFile();
  ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
  worker().transfer(readsId(), Milliseconds(30), note("locked out"));
  ASSERT_TRUE(runUntilSaid(1));
  EXPECT_THAT(textOf(last_.failure), HasSubstr("found the bus locked by another process"));
  EXPECT_THAT(bus_.transfers(), IsEmpty());
  ASSERT_EQ(::flock(other.get(), LOCK_UN), 0);
  worker().transfer(readsId(), longTime, note("free"));
  ASSERT_TRUE(runUntilSaid(2));
  EXPECT_THAT(said_, ElementsAre("locked out ETIMEDOUT", "free 60"));
  EXPECT_THAT(bus_.transfers(), ElementsAre(0x76)) << "what was given up is not done later";
  EXPECT_TRUE(runUntilSeen(loop_, [&] { return isFree(other); }));
}

TEST_F(I2cWorkers, ALockKeepsOthersOutUntilItIsReleased) {
  const UniqueFd other = lockFile();
  const auto held = worker().lock(longTime, note("lock"));
  ASSERT_TRUE(runUntilSaid(1));
  worker().transfer(readsId(), longTime, note("read"));
  ASSERT_TRUE(runUntilSaid(2));
  EXPECT_FALSE(isFree(other));
  worker().release(held);
  EXPECT_TRUE(runUntilSeen(loop_, [&] { return isFree(other); }));
}

TEST_F(I2cWorkers, ALockOutlivesALostAdapter) {
  const UniqueFd other = lockFile();
  const auto held = worker().lock(longTime, note("lock"));
  ASSERT_TRUE(runUntilSaid(1));
  bus_.fail(Fault::gone, 1);
  worker().transfer(readsId(), longTime, note("gone"));
  worker().transfer(readsId(), longTime, note("back"));
  ASSERT_TRUE(runUntilSaid(3));
  EXPECT_THAT(said_, ElementsAre("lock done", "gone ENODEV", "back 60"));
  EXPECT_FALSE(isFree(other));
  worker().release(held);
  EXPECT_TRUE(runUntilSeen(loop_, [&] { return isFree(other); }));
}

TEST_F(I2cWorkers, LocksOfOneWorkerWaitForEachOther) {
  const auto first = worker().lock(longTime, note("first"));
  const auto second = worker().lock(longTime, note("second"));
  worker().lock(Milliseconds(20), note("third"));
  const auto fourth = worker().lock(longTime, note("fourth"));
  ASSERT_TRUE(runUntilSaid(2));
  EXPECT_THAT(said_, ElementsAre("first done", "third ETIMEDOUT"));
  worker().transfer(readsId(), longTime, note("read"));
  ASSERT_TRUE(runUntilSaid(3));
  worker().release(second);  // before it had it
  worker().release(first);
  ASSERT_TRUE(runUntilSaid(4));
  EXPECT_THAT(said_, ElementsAre("first done", "third ETIMEDOUT", "read 60", "fourth done"));
  worker().release(fourth);
}

TEST_F(I2cWorkers, ALockThatNobodyWaitsForAnyMoreIsGivenBack) {
  const UniqueFd other = lockFile();
  ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
  worker().lock(Milliseconds(20), note("late"));
  ASSERT_TRUE(runUntilSaid(1));
  ASSERT_EQ(::flock(other.get(), LOCK_UN), 0);
  worker().transfer(readsId(), longTime, note("read"));
  ASSERT_TRUE(runUntilSaid(2));
  EXPECT_TRUE(runUntilSeen(loop_, [&] { return isFree(other); }));
  // Or was granted just when it was released.
  const auto released = worker().lock(longTime, note("released"));
  while (isFree(other))
    std::this_thread::yield();
  worker().release(released);
  EXPECT_TRUE(runUntilSeen(loop_, [&] { return isFree(other); }));
  const auto dropped = worker().lock(longTime, note("dropped"));
  worker().lock(longTime, note("again"));
  while (isFree(other))
    std::this_thread::yield();
  worker().release(dropped);
  ASSERT_TRUE(runUntilSaid(3));
  worker().transfer(readsId(), longTime, note("read"));
  ASSERT_TRUE(runUntilSaid(4));
  EXPECT_FALSE(isFree(other));
  EXPECT_THAT(said_, ElementsAre("late ETIMEDOUT", "read 60", "again done", "read 60"));
}

// A process that does nothing but take the lock and give it back, each time for `holdMs`.
pid_t startGreedy(const std::string& socket, int holdMs, int ready) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  const auto lock = openI2cLock("i2c-1", socket);
  for (bool told = false;;) {
    lock->lock();
    if (!std::exchange(told, true) && ::write(ready, "x", 1) != 1) ::_exit(1);
    ::usleep(static_cast<useconds_t>(holdMs) * 1000);
    lock->unlock();
  }
}

class Greedy {
 public:
  Greedy(const std::string& socket, int holdMs) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    child_ = startGreedy(socket, holdMs, ends[1]);
    char x = 0;
    EXPECT_EQ(::read(ends[0], &x, 1), 1);
    ::close(ends[0]);
    ::close(ends[1]);
  }
  ~Greedy() { end(); }
  void end() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(std::exchange(child_, -1), nullptr, 0);
  }

 private:
  pid_t child_ = -1;
};

TEST_F(I2cWorkers, AProcessThatAlwaysWantsTheLockLetsOthersIn) {
  Greedy greedy(directory_.path("board"), 5);
  for (int i = 0; i < 10; ++i) {
    worker().transfer(readsId(), longTime, note("read"));
    ASSERT_TRUE(runUntilSaid(said_.size() + 1));
    EXPECT_EQ(said_.back(), "read 60");
  }
}

TEST_F(I2cWorkers, ALockEndsWithTheProcessThatHasIt) {
  Greedy holder(directory_.path("board"), 3'600'000);
  worker().transfer(readsId(), longTime, note("read"));
  runFor(loop_, Milliseconds(20));
  EXPECT_THAT(said_, IsEmpty());
  holder.end();
  ASSERT_TRUE(runUntilSaid(1));
  EXPECT_THAT(said_, ElementsAre("read 60"));
}

}  // namespace
}  // namespace deskd
