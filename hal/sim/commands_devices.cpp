// SPDX-License-Identifier: Apache-2.0
// "sim i2c|serial|plant ..." of the board's protocol: what is connected to it.
#include <array>
#include <map>
#include <stdexcept>

#include "hal/sim/board_session.h"
#include "hal/sim/register_file.h"

namespace deskd {
namespace {

using Answer = BoardSession::Answer;

constexpr unsigned kMostAddress = 0x7f;
constexpr unsigned kMostPlants = 1'000'000'000;
constexpr double kMostValue = 1e12;

SimI2cBus& takeBus(BoardSession& session, CommandWords& words) {
  return session.board().bus(words.take("BUS"));
}

std::uint16_t takeAddress(CommandWords& words) {
  return static_cast<std::uint16_t>(words.takeNumber("ADDRESS", 0, kMostAddress));
}

std::unique_ptr<SimI2cDevice> makeDevice(const std::string& kind) {
  if (kind == "registers") return std::make_unique<RegisterFile>();
  return makeSimI2cDevice(kind);
}

void addI2c(BoardSession& session, CommandWords& words, std::uint64_t, Answer&) {
  SimI2cBus& bus = takeBus(session, words);
  const std::uint16_t address = takeAddress(words);
  const std::string kind = words.take("KIND");
  words.end();
  bus.add(address, makeDevice(kind));
}

void removeI2c(BoardSession& session, CommandWords& words, std::uint64_t, Answer&) {
  SimI2cBus& bus = takeBus(session, words);
  const std::uint16_t address = takeAddress(words);
  words.end();
  bus.remove(address);
}

void setI2c(BoardSession& session, CommandWords& words, std::uint64_t, Answer&) {
  SimI2cDevice& device = takeBus(session, words).at(takeAddress(words));
  const std::string name = words.take("NAME");
  const std::string value = words.take("VALUE");
  words.end();
  device.set(name, plantNumber(name, value, -kMostValue, kMostValue));
}

void getI2c(BoardSession& session, CommandWords& words, std::uint64_t, Answer& answer) {
  const SimI2cDevice& device = takeBus(session, words).at(takeAddress(words));
  const std::string name = words.take("NAME");
  words.end();
  answer.text += " " + plantText(device.get(name));
}

void faultI2c(BoardSession& session, CommandWords& words, std::uint64_t, Answer&) {
  static constexpr std::array<std::pair<const char*, SimI2cBus::Fault>, 3> faults{
      {{"nack", SimI2cBus::Fault::nack},
       {"stuck", SimI2cBus::Fault::stuck},
       {"none", SimI2cBus::Fault::none}}};
  SimI2cBus& bus = takeBus(session, words);
  const auto fault = enumIn(WordsOf<SimI2cBus::Fault>(faults), words.take("nack|stuck|none"), "fault");
  std::optional<std::uint16_t> address;
  if (words.more()) address = takeAddress(words);
  words.end();
  bus.setFault(fault, address);
}

void claimI2c(BoardSession& session, CommandWords& words, std::uint64_t, Answer&) {
  SimI2cBus& bus = takeBus(session, words);
  const std::uint16_t address = takeAddress(words);
  const bool claimed = bitIn(words.take("0|1"), "claimed");
  words.end();
  bus.claim(address, claimed);
}

void addSerial(BoardSession& session, CommandWords& words, std::uint64_t, Answer& answer) {
  const std::string name = words.take("NAME");
  words.end();
  session.board().faults().check("serial-add");
  answer.text += " " + encodeWord(session.runner().serial().add(name));
}

template <void (BoardSerial::*action)(const std::string&)>
void withSerial(BoardSession& session, CommandWords& words, std::uint64_t, Answer&) {
  const std::string name = words.take("NAME");
  words.end();
  (session.runner().serial().*action)(name);
}

void sendSerial(BoardSession& session, CommandWords& words, std::uint64_t, Answer&) {
  const std::string name = words.take("NAME");
  const auto bytes = fromHex(words.take("HEX"));
  words.end();
  session.runner().serial().send(name, bytes);
}

void takeSerial(BoardSession& session, CommandWords& words, std::uint64_t, Answer& answer) {
  const std::string name = words.take("NAME");
  words.end();
  const auto bytes = session.runner().serial().take(name);
  answer.text += " " + (bytes.empty() ? "-" : lowerHex(bytes));
}

void addPlant(BoardSession& session, CommandWords& words, std::uint64_t nowNs, Answer& answer) {
  const std::string kind = words.take("KIND");
  std::map<std::string, std::string> options;
  while (words.more())
    options.insert(words.takePair("key=value"));
  answer.text +=
      " " + std::to_string(session.runner().plants().add(kind, PlantOptions(std::move(options)), nowNs));
}

unsigned takePlant(CommandWords& words) {
  return words.takeNumber("ID", 1, kMostPlants);
}

void removePlant(BoardSession& session, CommandWords& words, std::uint64_t nowNs, Answer&) {
  const unsigned plant = takePlant(words);
  words.end();
  session.runner().plants().remove(plant, nowNs);
}

void setPlant(BoardSession& session, CommandWords& words, std::uint64_t nowNs, Answer&) {
  const unsigned plant = takePlant(words);
  const std::string name = words.take("NAME");
  const std::string value = words.take("VALUE");
  words.end();
  session.runner().plants().set(plant, name, value, nowNs);
}

void getPlant(BoardSession& session, CommandWords& words, std::uint64_t nowNs, Answer& answer) {
  const unsigned plant = takePlant(words);
  const std::string name = words.take("NAME");
  words.end();
  answer.text += " " + encodeWord(session.runner().plants().get(plant, name, nowNs));
}

}  // namespace

std::span<const BoardCommand> simDeviceCommands() {
  static constexpr std::array commands{
      BoardCommand{"sim i2c add", addI2c},
      BoardCommand{"sim i2c remove", removeI2c},
      BoardCommand{"sim i2c set", setI2c},
      BoardCommand{"sim i2c get", getI2c},
      BoardCommand{"sim i2c fault", faultI2c},
      BoardCommand{"sim i2c claim", claimI2c},
      BoardCommand{"sim serial add", addSerial},
      BoardCommand{"sim serial remove", withSerial<&BoardSerial::remove>},
      BoardCommand{"sim serial plug", withSerial<&BoardSerial::plug>},
      BoardCommand{"sim serial unplug", withSerial<&BoardSerial::unplug>},
      BoardCommand{"sim serial send", sendSerial},
      BoardCommand{"sim serial take", takeSerial},
      BoardCommand{"sim plant add", addPlant},
      BoardCommand{"sim plant remove", removePlant},
      BoardCommand{"sim plant set", setPlant},
      BoardCommand{"sim plant get", getPlant},
  };
  return commands;
}

}  // namespace deskd
