// SPDX-License-Identifier: Apache-2.0
#include "hal/board_client_i2c.h"

#include <cerrno>
#include <utility>

#include "hal/base/error.h"
#include "hal/board_socket.h"
#include "hal/sim/board_wire.h"

namespace deskd {
namespace {

class SimI2c final : public I2cBus {
 public:
  SimI2c(const std::string& socketPath, const std::string& bus)
      : board_(socketPath), name_(board_.request("i2c open " + encodeWord(bus)).text) {}

  void transfer(I2cAddress address, std::vector<I2cSegment>& segments) override {
    std::string command = "i2c transfer " + name_ + " " + std::to_string(address.value);
    if (address.tenBit) command += "/10";
    for (const I2cSegment& segment : segments)
      command += segment.read ? " r:" + std::to_string(segment.length) : " w:" + lowerHex(segment.bytes);
    const auto answer = board_.request(command);
    const auto words = splitWords(answer.text);
    auto next = words.begin();
    for (I2cSegment& segment : segments) {
      if (!segment.read) continue;
      if (next == words.end()) throwErrno(EPROTO, "transfer on the simulated bus", name_);
      segment.bytes = *next == "-" ? std::vector<std::uint8_t>() : fromHex(*next);
      ++next;
    }
  }

  std::optional<bool> probe(std::uint16_t address) override {
    const std::string answer = board_.request("i2c probe " + name_ + " " + std::to_string(address)).text;
    if (answer == "-") return std::nullopt;
    return answer == "1";
  }

  std::string name() const override { return name_; }

 private:
  BoardSocket board_;
  const std::string name_;
};

}  // namespace

std::unique_ptr<I2cBus> openSimI2c(const std::string& socketPath, const std::string& bus) {
  return std::make_unique<SimI2c>(socketPath, bus);
}

}  // namespace deskd
