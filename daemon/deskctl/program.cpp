// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskctl/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "hal/base/error.h"
#include "hal/base/program_path.h"

namespace deskd {
namespace {

[[noreturn]] void become(const std::string& path, char* const* arguments, Program::Output output, int pipe,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    ::signal(number, SIG_DFL);
  if (output != Program::Output::ours) {
    // It works for us, not for the terminal: neither Ctrl-C nor what is typed is meant for it.
    ::setpgid(0, 0);
    ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    ::dup2(pipe, STDOUT_FILENO);
  }
  if (output == Program::Output::together) ::dup2(pipe, STDERR_FILENO);
  ::execv(path.c_str(), arguments);
  std::perror(path.c_str());
  ::_exit(127);
}

}  // namespace

Program::Program(const std::string& name, const std::vector<std::string>& arguments, Output output)
    : name_(name) {
  const std::string path = programPath(name);
  if (::access(path.c_str(), X_OK) != 0) throwErrno("start", path);
  std::vector<char*> argv{const_cast<char*>(path.c_str())};
  for (const std::string& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  UniqueFd write;
  if (output != Output::ours) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throwErrno("create a pipe for", path);
    output_.reset(ends[0]);
    write.reset(ends[1]);
  }
  std::fflush(stdout);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throwErrno("start", path);
  if (pid_ == 0) become(path, argv.data(), output, write.get(), parent);
}

Program::~Program() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  wait();
}

std::string Program::readAll() {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = ::read(output_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throwErrno("read what is printed by", name_);
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

std::string Program::readLine() {
  std::string line;
  char next = 0;
  for (;;) {
    const ssize_t got = ::read(output_.get(), &next, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return "";
    if (next == '\n') return line;
    line += next;
  }
}

int Program::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0)
    if (errno != EINTR) throwErrno("wait for", name_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int runProgram(const std::string& name, const std::vector<std::string>& arguments) {
  return Program(name, arguments).wait();
}

Printed captureProgram(const std::string& name, const std::vector<std::string>& arguments,
                       Program::Output output) {
  Program program(name, arguments, output);
  Printed printed;
  printed.text = program.readAll();
  printed.code = program.wait();
  return printed;
}

nlohmann::json jsonOf(const std::string& name, const Printed& printed) {
  nlohmann::json json = nlohmann::json::parse(printed.text, nullptr, false);
  if (json.is_discarded())
    throw std::runtime_error("expected JSON from " + name + ", found something else; it ended with code " +
                             std::to_string(printed.code));
  return json;
}

}  // namespace deskd
