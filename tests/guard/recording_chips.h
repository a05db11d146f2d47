// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "hal/base/error.h"
#include "hal/board.h"

namespace deskd {

// A board of one chip, "chip", with lines GPIO0 to GPIO9 that keep their level when they are let go, and a
// record of every change.
class RecordingBoard final : public Board, public GpioChips {
 public:
  GpioChips& gpio() override { return *this; }
  std::unique_ptr<I2cBus> i2c(const std::string& bus) override { throwErrno(ENOENT, "open", bus); }

  std::vector<GpioLineInfo> lines() const override {
    std::vector<GpioLineInfo> all;
    for (unsigned offset = 0; offset < 10; ++offset)
      all.push_back(
          {{"chip", offset}, "label", "GPIO" + std::to_string(offset), "", held.contains(offset), false});
    return all;
  }
  std::unique_ptr<GpioOutput> output(const GpioOutputOptions& options) override {
    const unsigned offset = options.lines.at(0).offset;
    if (!held.insert(offset).second) throwErrno(EBUSY, "request", "GPIO" + std::to_string(offset));
    ++requests;
    return std::make_unique<Line>(*this, offset, options);
  }
  std::unique_ptr<GpioInput> input(const GpioInputOptions&) override { throwErrno(ENOSYS, "request"); }

  bool level(unsigned offset) const {
    const auto found = levels.find(offset);
    return found != levels.end() && found->second;
  }

  std::map<unsigned, bool> levels;
  std::set<unsigned> held;
  std::vector<std::pair<unsigned, bool>> changes;
  int requests = 0;
  int failSets = 0;                  // so many set() calls fail
  std::optional<unsigned> failLine;  // all of this line fail
  std::function<void()> takesTime;   // called before each change

 private:
  class Line final : public GpioOutput {
   public:
    Line(RecordingBoard& board, unsigned offset, const GpioOutputOptions& options)
        : board_(board), offset_(offset), invert_(options.activeLow) {
      drive(options.values.at(0));
    }
    ~Line() override { board_.held.erase(offset_); }
    void set(const std::vector<bool>& values) override {
      if (board_.failLine == offset_) throwErrno(EIO, "set", "GPIO" + std::to_string(offset_));
      if (board_.failSets > 0 && board_.failSets-- > 0)
        throwErrno(EIO, "set", "GPIO" + std::to_string(offset_));
      drive(values.at(0));
    }
    std::vector<bool> get() const override { return {board_.level(offset_) != invert_}; }

   private:
    void drive(bool value) {
      const bool level = value != invert_;
      if (board_.takesTime) board_.takesTime();
      if (level != board_.level(offset_)) board_.changes.emplace_back(offset_, level);
      board_.levels[offset_] = level;
    }
    RecordingBoard& board_;
    const unsigned offset_;
    const bool invert_;
  };
};

}  // namespace deskd
