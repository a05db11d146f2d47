// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "hal/base/unique_fd.h"

namespace deskd {

// A program that runs beside this one, on the same terminal; it dies with this one. Throws std::system_error
// if it cannot be started.
class Program {
 public:
  enum class Output { ours, read, together };  // as ours; only what it prints; that and its errors

  // `path`: of a program of deskd, its name.
  Program(const std::string& name, const std::vector<std::string>& arguments, Output output = Output::ours);
  // Ends it, if it still runs, with SIGTERM.
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  // What it prints, up to its end. Only without Output::ours.
  std::string readAll();
  // Up to the end of the first line. "" if it ended before.
  std::string readLine();
  // Its exit code, 128 and more for a signal, as shells do.
  int wait();

 private:
  std::string name_;
  pid_t pid_ = -1;
  UniqueFd output_;
};

struct Printed {
  int code = 0;
  std::string text;
};

// Runs it to its end.
int runProgram(const std::string& name, const std::vector<std::string>& arguments);
Printed captureProgram(const std::string& name, const std::vector<std::string>& arguments,
                       Program::Output output = Program::Output::read);
// The JSON that it has printed. Throws std::runtime_error if that is none: it crashed, or is another version.
nlohmann::json jsonOf(const std::string& name, const Printed& printed);

}  // namespace deskd
