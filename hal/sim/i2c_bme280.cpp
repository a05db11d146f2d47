// SPDX-License-Identifier: Apache-2.0
// Bosch BME280 (temperature, pressure, humidity) and BMP280 (without humidity), address 0x76 or 0x77.
#include <cmath>

#include "hal/sim/i2c_chip.h"

namespace deskd {
namespace {

// The chip's own calibration: for temperature and pressure that of the data sheet's example.
constexpr std::array<std::uint8_t, 24> calibration{0x70, 0x6B, 0x43, 0x67, 0x18, 0xFC, 0x7D, 0x8E,
                                                   0x43, 0xD6, 0xD0, 0x0B, 0x27, 0x0B, 0x8C, 0x00,
                                                   0xF9, 0xFF, 0x8C, 0x3C, 0xF8, 0xC6, 0x70, 0x17};
constexpr double t1 = 27504, t2 = 26435, t3 = -1000;
constexpr double p1 = 36477, p2 = -10685, p3 = 3024, p4 = 2855, p5 = 140, p6 = -7, p7 = 15500, p8 = -14600,
                 p9 = 6000;
constexpr int h1 = 75, h2 = 370, h3 = 0, h4 = 313, h5 = 50, h6 = 30;

// What the converters show in that example: 25.08 degrees and 100653 Pa.
constexpr unsigned exampleT = 519888, exampleP = 415148;
constexpr unsigned skipped20 = 0x80000, skipped16 = 0x8000;

double fineTemperature(double adc) {
  const double a = (adc / 16384 - t1 / 1024) * t2;
  const double b = adc / 131072 - t1 / 8192;
  return a + b * b * t3;
}

double pressurePa(double adc, double fine) {
  double a = fine / 2 - 64000;
  double b = a * a * p6 / 32768 + a * p5 * 2;
  b = b / 4 + p4 * 65536;
  a = (p3 * a * a / 524288 + p2 * a) / 524288;
  a = (1 + a / 32768) * p1;
  const double p = (1048576 - adc - b / 4096) * 6250 / a;
  return p + (p9 * p * p / 2147483648.0 + p * p8 / 32768 + p7) / 16;
}

double humidityPercent(double adc, double fine) {
  const double x = fine - 76800;
  const double h = (adc - (h4 * 64.0 + h5 / 16384.0 * x)) *
                   (h2 / 65536.0 * (1 + h6 / 67108864.0 * x * (1 + h3 / 67108864.0 * x)));
  return h * (1 - h1 * h / 524288);
}

// The reading below `end` whose value comes nearest to `wanted`; `valueOf` rises.
unsigned nearest(unsigned end, double wanted, const std::function<double(double)>& valueOf) {
  unsigned low = 0;
  unsigned high = end - 1;
  while (low < high) {
    const unsigned middle = (low + high) / 2;
    if (valueOf(middle) < wanted)
      low = middle + 1;
    else
      high = middle;
  }
  return low > 0 && wanted - valueOf(low - 1) < valueOf(low) - wanted ? low - 1 : low;
}

class Bme280 final : public SimRegisterChip {
 public:
  explicit Bme280(bool withHumidity)
      : SimRegisterChip(withHumidity ? "bme280" : "bmp280", Index::oneByte), withHumidity_(withHumidity) {
    offer("temperature", temperature_, -40, 85);
    offer("pressure", pressurePa_, 30000, 110000);
    if (withHumidity) offer("humidity", humidity_, 0, 100);
  }

  // Registers and their values come in pairs: writing does not go on to the next register by itself.
  bool write(std::span<const std::uint8_t> bytes, std::uint64_t nowMs) override {
    for (std::size_t at = 0; at < bytes.size(); at += 2) {
      select(bytes[at]);
      if (at + 1 < bytes.size()) writeRegister(bytes[at], bytes[at + 1], nowMs);
    }
    return true;
  }

 protected:
  std::uint8_t readRegister(unsigned number, std::uint64_t nowMs) override {
    settle(nowMs);
    if (number >= 0x88 && number < 0x88 + calibration.size()) return calibration[number - 0x88];
    if (number >= 0xF7 && number <= 0xFE) return data(number - 0xF7);
    if (withHumidity_ && number >= 0xE1 && number <= 0xE7) return humidityCalibration(number - 0xE1);
    switch (number) {
      case 0xA1:
        return withHumidity_ ? h1 : 0;
      case 0xD0:
        return withHumidity_ ? 0x60 : 0x58;
      case 0xF2:
        return humidityControl_;
      case 0xF3:
        return static_cast<std::uint8_t>((measuring(nowMs) ? 0x08 : 0) | (nowMs < copiedMs_ ? 0x01 : 0));
      case 0xF4:
        return control_;
      case 0xF5:
        return config_;
      default:
        return 0;
    }
  }

