// SPDX-License-Identifier: Apache-2.0
// native:i2c: transfers on I2C buses, by a thread for each bus. Registers and options are bindings/js/i2c.js.
#include <cerrno>
#include <map>
#include <set>

#include "bindings/async.h"
#include "bindings/builtins.h"
#include "bindings/grants.h"
#include "bindings/open_handle.h"
#include "hal/base/error.h"
#include "hal/i2c_dev.h"
#include "hal/i2c_worker.h"

namespace deskd {

// As bindings/js/i2c_device.js gives them.
struct I2cScriptSegment {
  std::optional<Bytes> write;
  std::optional<std::uint32_t> read;
};
struct I2cScriptOptions {
  std::uint16_t address = 0;
  bool tenBit = false;
  bool pec = false;
  bool retryNack = false;
  std::uint32_t retries = 0;
  std::uint32_t timeout = 0;
};

template <>
struct Fields<I2cScriptSegment> {
  static constexpr std::tuple list{field("write", &I2cScriptSegment::write),
                                   field("read", &I2cScriptSegment::read)};
};
template <>
struct Fields<I2cScriptOptions> {
  static constexpr std::tuple list{
      field("address", &I2cScriptOptions::address), field("tenBit", &I2cScriptOptions::tenBit),
      field("pec", &I2cScriptOptions::pec),         field("retryNack", &I2cScriptOptions::retryNack),
      field("retries", &I2cScriptOptions::retries), field("timeout", &I2cScriptOptions::timeout)};
};

namespace {

constexpr Milliseconds openWithin(5000);

// What scripts tell apart gets a code of its own, since the errno differs from adapter to adapter.
void rejectWith(const Deferred& deferred, const std::string& place, const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::system_error& error) {
    const int code = error.code().value();
    if (code == ENXIO || code == EREMOTEIO)
      return deferred.reject({"ERR_NACK", place + ": expected an acknowledgement, found none"});
    if (code == EAGAIN) return deferred.reject({"ERR_BUS", place + ": lost the bus to another master"});
    if (code == EIO || code == EPROTO || code == EBADMSG) return deferred.reject({"ERR_BUS", error.what()});
    deferred.rejectWith(failure);
  } catch (...) {
    deferred.rejectWith(failure);
  }
}

// The buses that this script uses, each with its thread.
class Buses final : public Wrapped {
 public:
  explicit Buses(Js& js) : Wrapped(js), sweep_(js.loop(), [this] { sweep(); }) {}

  std::shared_ptr<I2cWorker> worker(const std::string& bus) {
    auto& worker = workers_[bus];
    if (!worker) {
      const HostServices& services = js().services();
      worker = std::make_shared<I2cWorker>(js().loop(), bus,
                                           [board = services.board, socket = services.script.boardPath, bus] {
                                             auto opened = board().i2c(bus);
                                             auto lock = openI2cLock(opened->name(), socket);
                                             return I2cAccess{std::move(opened), std::move(lock)};
                                           });
    }
    return worker;
  }

  // A user has gone. The thread of a bus that nobody uses ends, once it has nothing to do: it may hang.
  void left(const std::string& bus) {
    const auto found = workers_.find(bus);
    if (found == workers_.end() || found->second.use_count() > 1) return;
    if (found->second->idle())
      sweepSoon();
    else
      found->second->rest([this](const I2cAnswer&) { sweepSoon(); });
  }

  void close() override {
    sweep_.stop();
    workers_.clear();
  }

 private:
  // Not from inside a worker's own call.
  void sweepSoon() { sweep_.start(Milliseconds(0)); }
  void sweep() {
    std::erase_if(workers_,
                  [](const auto& entry) { return entry.second.use_count() == 1 && entry.second->idle(); });
  }

  std::map<std::string, std::shared_ptr<I2cWorker>> workers_;
  Timer sweep_;
};

// One user of a bus.
class Bus final : public Wrapped {
 public:
  Bus(Js& js, std::string name)
      : Wrapped(js), name_(std::move(name)), worker_(js.single<Buses>().worker(name_)) {}

  // Resolves with this object's wrapper.
  v8::Local<v8::Promise> open() {
    const Deferred deferred(js());
    const auto promise = deferred.promise();
    start([&](auto done) { return worker_->open(openWithin, std::move(done)); },
          [this, deferred](const I2cAnswer& answer) {
            if (!answer.failure) return deferred.resolveWith([this] { return wrapper(); });
            leave();
            rejectWith(deferred, name_, answer.failure);
          });
    keep();
    return promise;
  }
  // Another user has opened the bus already; it may be at work, and is not waited for.
  bool opened() const { return worker_->opened(); }
  // Until close(), since the worker calls it.
  void keep() { pin(); }

