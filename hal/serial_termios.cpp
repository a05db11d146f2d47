// SPDX-License-Identifier: Apache-2.0
// asm/termbits.h knows rates without a name of their own (BOTHER); it cannot be included beside termios.h.
#include <asm/termbits.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

#include "hal/base/error.h"
#include "hal/base/unique_fd.h"
#include "hal/serial.h"
#include "hal/serial_holder.h"

namespace deskd {
namespace {

void validate(const SerialOptions& options) {
  const auto refuse = [](const char* option, const char* expected, unsigned found) {
    throw std::invalid_argument("serial option " + std::string(option) + ": expected " + expected +
                                ", found " + std::to_string(found));
  };
  if (options.path.empty())
    throw std::invalid_argument("serial option path: expected a device, found nothing");
  if (options.baudRate == 0) refuse("baudRate", "at least 1", options.baudRate);
  if (options.dataBits < 5 || options.dataBits > 8) refuse("dataBits", "5 to 8", options.dataBits);
  if (options.stopBits < 1 || options.stopBits > 2) refuse("stopBits", "1 or 2", options.stopBits);
}

const char* describe(mode_t mode) {
  if (S_ISREG(mode)) return "regular file";
  if (S_ISDIR(mode)) return "directory";
  if (S_ISFIFO(mode)) return "named pipe";
  if (S_ISSOCK(mode)) return "socket";
  if (S_ISBLK(mode)) return "block device";
  return "device of another kind";
}

[[noreturn]] void throwNotTerminal(const std::string& path, mode_t mode) {
  throwErrno(ENOTTY, "open serial port", path + " (not a terminal but a " + describe(mode) + ")");
}

bool isPseudoTerminal(const struct stat& device) {
  return major(device.st_rdev) >= 136 && major(device.st_rdev) <= 143;
}

tcflag_t controlFlags(const SerialOptions& options) {
  constexpr tcflag_t kSizes[] = {CS5, CS6, CS7, CS8};
  tcflag_t flags = BOTHER | CREAD | CLOCAL | kSizes[options.dataBits - 5];
  if (options.parity != Parity::none) flags |= PARENB;
  if (options.parity == Parity::odd) flags |= PARODD;
  if (options.stopBits == 2) flags |= CSTOPB;
  if (options.hupcl) flags |= HUPCL;
  return flags;
}

class TermiosPort final : public SerialPort {
 public:
  explicit TermiosPort(const SerialOptions& options) : path_(options.path) {
    open();
    lock(options);
    configure(options);
    // Somebody else's conversation, or what a desk said before anyone listened.
    ::ioctl(fd_.get(), TCFLSH, TCIOFLUSH);
    if (!applyModemLines(options.dtr, options.rts)) throwErrno("set modem lines of serial port", path_);
  }

  int fd() const override { return fd_.get(); }

  std::size_t read(std::span<std::uint8_t> into) override {
    for (;;) {
      const ssize_t got = ::read(fd_.get(), into.data(), into.size());
      if (got > 0) return static_cast<std::size_t>(got);
      // With VMIN 1 an open line never reads as ended: this is how a hang-up looks.
      if (got == 0) throwErrno(EIO, "read from serial port", path_);
      if (errno == EAGAIN) return 0;
      if (errno != EINTR) throwErrno("read from serial port", path_);
    }
  }

  std::size_t write(std::span<const std::uint8_t> bytes) override {
    for (;;) {
      const ssize_t put = ::write(fd_.get(), bytes.data(), bytes.size());
      if (put >= 0) return static_cast<std::size_t>(put);
      if (errno == EAGAIN) return 0;
      if (errno != EINTR) throwErrno("write to serial port", path_);
    }
  }

  void setModemLines(bool dtr, bool rts) override {
    if (!applyModemLines(dtr, rts)) throwErrno("set modem lines of serial port", path_);
  }

  void discardInput() override {
    if (::ioctl(fd_.get(), TCFLSH, TCIFLUSH) != 0) throwErrno("discard input of serial port", path_);
  }