  void writeRegister(unsigned number, std::uint8_t value, std::uint64_t nowMs) override {
    settle(nowMs);
    if (number == 0xE0 && value == 0xB6) reset(nowMs);
    if (number == 0xF2 && withHumidity_) humidityControl_ = value & 0x07;
    if (number == 0xF5) config_ = value;
    if (number != 0xF4) return;
    control_ = value;
    humidityInForce_ = humidityControl_;  // only this write puts it in force
    startedMs_ = nowMs;
    measured_ = false;
  }

 private:
  enum Mode { sleep = 0, normal = 3 };

  void reset(std::uint64_t nowMs) {
    control_ = config_ = humidityControl_ = humidityInForce_ = 0;
    rawP_ = rawT_ = skipped20;
    rawH_ = skipped16;
    copiedMs_ = nowMs + 2;
  }
  unsigned mode() const { return control_ & 3; }
  static double oversampling(unsigned bits) { return bits == 0 ? 0 : 1U << (std::min(bits, 5U) - 1); }
  // The data sheet's longest time.
  std::uint64_t measureMs() const {
    const double t = oversampling(control_ >> 5);
    const double p = oversampling(control_ >> 2 & 7);
    const double h = oversampling(humidityInForce_);
    return static_cast<std::uint64_t>(
        std::ceil(1.25 + 2.3 * t + (p > 0 ? 2.3 * p + 0.575 : 0) + (h > 0 ? 2.3 * h + 0.575 : 0)));
  }
  std::uint64_t cycleMs() const {
    static constexpr std::array<std::uint64_t, 8> bme{1, 63, 125, 250, 500, 1000, 10, 20};
    static constexpr std::array<std::uint64_t, 8> bmp{1, 63, 125, 250, 500, 1000, 2000, 4000};
    return measureMs() + (withHumidity_ ? bme : bmp)[config_ >> 5];
  }
  bool measuring(std::uint64_t nowMs) const {
    if (mode() == sleep) return false;
    return (nowMs - startedMs_) % cycleMs() < measureMs();
  }
  // Takes over what was measured until now.
  void settle(std::uint64_t nowMs) {
    if (mode() == sleep || nowMs < startedMs_ + measureMs()) return;
    if (measured_ && measuring(nowMs)) return;  // the registers keep the last until the next is whole
    measured_ = true;
    convert();
    if (mode() != normal) control_ &= static_cast<std::uint8_t>(~3U);
  }
  void convert() {
    const unsigned adcT =
        nearest(1U << 20, temperature_, [](double adc) { return fineTemperature(adc) / 5120; });
    const double fine = fineTemperature(adcT);
    rawT_ = (control_ >> 5) == 0 ? skipped20 : adcT;
    rawP_ = (control_ >> 2 & 7) == 0
                ? skipped20
                // Its value falls.
                : nearest(1U << 20, -pressurePa_, [fine](double adc) { return -pressurePa(adc, fine); });
    rawH_ = humidityInForce_ == 0
                ? skipped16
                : nearest(1U << 16, humidity_, [fine](double adc) { return humidityPercent(adc, fine); });
  }
  std::uint8_t data(unsigned at) const {
    const std::array<unsigned, 8> bytes{rawP_ >> 12,
                                        rawP_ >> 4 & 0xFF,
                                        rawP_ << 4 & 0xF0,
                                        rawT_ >> 12,
                                        rawT_ >> 4 & 0xFF,
                                        rawT_ << 4 & 0xF0,
                                        withHumidity_ ? rawH_ >> 8 : 0,
                                        withHumidity_ ? rawH_ & 0xFF : 0};
    return static_cast<std::uint8_t>(bytes[at]);
  }
  static std::uint8_t humidityCalibration(unsigned at) {
    constexpr std::array<int, 7> bytes{h2 & 0xFF, h2 >> 8, h3, h4 >> 4, (h4 & 0x0F) | (h5 & 0x0F) << 4,
                                       h5 >> 4,   h6};
    return static_cast<std::uint8_t>(bytes[at]);
  }

  const bool withHumidity_;
  double temperature_ = fineTemperature(exampleT) / 5120;
  double pressurePa_ = pressurePa(exampleP, fineTemperature(exampleT));
  double humidity_ = 45;
  std::uint8_t control_ = 0;
  std::uint8_t config_ = 0;
  std::uint8_t humidityControl_ = 0;
  std::uint8_t humidityInForce_ = 0;
  std::uint64_t startedMs_ = 0;
  std::uint64_t copiedMs_ = 0;
  bool measured_ = false;
  unsigned rawP_ = skipped20;
  unsigned rawT_ = skipped20;
  unsigned rawH_ = skipped16;
};

}  // namespace

std::unique_ptr<SimI2cDevice> makeSimBme280() {
  return std::make_unique<Bme280>(true);
}

std::unique_ptr<SimI2cDevice> makeSimBmp280() {
  return std::make_unique<Bme280>(false);
}

}  // namespace deskd
