// SPDX-License-Identifier: Apache-2.0
// native:serial: one serial device with its framer. Requests, events and iterators are bindings/js/serial.js.
#include "bindings/async.h"
#include "bindings/builtins.h"
#include "bindings/grants.h"
#include "bindings/open_handle.h"
#include "hal/base/error.h"
#include "hal/checksum.h"
#include "hal/serial_link.h"

namespace deskd {

// Options and callbacks as bindings/js/serial_port.js gives them.
struct SerialScriptCallbacks {
  Callback frame;
  Callback disconnect;
  Callback reconnect;
  Callback closed;
};

template <>
struct Names<Parity> {
  static constexpr std::pair<const char*, Parity> list[] = {
      {"none", Parity::none}, {"even", Parity::even}, {"odd", Parity::odd}};
};
template <>
struct Names<FramingKind> {
  static constexpr std::pair<const char*, FramingKind> list[] = {
      {"none", FramingKind::none},     {"fixed", FramingKind::fixed}, {"delimiter", FramingKind::delimiter},
      {"length", FramingKind::length}, {"gap", FramingKind::gap},     {"slip", FramingKind::slip}};
};
template <>
struct Names<LengthField> {
  static constexpr std::pair<const char*, LengthField> list[] = {
      {"u8", LengthField::u8}, {"u16be", LengthField::u16be}, {"u16le", LengthField::u16le}};
};
template <>
struct Names<Checksum> {
  static constexpr std::pair<const char*, Checksum> list[] = {{"none", Checksum::none},
                                                              {"sum8", Checksum::sum8},
                                                              {"xor8", Checksum::xor8},
                                                              {"crc8", Checksum::crc8},
                                                              {"crc16-modbus", Checksum::crc16ModbusLe},
                                                              {"crc16-modbus-be", Checksum::crc16ModbusBe}};
};
template <>
struct Fields<SerialOptions> {
  static constexpr std::tuple list{
      field("path", &SerialOptions::path),         field("baudRate", &SerialOptions::baudRate),
      field("dataBits", &SerialOptions::dataBits), field("parity", &SerialOptions::parity),
      field("stopBits", &SerialOptions::stopBits), field("exclusive", &SerialOptions::exclusive),
      field("dtr", &SerialOptions::dtr),           field("rts", &SerialOptions::rts),
      field("hupcl", &SerialOptions::hupcl)};
};
template <>
struct Fields<FramingOptions> {
  static constexpr std::tuple list{field("type", &FramingOptions::kind),
                                   field("max", &FramingOptions::max),
                                   field("length", &FramingOptions::length),
                                   field("bytes", &FramingOptions::delimiter),
                                   field("keep", &FramingOptions::keepDelimiter),
                                   field("start", &FramingOptions::start),
                                   field("end", &FramingOptions::end),
                                   field("lengthAt", &FramingOptions::lengthAt),
                                   field("lengthField", &FramingOptions::lengthField),
                                   field("extra", &FramingOptions::extra),
                                   field("checksum", &FramingOptions::checksum),
                                   field("checksumFrom", &FramingOptions::checksumFrom),
                                   field("idle", &FramingOptions::idleMs),
                                   field("ms", &FramingOptions::gapMs),
                                   field("chars", &FramingOptions::gapChars)};
};
template <>
struct Fields<SerialLinkOptions> {
  static constexpr std::tuple list{field("framing", &SerialLinkOptions::framing),
                                   field("reconnect", &SerialLinkOptions::reconnect)};
};
template <>
struct Fields<FramerStatistics> {
  static constexpr std::tuple list{
      field("frames", &FramerStatistics::frames), field("garbageBytes", &FramerStatistics::garbageBytes),
      field("badChecksums", &FramerStatistics::badChecksums), field("oversize", &FramerStatistics::oversize)};
};
template <>
struct Fields<SerialScriptCallbacks> {
  static constexpr std::tuple list{
      field("frame", &SerialScriptCallbacks::frame), field("disconnect", &SerialScriptCallbacks::disconnect),
      field("reconnect", &SerialScriptCallbacks::reconnect), field("closed", &SerialScriptCallbacks::closed)};
};

namespace {

class Port final : public Wrapped {
 public:
  Port(Js& js, SerialLinkOptions options, SerialScriptCallbacks callbacks)
      : Wrapped(js), path_(options.port.path), callbacks_(std::move(callbacks)) {
    options.port.path = js.services().serialPath(path_);
    SerialLinkHandlers handlers;
    handlers.onFrame = [this](std::span<const std::uint8_t> frame) {
      FromLoop(*this).enter([&] { callbacks_.frame.call(this->js(), Bytes(frame.begin(), frame.end())); });
    };
    handlers.onDisconnect = [this](const std::system_error& reason) {
      const FromLoop entry(*this);
      entry.enter([&] { callbacks_.disconnect.call(this->js(), std::string(reason.what())); });
      if (link_ && link_->closed()) entry.enter([&] { callbacks_.closed.call(this->js()); });
    };
    handlers.onReconnect = [this] {
      if (guarded_ != 0) this->js().services().guard.reopened(guarded_);
      FromLoop(*this).enter([&] { callbacks_.reconnect.call(this->js()); });
    };
    link_.emplace(js.loop(), std::move(options), std::move(handlers));
  }

