// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <memory>
#include <string>

#include "hal/base/unique_fd.h"
#include "hal/sim/datagram_stream.h"
#include "hal/sim/lines.h"

namespace deskd {

// Writes down what the wires of a board did: "NANOSECONDS LINE LEVEL" for every change, into a file at once,
// and to everybody who listens. Ends the process rather than leave a change out of the file.
class BoardRecorder {
 public:
  // An empty path: no file.
  BoardRecorder(SimLines& lines, const std::string& path);

  // Who listens too slowly for long gets "NANOSECONDS lost COUNT" in the place of what it missed.
  std::shared_ptr<DatagramStream> listen(Loop& loop);

 private:
  void onChange(const SimLineChange& change);

  SimLines& lines_;
  const std::string path_;
  UniqueFd file_;
  std::list<std::weak_ptr<DatagramStream>> listeners_;
};

}  // namespace deskd