  v8::Local<v8::Promise> transfer(I2cScriptOptions options, std::vector<I2cScriptSegment> segments) {
    const Deferred deferred(js());
    const auto promise = deferred.promise();
    I2cTransfer transfer{
        {options.address, options.tenBit}, {}, options.pec, options.retries, options.retryNack};
    for (I2cScriptSegment& segment : segments)
      transfer.segments.push_back(
          {segment.read.has_value(), std::move(segment.write).value_or(Bytes{}), segment.read.value_or(0)});
    const I2cAddress address = transfer.address;
    start(
        [&](auto done) {
          return user().transfer(std::move(transfer), Milliseconds(options.timeout), std::move(done));
        },
        [this, deferred, address](const I2cAnswer& answer) {
          if (answer.failure) return rejectWith(deferred, i2cPlace(name_, address), answer.failure);
          deferred.resolveWith([&] { return readBytes(answer.segments); });
        });
    return promise;
  }

  v8::Local<v8::Promise> scan(std::uint32_t timeoutMs) {
    const Deferred deferred(js());
    const auto promise = deferred.promise();
    start([&](auto done) { return user().scan(Milliseconds(timeoutMs), std::move(done)); },
          [this, deferred](const I2cAnswer& answer) {
            if (answer.failure) return rejectWith(deferred, name_, answer.failure);
            deferred.resolveWith([&] { return addresses(answer.found); });
          });
    return promise;
  }

  // Resolves with what unlock() wants.
  v8::Local<v8::Promise> lock(std::uint32_t timeoutMs) {
    const Deferred deferred(js());
    const auto promise = deferred.promise();
    auto ticket = std::make_shared<I2cWorker::Ticket>();
    *ticket = start([&](auto done) { return user().lock(Milliseconds(timeoutMs), std::move(done)); },
                    [this, deferred, ticket](const I2cAnswer& answer) {
                      if (answer.failure) return rejectWith(deferred, name_, answer.failure);
                      tickets_.insert(*ticket);
                      deferred.resolveWith([&] { return Convert<std::uint64_t>::to(js(), *ticket); });
                    });
    return promise;
  }
  void unlock(std::uint64_t ticket) {
    if (tickets_.erase(ticket) != 0) worker_->release(ticket);
  }

  void close() override {
    if (!worker_) return;
    const auto worker = std::exchange(worker_, nullptr);
    for (const auto ticket : std::exchange(tickets_, {}))
      worker->release(ticket);
    open_.reset();
    unpin();
  }
  // What close() is for scripts: teardown looks after the threads itself.
  void leave() {
    close();
    js().single<Buses>().left(name_);
  }

 private:
  I2cWorker& user() const {
    if (!worker_) throw CodedError("ERR_CLOSED", name_ + " is closed");
    return *worker_;
  }

  // Begins a request, and forgets its ticket before it is answered.
  template <class Begin, class Answered>
  I2cWorker::Ticket start(Begin begin, Answered answered) {
    auto mine = std::make_shared<I2cWorker::Ticket>();
    *mine = begin([this, mine, answered = std::move(answered)](I2cAnswer answer) {
      tickets_.erase(*mine);
      answered(answer);
    });
    tickets_.insert(*mine);
    return *mine;
  }

  v8::Local<v8::Value> addresses(const std::vector<std::uint16_t>& found) const {
    const auto array = v8::Array::New(js().isolate());
    for (const std::uint16_t address : found)
      array->Set(js().context(), array->Length(), Convert<std::uint16_t>::to(js(), address)).Check();
    return array;
  }

  v8::Local<v8::Value> readBytes(const std::vector<I2cSegment>& segments) const {
    const auto array = v8::Array::New(js().isolate());
    for (const I2cSegment& segment : segments)
      if (segment.read)
        array->Set(js().context(), array->Length(), Convert<Bytes>::to(js(), segment.bytes)).Check();
    return array;
  }

  std::optional<OpenHandle> open_{std::in_place, js()};
  const std::string name_;
  std::shared_ptr<I2cWorker> worker_;
  std::set<I2cWorker::Ticket> tickets_;  // unanswered, and locks that are held
};

v8::Local<v8::Value> openBus(Js& js, std::string bus) {
  requireBus(js, bus);
  auto* made = make<Bus>(js, plainBusName(std::move(bus)));
  if (!made->opened()) return made->open();
  made->keep();
  return made->wrapper();
}

}  // namespace

void addI2c(ModuleBuilder& module) {
  module.type<Bus>("Bus")
      .method<&Bus::transfer>("transfer")
      .method<&Bus::scan>("scan")
      .method<&Bus::lock>("lock")
      .method<&Bus::unlock>("unlock")
      .method<&Bus::leave>("close");
  module.function<openBus>("open");
}

}  // namespace deskd
