// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "hal/base/unique_fd.h"
#include "hal/sim/cable_end.h"

namespace deskd {

// A pseudo-terminal that stands for a serial cable: the device's end here, the other end a path that any
// program opens as its serial port. Destroying it unplugs the cable: whoever has the path open sees a
// hang-up.
class Pty final : public CableEnd {
 public:
  // With `link`, that path becomes a symbolic link to the terminal, replacing an older link at once (rename),
  // and goes away with this unless somebody has pointed it elsewhere.
  explicit Pty(std::string link = {});
  ~Pty() override;
  Pty(const Pty&) = delete;
  Pty& operator=(const Pty&) = delete;

  int fd() const override { return master_.get(); }
  // What to open: the link if there is one, else the terminal.
  const std::string& path() const override { return link_.empty() ? terminal_ : link_; }
  const std::string& terminal() const { return terminal_; }

  std::size_t read(std::span<std::uint8_t> into) override;
  std::size_t write(std::span<const std::uint8_t> bytes) override;

 private:
  UniqueFd master_;
  UniqueFd held_;  // the far end, kept open so that this end never reads as hung up while nobody is connected
  std::string terminal_;
  std::string link_;
};

}  // namespace deskd
