// SPDX-License-Identifier: Apache-2.0
// Compiled with -fno-rtti: libnode is, and classes that derive from V8's do not link otherwise.
#include "bindings/platform.h"

#include <libplatform/libplatform.h>

#include <chrono>
#include <cmath>
#include <deque>
#include <map>
#include <mutex>

namespace deskd {
namespace {

double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

// The queue of tasks. V8 may post from any thread; everything else happens on the loop's.
class LoopTaskRunner final : public v8::TaskRunner {
 public:
  void attach(Loop& loop, std::function<void(v8::Task&)> run) {
    run_ = std::move(run);
    wake_ = std::make_unique<Wake>(loop, [this] { runReady(); });
    timer_ = std::make_unique<Timer>(loop, [this] { runReady(); });
    keepLoopAlive(false);
    wake_->send();
  }

  void detach() {
    wake_.reset();
    timer_.reset();
    const std::lock_guard lock(mutex_);
    ready_.clear();
    later_.clear();
    run_ = nullptr;
  }

  void keepLoopAlive(bool keep) {
    keep_ = keep;
    updateRefs();
  }

  void PostTask(std::unique_ptr<v8::Task> task) override {
    const std::lock_guard lock(mutex_);
    ready_.push_back(std::move(task));
    if (!wake_) return;
    if (keep_) wake_->ref();
    wake_->send();
  }
  void PostNonNestableTask(std::unique_ptr<v8::Task> task) override { PostTask(std::move(task)); }
  void PostDelayedTask(std::unique_ptr<v8::Task> task, double delaySeconds) override {
    const std::lock_guard lock(mutex_);
    later_.emplace(clock() + delaySeconds, std::move(task));
    if (!wake_) return;
    if (keep_) wake_->ref();
    wake_->send();  // the timer belongs to the loop's thread, which re-arms it
  }
  void PostNonNestableDelayedTask(std::unique_ptr<v8::Task> task, double delaySeconds) override {
    PostDelayedTask(std::move(task), delaySeconds);
  }
  void PostIdleTask(std::unique_ptr<v8::IdleTask>) override {}
  bool IdleTasksEnabled() override { return false; }
  bool NonNestableTasksEnabled() const override { return true; }
  bool NonNestableDelayedTasksEnabled() const override { return true; }

 private:
  double clock() const { return secondsSince(start_); }

  std::unique_ptr<v8::Task> next() {
    const std::lock_guard lock(mutex_);
    if (!later_.empty() && later_.begin()->first <= clock()) {
      auto task = std::move(later_.begin()->second);
      later_.erase(later_.begin());
      return task;
    }
    if (ready_.empty()) return nullptr;
    auto task = std::move(ready_.front());
    ready_.pop_front();
    return task;
  }

  void runReady() {
    const auto run = run_;
    // A task may post the next one: those wait for the next turn, so that timers and descriptors get theirs.
    std::size_t most;
    {
      const std::lock_guard lock(mutex_);
      most = ready_.size() + later_.size();
    }
    for (; most > 0 && run_; --most) {
      const auto task = next();
      if (!task) break;
      run(*task);
    }
    if (run_) rearm();
  }

  void rearm() {
    const std::lock_guard lock(mutex_);
    if (!ready_.empty())
      wake_->send();
    else
      wake_->unref();
    if (later_.empty()) {
      timer_->stop();
    } else {
      const double waitMs = std::max(0.0, std::ceil((later_.begin()->first - clock()) * 1000));
      timer_->start(Milliseconds(static_cast<long>(waitMs)));
    }
  }

  void updateRefs() {
    if (!timer_) return;
    const std::lock_guard lock(mutex_);
    if (keep_) {
      timer_->ref();
      if (!ready_.empty()) wake_->ref();
    } else {
      timer_->unref();
      wake_->unref();
    }
  }

  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::deque<std::unique_ptr<v8::Task>> ready_;
  std::multimap<double, std::unique_ptr<v8::Task>> later_;  // by the second on clock() when due
  std::function<void(v8::Task&)> run_;
  std::unique_ptr<Wake> wake_;
  std::unique_ptr<Timer> timer_;
  bool keep_ = false;
};

LoopPlatform::LoopPlatform()
    : runner_(std::make_shared<LoopTaskRunner>()), tracing_(std::make_unique<v8::TracingController>()) {}

LoopPlatform::~LoopPlatform() = default;

void LoopPlatform::attach(Loop& loop, std::function<void(v8::Task&)> run) {
  runner_->attach(loop, std::move(run));
}

void LoopPlatform::detach() {
  runner_->detach();
}

void LoopPlatform::keepLoopAlive(bool keep) {
  runner_->keepLoopAlive(keep);
}

std::shared_ptr<v8::TaskRunner> LoopPlatform::GetForegroundTaskRunner(v8::Isolate*) {
  return runner_;
}

void LoopPlatform::CallOnWorkerThread(std::unique_ptr<v8::Task> task) {
  runner_->PostTask(std::move(task));
}

void LoopPlatform::CallDelayedOnWorkerThread(std::unique_ptr<v8::Task> task, double delaySeconds) {
  runner_->PostDelayedTask(std::move(task), delaySeconds);
}

std::unique_ptr<v8::JobHandle> LoopPlatform::PostJob(v8::TaskPriority priority,
                                                     std::unique_ptr<v8::JobTask> job) {
  auto handle = v8::platform::NewDefaultJobHandle(this, priority, std::move(job), 0);
  handle->NotifyConcurrencyIncrease();
  return handle;
}

#if V8_MAJOR_VERSION >= 11
std::unique_ptr<v8::JobHandle> LoopPlatform::CreateJob(v8::TaskPriority priority,
                                                       std::unique_ptr<v8::JobTask> job) {
  return v8::platform::NewDefaultJobHandle(this, priority, std::move(job), 0);
}
#endif

double LoopPlatform::MonotonicallyIncreasingTime() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double LoopPlatform::CurrentClockTimeMillis() {
  return SystemClockTimeMillis();
}

}  // namespace deskd