 private:
  // Looks before it opens: opening some other device, such as a watchdog, would already do something.
  void open() {
    if (::stat(path_.c_str(), &device_) != 0) throwErrno("open serial port", path_);
    if (!S_ISCHR(device_.st_mode)) throwNotTerminal(path_, device_.st_mode);
    fd_.reset(::open(path_.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (!fd_) throwOpenError(errno);
    if (::fstat(fd_.get(), &device_) != 0) throwErrno("open serial port", path_);
    if (!S_ISCHR(device_.st_mode) || ::isatty(fd_.get()) == 0) throwNotTerminal(path_, device_.st_mode);
  }

  [[noreturn]] void throwOpenError(int error) {
    std::string object = path_;
    if (error == EBUSY) {
      const std::string holder = lockHolder(device_);
      if (!holder.empty()) object += ", held by " + holder;
    }
    throwErrno(error, "open serial port", object);
  }

  // TIOCEXCL keeps out programs that know nothing of locks, but not root; flock() keeps out root's other
  // scripts. A pseudo-terminal keeps TIOCEXCL beyond the holder's death while its other side lives, so there
  // flock() must do.
  void lock(const SerialOptions& options) {
    if (::flock(fd_.get(), (options.exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
      throwOpenError(errno == EWOULDBLOCK ? EBUSY : errno);
    }
    if (!options.exclusive || isPseudoTerminal(device_)) return;
    if (::ioctl(fd_.get(), TIOCEXCL) != 0) throwErrno("claim serial port", path_);
  }

  void configure(const SerialOptions& options) {
    termios2 settings{};
    settings.c_cflag = controlFlags(options);
    // A byte with wrong parity is no byte; without parity a break reads as 00.
    settings.c_iflag = options.parity == Parity::none ? 0 : INPCK | IGNPAR;
    settings.c_ispeed = options.baudRate;
    settings.c_ospeed = options.baudRate;
    settings.c_cc[VMIN] = 1;
    const std::string rate = " at " + std::to_string(options.baudRate) + " baud";
    if (::ioctl(fd_.get(), TCSETS2, &settings) != 0) throwErrno("configure serial port", path_ + rate);
    termios2 actual{};
    if (::ioctl(fd_.get(), TCGETS2, &actual) != 0) throwErrno("configure serial port", path_ + rate);
    const double ratio = static_cast<double>(actual.c_ospeed) / options.baudRate;
    if (ratio < 0.97 || ratio > 1.03) {
      throwErrno(EINVAL, "configure serial port",
                 path_ + rate + " (nearest: " + std::to_string(actual.c_ospeed) + ")");
    }
    // The kernel sets every pseudo-terminal to eight bits without parity: there are no bits on a line.
    constexpr tcflag_t kCharacter = CSIZE | PARENB | PARODD | CSTOPB;
    if (!isPseudoTerminal(device_) && (actual.c_cflag & kCharacter) != (settings.c_cflag & kCharacter)) {
      throwErrno(EINVAL, "configure serial port",
                 path_ + " (the driver does not support these data, parity and stop bits)");
    }
  }

  // False with errno set if the lines could not be set as asked. Absent lines cannot be high, so asking for
  // both to be low always succeeds.
  bool applyModemLines(bool dtr, bool rts) {
    const int high = (dtr ? TIOCM_DTR : 0) | (rts ? TIOCM_RTS : 0);
    const int low = (TIOCM_DTR | TIOCM_RTS) & ~high;
    const bool done = (high == 0 || ::ioctl(fd_.get(), TIOCMBIS, &high) == 0) &&
                      (low == 0 || ::ioctl(fd_.get(), TIOCMBIC, &low) == 0);
    if (done) return true;
    const bool noLines = errno == ENOTTY || errno == EINVAL;
    return noLines && (high == 0 || isPseudoTerminal(device_));
  }

  const std::string path_;
  UniqueFd fd_;
  struct stat device_ {};
};

}  // namespace

void discardSerialOutput(int descriptor) {
  ::ioctl(descriptor, TCFLSH, TCOFLUSH);
}

std::unique_ptr<SerialPort> openSerialPort(const SerialOptions& options) {
  validate(options);
  return std::make_unique<TermiosPort>(options);
}

}  // namespace deskd
