// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

namespace deskd {

class LoopPlatform;

// V8 of this process: started once in main(), before any fork, and stopped when destroyed. It starts no
// threads.
class Engine {
 public:
  Engine();
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  LoopPlatform& platform() { return *platform_; }
  static std::string version();

 private:
  std::unique_ptr<LoopPlatform> platform_;
};

}  // namespace deskd
