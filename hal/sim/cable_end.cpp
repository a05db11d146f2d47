// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/cable_end.h"

#include "hal/serial.h"
#include "hal/sim/pty.h"

namespace deskd {
namespace {

class DeviceEnd final : public CableEnd {
 public:
  explicit DeviceEnd(SerialOptions options) : path_(options.path), port_(openSerialPort(options)) {}

  int fd() const override { return port_->fd(); }
  const std::string& path() const override { return path_; }
  std::size_t read(std::span<std::uint8_t> into) override { return port_->read(into); }
  std::size_t write(std::span<const std::uint8_t> bytes) override { return port_->write(bytes); }

 private:
  const std::string path_;
  const std::unique_ptr<SerialPort> port_;
};

}  // namespace

std::unique_ptr<CableEnd> plugCable(const CableOptions& options) {
  if (options.device.empty()) return std::make_unique<Pty>(options.link);
  SerialOptions port;
  port.path = options.device;
  port.baudRate = options.baudRate;
  return std::make_unique<DeviceEnd>(port);
}

}  // namespace deskd
