// SPDX-License-Identifier: Apache-2.0
#include "hal/board_client_gpio.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "hal/base/error.h"
#include "hal/sim/board_wire.h"

namespace deskd {
namespace {

// One request's hold on its lines.
class Lines {
 public:
  Lines(std::shared_ptr<BoardSocket> board, std::string handle)
      : board_(std::move(board)), handle_(std::move(handle)) {}
  ~Lines() {
    try {
      board_->request("gpio release " + handle_);
    } catch (const std::system_error&) {
      return;  // the board is gone, and so is the request
    }
  }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  void set(const std::vector<bool>& values) {
    std::string command = "gpio set " + handle_;
    for (const bool value : values)
      command += value ? " 1" : " 0";
    board_->request(command);
  }
  std::vector<bool> get() const {
    std::vector<bool> values;
    const auto answer = board_->request("gpio get " + handle_);
    for (const std::string_view word : splitWords(answer.text))
      values.push_back(word == "1");
    return values;
  }

 private:
  std::shared_ptr<BoardSocket> board_;
  const std::string handle_;
};

class SimGpioOutput final : public GpioOutput {
 public:
  SimGpioOutput(std::shared_ptr<BoardSocket> board, const std::string& handle)
      : lines_(std::move(board), handle) {}
  void set(const std::vector<bool>& values) override { lines_.set(values); }
  std::vector<bool> get() const override { return lines_.get(); }

 private:
  Lines lines_;
};

class SimGpioInput final : public GpioInput {
 public:
  SimGpioInput(std::shared_ptr<BoardSocket> board, const std::string& handle, UniqueFd events,
               bool kernelDebounce)
      : lines_(std::move(board), handle), events_(std::move(events)), kernelDebounce_(kernelDebounce) {}

  std::vector<bool> get() const override { return lines_.get(); }
  int fd() const override { return events_.get(); }
  bool kernelDebounce() const override { return kernelDebounce_; }

  std::vector<GpioEvent> readEvents() override {
    std::vector<GpioEvent> events;
    std::array<BoardEvent, kMostEventsInDatagram> records;
    // Bounded: who reads more slowly than they come must get to something else, too.
    while (events_ && events.size() < kMostWaitingEvents) {
      const ssize_t size = ::recv(events_.get(), records.data(), sizeof records, MSG_DONTWAIT);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno == EAGAIN) break;
      if (size < 0) throwErrno("read GPIO events");
      if (size == 0 && events.empty()) throwErrno(ENODEV, "read GPIO events of the simulated board");
      if (size == 0) break;
      for (std::size_t i = 0; i < static_cast<std::size_t>(size) / sizeof(BoardEvent); ++i)
        events.push_back(
            {records[i].line, records[i].rising != 0, records[i].timestampNs, records[i].sequence});
    }
    return events;
  }

 private:
  Lines lines_;
  UniqueFd events_;
  const bool kernelDebounce_;
};

// "CHIP LABEL OFFSET NAME|- in|out CONSUMER|-|?"
GpioLineInfo lineOf(std::string_view text) {
  const auto words = splitWords(text);
  constexpr std::size_t expected = 6;
  if (words.size() != expected) throwErrno(EPROTO, "read GPIO lines of the simulated board");
  GpioLineInfo line;
  line.address = {std::string(words[0]), static_cast<unsigned>(std::stoul(std::string(words[2])))};
  line.chipLabel = decodeWord(words[1]);
  line.name = decodeWord(words[3]);
  line.output = words[4] == "out";
  line.used = words[5] != "-";
  if (words[5] != "?") line.consumer = decodeWord(words[5]);
  return line;
}

void requireOneChip(const std::vector<GpioAddress>& lines) {
  if (lines.empty()) throw std::invalid_argument("expected lines, found none");
  for (const GpioAddress& line : lines)
    if (line.chip != lines.front().chip)
      throw std::invalid_argument("expected lines of one chip, found " + lines.front().chip + " and " +
                                  line.chip);
}

class SimGpioChips final : public GpioChips {
 public:
  explicit SimGpioChips(std::shared_ptr<BoardSocket> board) : board_(std::move(board)) {}

  std::vector<GpioLineInfo> lines() const override {
    std::vector<GpioLineInfo> result;
    const auto answer = board_->request("gpio lines");
    std::string_view left = answer.text;
    while (!left.empty()) {
      const auto end = left.find('\n');
      result.push_back(lineOf(left.substr(0, end)));
      left = end == std::string_view::npos ? std::string_view() : left.substr(end + 1);
    }
    return result;
  }

  std::unique_ptr<GpioOutput> output(const GpioOutputOptions& options) override {
    requireOneChip(options.lines);
    if (options.values.size() != options.lines.size())
      throw std::invalid_argument("expected " + std::to_string(options.lines.size()) + " values, found " +
                                  std::to_string(options.values.size()));
    std::string command =
        "gpio output " + options.lines.front().chip + " active-low=" + (options.activeLow ? "1" : "0") +
        " drive=" + wordOf(driveWords(), options.drive) + " bias=" + wordOf(biasWords(), options.bias) +
        " consumer=" + encodeWord(options.consumer);
    for (std::size_t i = 0; i < options.lines.size(); ++i)
      command += " " + std::to_string(options.lines[i].offset) + (options.values[i] ? "=1" : "=0");
    return std::make_unique<SimGpioOutput>(board_, board_->request(command).text);
  }

  std::unique_ptr<GpioInput> input(const GpioInputOptions& options) override {
    requireOneChip(options.lines);
    std::string command =
        "gpio input " + options.lines.front().chip + " active-low=" + (options.activeLow ? "1" : "0") +
        " bias=" + wordOf(biasWords(), options.bias) + " edge=" + wordOf(edgeWords(), options.edge) +
        " debounce-us=" + std::to_string(options.debounceUs) + " consumer=" + encodeWord(options.consumer);
    for (const GpioAddress& line : options.lines)
      command += " " + std::to_string(line.offset);
    auto answer = board_->request(command);
    const auto words = splitWords(answer.text);
    if (words.empty()) throwErrno(EPROTO, "request GPIO lines of the simulated board");
    const bool debounces = words.back() == "kernel-debounce=1";
    return std::make_unique<SimGpioInput>(board_, std::string(words.front()), std::move(answer.descriptor),
                                          debounces);
  }

 private:
  std::shared_ptr<BoardSocket> board_;
};

}  // namespace

std::unique_ptr<GpioChips> makeSimGpio(std::shared_ptr<BoardSocket> board) {
  return std::make_unique<SimGpioChips>(std::move(board));
}

}  // namespace deskd
