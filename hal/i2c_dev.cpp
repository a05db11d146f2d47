// SPDX-License-Identifier: Apache-2.0
#include "hal/i2c_dev.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "hal/base/error.h"
#include "hal/base/unique_fd.h"
#include "hal/board.h"

namespace deskd {
namespace {

class OpenDevice final : public I2cKernel {
 public:
  explicit OpenDevice(UniqueFd fd) : fd_(std::move(fd)) {}
  int control(unsigned long request, std::uintptr_t argument) override {
    return ::ioctl(fd_.get(), request, argument);
  }

 private:
  const UniqueFd fd_;
};

bool isNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

std::string busesIn(const std::string& directory) {
  std::vector<int> numbers;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("i2c-", 0) == 0 && isNumber(name.substr(4)))
      numbers.push_back(std::atoi(name.c_str() + 4));
  }
  if (numbers.empty()) return "there is none: on a Raspberry Pi raspi-config turns it on";
  std::sort(numbers.begin(), numbers.end());
  std::string names;
  for (const int number : numbers)
    names += (names.empty() ? "there is i2c-" : ", i2c-") + std::to_string(number);
  return names;
}

std::string groupOf(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return "?";
  group entry{};
  group* found = nullptr;
  std::array<char, 1024> buffer{};
  if (::getgrgid_r(status.st_gid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
    return found->gr_name;
  return std::to_string(status.st_gid);
}

}  // namespace

std::unique_ptr<I2cBus> openI2cDev(const std::string& bus, const std::string& directory) {
  std::string path = isNumber(bus)               ? directory + "/i2c-" + bus
                     : bus.rfind("i2c-", 0) == 0 ? directory + "/" + bus
                                                 : bus;
  std::error_code ignored;
  // Links have names that say where a bus is; messages and queues need the one that it has.
  if (const auto real = std::filesystem::canonical(path, ignored); !ignored) path = real.string();
  UniqueFd fd(path.rfind('/', 0) == 0 ? ::open(path.c_str(), O_RDWR | O_CLOEXEC) : (errno = ENOENT, -1));
  if (!fd) {
    const int error = errno;
    if (error == EACCES) throwErrno(error, "open", path + ", which is for the group " + groupOf(path));
    if (error == ENOENT || error == ENODEV || error == ENXIO)
      throwErrno(error, "open I2C bus", bus + "; " + busesIn(directory));
    throwErrno(error, "open", path);
  }
  return makeI2cDevBus(std::filesystem::path(path).filename().string(),
                       std::make_unique<OpenDevice>(std::move(fd)));
}

std::unique_ptr<I2cBus> openLinuxI2c(const std::string& bus) {
  return openI2cDev(bus, "/dev");
}

}  // namespace deskd
