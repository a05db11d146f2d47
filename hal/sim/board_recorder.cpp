// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/board_recorder.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "hal/base/error.h"
#include "hal/sim/board_wire.h"
#include "hal/sim/monotonic.h"

namespace deskd {

BoardRecorder::BoardRecorder(SimLines& lines, const std::string& path) : lines_(lines), path_(path) {
  if (!path.empty()) {
    constexpr mode_t mode = 0644;
    file_.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode));
    if (!file_) throwErrno("open record", path);
  }
  lines_.onChange([this](const SimLineChange& change) { onChange(change); });
}

std::shared_ptr<DatagramStream> BoardRecorder::listen(Loop& loop) {
  DatagramStream::Options options;
  options.mostWaiting = 65536;
  options.notice = [](std::size_t dropped) {
    return std::to_string(monotonicNs()) + " lost " + std::to_string(dropped);
  };
  auto stream = std::make_shared<DatagramStream>(loop, std::move(options));
  listeners_.push_back(stream);
  return stream;
}

void BoardRecorder::onChange(const SimLineChange& change) {
  if (!file_ && listeners_.empty()) return;
  const std::string line = std::to_string(change.atNs) + " " + encodeWord(lines_.title(change.line)) +
                           (change.level ? " 1" : " 0");
  if (file_) {
    const std::string text = line + "\n";
    if (::write(file_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      throwErrno("write record", path_);
  }
  for (auto at = listeners_.begin(); at != listeners_.end();) {
    const auto listener = at->lock();
    if (!listener || listener->ended()) {
      at = listeners_.erase(at);
    } else {
      listener->push(line);
      ++at;
    }
  }
}

}  // namespace deskd
