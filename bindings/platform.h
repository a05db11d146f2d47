// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <v8-platform.h>
#include <v8-version.h>

#include <functional>
#include <memory>

#include "hal/base/loop.h"

namespace deskd {

class LoopTaskRunner;

// V8's view of the world outside: one thread, whose tasks run on a uv loop as soon as they are due, without
// polling. Made before the loop exists (a zygote forks in between): attach() joins the two, detach() parts
// them again and drops the tasks that are left.
class LoopPlatform final : public v8::Platform {
 public:
  LoopPlatform();
  ~LoopPlatform() override;

  // `run` is handed each task on the loop's thread and enters the isolate for it.
  void attach(Loop& loop, std::function<void(v8::Task&)> run);
  void detach();
  // Whether waiting tasks keep the loop going; off by default, since V8 posts housekeeping for later.
  void keepLoopAlive(bool keep);

  v8::PageAllocator* GetPageAllocator() override { return nullptr; }  // V8's own
  int NumberOfWorkerThreads() override { return 0; }
  std::shared_ptr<v8::TaskRunner> GetForegroundTaskRunner(v8::Isolate* isolate) override;
  void CallOnWorkerThread(std::unique_ptr<v8::Task> task) override;
  void CallDelayedOnWorkerThread(std::unique_ptr<v8::Task> task, double delaySeconds) override;
  std::unique_ptr<v8::JobHandle> PostJob(v8::TaskPriority priority,
                                         std::unique_ptr<v8::JobTask> job) override;
#if V8_MAJOR_VERSION >= 11
  std::unique_ptr<v8::JobHandle> CreateJob(v8::TaskPriority priority,
                                           std::unique_ptr<v8::JobTask> job) override;
#endif
  double MonotonicallyIncreasingTime() override;
  double CurrentClockTimeMillis() override;
  v8::TracingController* GetTracingController() override {
    return tracing_.get();
  }

 private:
  std::shared_ptr<LoopTaskRunner> runner_;
  std::unique_ptr<v8::TracingController> tracing_;
};

}  // namespace deskd
