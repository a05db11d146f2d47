// SPDX-License-Identifier: Apache-2.0
#include "hal/base/thread.h"

#include <signal.h>

#include <cstddef>
#include <memory>
#include <utility>

#include "hal/base/error.h"

namespace deskd {
namespace {

constexpr std::size_t stackBytes = 256 * 1024;

}  // namespace

Thread::~Thread() {
  join();
}

void Thread::start(const std::string& what, std::function<void()> run) {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, stackBytes);
  // Signals are for the loop's thread.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  auto handed = std::make_unique<std::function<void()>>(std::move(run));
  const int error = ::pthread_create(
      &thread_, &attributes,
      [](void* given) -> void* {
        const std::unique_ptr<std::function<void()>> work(static_cast<std::function<void()>*>(given));
        (*work)();
        return nullptr;
      },
      handed.get());
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_attr_destroy(&attributes);
  if (error != 0) throwErrno(error, "start a thread for", what);
  [[maybe_unused]] const auto* const itsOwn = handed.release();
  started_ = true;
}

void Thread::join() {
  if (std::exchange(started_, false)) ::pthread_join(thread_, nullptr);
}

void Thread::detach() {
  if (std::exchange(started_, false)) ::pthread_detach(thread_);
}

}  // namespace deskd