  void keep() { pin(); }
  std::string path() const { return path_; }
  bool connected() const { return link_ && link_->connected(); }
  FramerStatistics stats() const { return open().statistics(); }
  void flush() { open().discardInput(); }

  v8::Local<v8::Promise> write(Bytes bytes) {
    SerialLink& link = open();
    const Deferred deferred(js());
    const auto promise = deferred.promise();
    link.write(bytes, [deferred](const std::exception_ptr& failure) {
      if (failure)
        deferred.rejectWith(failure);
      else
        deferred.resolve();
    });
    return promise;
  }

  // Has deskd-guard write these bytes if the script cannot, while the port is armed.
  v8::Local<v8::Promise> failsafe(Bytes bytes, std::uint32_t leaseMs, Callback stopped) {
    requireOpen();
    if (guarded_ != 0) throw std::invalid_argument("failsafe: expected it once, found it twice");
    stopped_ = std::move(stopped);
    FailsafeOptions options;
    options.path = link_->portOptions().path;
    options.bytes = bytes;
    options.leaseMs = leaseMs;
    options.descriptor = [this] { return link_ ? link_->descriptor() : -1; };
    options.stopNow = [this, bytes] {
      try {
        if (link_) link_->write(bytes);
      } catch (
          const CodedError&) {  // NOLINT(bugprone-empty-catch): the device is away, and nothing reaches it
      }
    };
    const auto ended = [this](const std::string& reason) {
      FromLoop(*this).enter([&] {
        if (stopped_) stopped_.call(js(), reason);
      });
    };
    const Deferred deferred(js());
    const auto promise = deferred.promise();
    guarded_ = js().services().guard.declare(
        std::move(options), ended, [deferred](const Outcome& outcome) { deferred.settle(outcome); });
    return promise;
  }

  v8::Local<v8::Promise> arm(bool on) {
    requireOpen();
    const Deferred deferred(js());
    const auto promise = deferred.promise();
    js().services().guard.drive(guarded_, on, 0, 0,
                                [deferred](const Outcome& outcome) { deferred.settle(outcome); });
    return promise;
  }

  void renew() { js().services().guard.renew(guarded_); }

  // The guard lets go of the device, and then the link, so that nothing arrives for callbacks that are gone.
  // They may run right now, and so may the link: both go on to their end.
  void close() override {
    if (guarded_ != 0) js().services().guard.forget(std::exchange(guarded_, 0));
    if (link_) link_->close();
    link_.reset();
    stopped_.reset();
    callbacks_ = {};
    handle_.reset();
    unpin();
  }

 private:
  void requireOpen() const {
    if (!link_) throw CodedError("ERR_CLOSED", "serial port " + path_ + " is closed");
  }
  SerialLink& open() {
    requireOpen();
    return *link_;
  }
  const SerialLink& open() const {
    requireOpen();
    return *link_;
  }

  std::optional<OpenHandle> handle_{std::in_place, js()};
  const std::string path_;
  SerialScriptCallbacks callbacks_;
  Callback stopped_;
  GuardPort::Output guarded_ = 0;
  std::optional<SerialLink> link_;  // declared last: it calls the others
};

Port* openPort(Js& js, v8::Local<v8::Object> options, SerialScriptCallbacks callbacks) {
  auto link = Convert<SerialLinkOptions>::from(js, options);
  link.port = Convert<SerialOptions>::from(js, options);
  if (link.port.path.empty()) throw std::invalid_argument("path: expected the path of a serial device");
  requirePort(js, link.port.path);
  auto* port = make<Port>(js, std::move(link), std::move(callbacks));
  port->keep();  // until close(): collecting a port must not close it
  return port;
}

bool guardAvailable(Js& js) {
  return js.services().guard.available();
}

double checksum(Js&, std::string kind, Bytes bytes) {
  if (kind == "sum8") return sum8(bytes);
  if (kind == "xor8") return xor8(bytes);
  if (kind == "crc8") return crc8(bytes);
  if (kind == "crc16-modbus") return crc16Modbus(bytes);
  throw std::invalid_argument("checksum: expected one of sum8, xor8, crc8, crc16-modbus, found \"" + kind +
                              "\"");
}

}  // namespace

void addSerial(ModuleBuilder& module) {
  module.type<Port>("Port")
      .method<&Port::write>("write")
      .method<&Port::close>("close")
      .method<&Port::flush>("flush")
      .method<&Port::failsafe>("failsafe")
      .method<&Port::arm>("arm")
      .method<&Port::renew>("renew")
      .method<&Port::stats>("stats")
      .getter<&Port::path>("path")
      .getter<&Port::connected>("connected");
  module.function<openPort>("open").function<checksum>("checksum").function<guardAvailable>("guardAvailable");
}

}  // namespace deskd
