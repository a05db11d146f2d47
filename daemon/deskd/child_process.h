// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "daemon/deskd/reaper.h"
#include "hal/base/program_path.h"
#include "hal/base/unique_fd.h"

namespace deskd {

// A program of ours that runs beside the supervisor: the zygote, the simulator, the guard.
class ChildProcess {
 public:
  // What becomes of it when the supervisor dies. The guard still has something to do then, and ends by
  // itself.
  enum class WithoutParent { dies, goesOn };

  // Starts `program` with a descriptor that it finds as number 3 (none if empty) and, if `output` is given,
  // its standard output connected to the pipe whose reading end is stored there. Throws std::system_error.
  ChildProcess(Reaper& reaper, const std::string& program, const std::vector<std::string>& arguments,
               const UniqueFd& inherited, Reaper::Ended ended, WithoutParent then = WithoutParent::dies,
               UniqueFd* output = nullptr);
  // Kills it if it still runs; nobody is told.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  int pid() const { return pid_; }
  void signal(int number) const;

 private:
  Reaper& reaper_;
  int pid_ = 0;  // 0 once it has ended
};

}  // namespace deskd
