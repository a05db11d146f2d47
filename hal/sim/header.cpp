// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/header.h"

#include <initializer_list>
#include <string_view>

namespace deskd {
namespace {

// The 40-pin header, the same on both: ID_SDA, ID_SCL, GPIO2 to GPIO27. GPIO0 to 8 are pulled up at reset,
// the others down (BCM2711 ARM Peripherals, table 5.3; RP1 Peripherals, table 4).
std::vector<SimChip::Line> headerLines() {
  constexpr unsigned lines = 28;
  constexpr unsigned pulledUp = 9;
  std::vector<SimChip::Line> result{{"ID_SDA", SimPull::up}, {"ID_SCL", SimPull::up}};
  for (unsigned offset = 2; offset < lines; ++offset)
    result.push_back({"GPIO" + std::to_string(offset), offset < pulledUp ? SimPull::up : SimPull::down});
  return result;
}

SimChip chip(const char* name, const char* label, std::vector<SimChip::Line> lines,
             std::initializer_list<std::string_view> others) {
  for (const std::string_view other : others)
    lines.push_back({std::string(other), SimPull::none});
  return {name, label, std::move(lines)};
}

}  // namespace

std::vector<SimChip> makeHeader(SimHeader header) {
  if (header == SimHeader::pi5)
    return {chip("gpiochip0", "pinctrl-rp1", headerLines(),
                 {"PCIE_RP1_WAKE",
                  "FAN_TACH",
                  "HOST_SDA",
                  "HOST_SCL",
                  "ETH_RST_N",
                  "",  // GPIO33
                  "CD0_IO0_MICCLK",
                  "CD0_IO0_MICDAT0",
                  "RP1_PCIE_CLKREQ_N",
                  "",  // GPIO37
                  "CD0_SDA",
                  "CD0_SCL",
                  "CD1_SDA",
                  "CD1_SCL",
                  "USB_VBUS_EN",
                  "USB_OC_N",
                  "RP1_STAT_LED",
                  "FAN_PWM",
                  "CD1_IO0_MICCLK",
                  "2712_WAKE",
                  "CD1_IO1_MICDAT1",
                  "EN_MAX_USB_CUR",
                  "",
                  "",
                  "",
                  ""})};
  return {
      chip("gpiochip0", "pinctrl-bcm2711", headerLines(),
           {"RGMII_MDIO",    "RGMIO_MDC",  "CTS0",       "RTS0",        "TXD0",
            "RXD0",          "SD1_CLK",    "SD1_CMD",    "SD1_DATA0",   "SD1_DATA1",
            "SD1_DATA2",     "SD1_DATA3",  "PWM0_MISO",  "PWM1_MOSI",   "STATUS_LED_G_CLK",
            "SPIFLASH_CE_N", "SDA0",       "SCL0",       "RGMII_RXCLK", "RGMII_RXCTL",
            "RGMII_RXD0",    "RGMII_RXD1", "RGMII_RXD2", "RGMII_RXD3",  "RGMII_TXCLK",
            "RGMII_TXCTL",   "RGMII_TXD0", "RGMII_TXD1", "RGMII_TXD2",  "RGMII_TXD3"}),
      chip("gpiochip1", "raspberrypi-exp-gpio", {},
           {"BT_ON", "WL_ON", "PWR_LED_OFF", "GLOBAL_RESET", "VDD_SD_IO_SEL", "CAM_GPIO", "SD_PWR_ON", ""})};
}

}  // namespace deskd
