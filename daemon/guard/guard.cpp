// SPDX-License-Identifier: Apache-2.0
#include "daemon/guard/guard.h"

#include <fcntl.h>

#include <algorithm>
#include <exception>
#include <set>
#include <stdexcept>
#include <utility>

#include "hal/base/error.h"
#include "hal/base/log.h"
#include "hal/gpio_names.h"
#include "hal/permissions.h"

namespace deskd {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t mostOutputs = 64;  // of one process
constexpr std::size_t mostFailsafeBytes = 64;
constexpr milliseconds retryPause(10);
constexpr int attemptsWithoutSupervisor = 500;

std::optional<milliseconds> ifAny(std::uint32_t ms) {
  return ms == 0 ? std::nullopt : std::optional(milliseconds(ms));
}

void logFor(const std::string& script, Priority priority, const std::string& text) {
  log(priority, text, {{"SCRIPT", script}});
}

template <class Enum>
Enum checkedEnum(std::uint8_t value, Enum last, const char* what) {
  if (value > static_cast<std::uint8_t>(last))
    throw std::invalid_argument(std::string(what) + ": unknown value " + std::to_string(value));
  return static_cast<Enum>(value);
}

}  // namespace

Guard::Guard(Loop& loop, Board& board, UniqueFd supervisor, Options options)
    : loop_(loop),
      board_(board),
      options_(std::move(options)),
      next_(loop, [this] { expire(); }),
      retry_(loop, [this] { tryAgain(); }),
      later_(loop, [this] { ended_.clear(); }),
      supervisor_(loop, std::move(supervisor),
                  {[this](wire::Any&& message) { fromSupervisor(std::move(message), UniqueFd()); },
                   [this](const std::string& reason) {
                     supervisorGone_ = true;
                     stopAll(reason.empty() ? "deskd has ended" : "deskd sent nonsense: " + reason);
                     attempts_ = 0;
                     if (unsafe_.empty()) loop_.stop();
                   },
                   [this](wire::Any&& message, UniqueFd&& descriptor) {
                     fromSupervisor(std::move(message), std::move(descriptor));
                   }}) {
  takeOver();
  supervisor_.post(wire::Driving{0});  // which it waits for before scripts run
}

Guard::~Guard() = default;

bool Guard::tell(const LogRecord& record) {
  return !supervisorGone_ &&
         supervisor_.post(wire::Log{static_cast<std::uint8_t>(record.priority), record.text, record.fields});
}

// What an earlier guard has left on is made safe before anybody can ask for anything.
void Guard::takeOver() {
  std::vector<std::string> complaints;
  const GuardedOutputs left = readOutputsFile(options_.outputsPath, complaints);
  for (const std::string& complaint : complaints)
    log(Priority::warning, complaint);
  for (const GuardedLine& line : left.lines) {
    try {
      auto device = std::make_unique<GuardedGpio>(board_.gpio(), line);
      // It may have been on until this moment.
      histories_[device->name()] = {options_.now(), std::nullopt};
      logFor(line.script, Priority::notice, device->name() + ": taken over, safe");
      parked_.push_back(std::move(device));
    } catch (const std::exception& error) {
      logFor(line.script, Priority::error, error.what());
    }
  }
  for (const GuardedPort& port : left.ports) {
    UniqueFd descriptor(::open(port.path.c_str(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (!descriptor) continue;  // gone, or its script lives and has stopped it already
    try {
      GuardedSerial(std::move(descriptor), port).makeSafe();
      logFor(port.script, Priority::notice, port.path + ": sent its stop bytes");
    } catch (const std::exception& error) {
      logFor(port.script, Priority::error, error.what());
    }
  }
}

void Guard::fromSupervisor(wire::Any&& message, UniqueFd&& descriptor) {
  if (std::holds_alternative<wire::Heartbeat>(message)) {
    rules_.heartbeat(options_.now());
    changed();
    supervisor_.post(wire::Heartbeat{});
  } else if (const auto* host = std::get_if<wire::Attach>(&message); host != nullptr && descriptor) {
    attach(*host, std::move(descriptor));
  } else if (const auto* script = std::get_if<wire::Settled>(&message)) {
    settled(script->script);
  } else {
    log(Priority::error, std::string("deskd sent ") + wire::nameOf(message) + ", ignoring");
  }
}

void Guard::attach(const wire::Attach& attach, UniqueFd socket) {
  const std::uint64_t process = attach.process;
  Host& host = hosts_[process];
  host.script = attach.script;
  host.lines = attach.lines;
  host.channel = std::make_unique<wire::Channel>(
      loop_, std::move(socket),
      wire::Channel::Handlers{
          [this, process](wire::Any&& message) { fromHost(process, std::move(message), UniqueFd()); },
          [this, process](const std::string& reason) {
            if (!reason.empty())
              logFor(hosts_.at(process).script, Priority::error, "its process sent nonsense: " + reason);
            detach(process);
          },
          [this, process](wire::Any&& message, UniqueFd&& descriptor) {
            fromHost(process, std::move(message), std::move(descriptor));
          }});
}

void Guard::settled(const std::string& script) {
  std::erase_if(parked_, [&](const auto& device) {
    // Of processes that run, none has declared it: another script may have.
    return device->line().script == script && !unsafe_.contains(device.get());
  });
  writeFile();
}

void Guard::fromHost(std::uint64_t process, wire::Any&& message, UniqueFd&& descriptor) {
  if (const auto* renewal = std::get_if<wire::Renew>(&message)) {
    if (const auto id = find(process, renewal->output); id && rules_.renew(*id, options_.now())) changed();
  } else if (const auto* order = std::get_if<wire::Drive>(&message)) {
    drive(process, *order);
  } else if (const auto* output = std::get_if<wire::DeclareOutput>(&message)) {
    declare(process, *output);
  } else if (const auto* failsafe = std::get_if<wire::DeclareFailsafe>(&message)) {
    declare(process, *failsafe, std::move(descriptor));
  } else if (const auto* group = std::get_if<wire::Interlock>(&message)) {
    interlock(process, *group);
  } else if (const auto* gone = std::get_if<wire::Forget>(&message)) {
    forget(process, gone->output);
  } else {
    logFor(hosts_.at(process).script, Priority::error,
           std::string("its process sent ") + wire::nameOf(message) + ", ignoring");
  }
}

void Guard::detach(std::uint64_t process) {
  Host& host = hosts_.at(process);
  for (const auto& [number, id] : host.outputs)
    if (rules_.on(id)) makeSafe(id, Priority::warning, "its script's process has ended");
  // Lines stay held, safe, until somebody declares them again or nobody will.
  for (const auto& [number, id] : host.outputs)
    if (Output left = take(id); left.line) parked_.push_back(std::move(left.line));
  ended_.push_back(std::move(host.channel));  // this call comes from it
  later_.start(milliseconds(0));
  hosts_.erase(process);
  changed();
  writeFile();
  supervisor_.post(wire::Detached{process});
}

void Guard::declare(std::uint64_t process, const wire::DeclareOutput& wanted) {
  try {
    GuardedLine line;
    const auto all = board_.gpio().lines();
    line.address = resolveLine(all, wanted.line);
    // Its own bindings have asked already. Whoever runs other code in its process has not.
    const Host& host = hosts_.at(process);
    if (!grantsLine(host.lines, all, line.address)) throw notGranted(wanted.line, "lines", host.script);
    line.safe = wanted.safe;
    line.activeLow = wanted.activeLow;
    line.drive = checkedEnum(wanted.drive, GpioDrive::openSource, "drive");
    line.bias = checkedEnum(wanted.bias, GpioBias::pullDown, "bias");
    line.script = host.script;
    keep({process, wanted.output, takeLine(line), nullptr},
         {milliseconds(wanted.leaseMs), milliseconds(wanted.maxOnMs), milliseconds(wanted.restMs)});
    answer(process, wanted.request);
  } catch (const CodedError& error) {
    answer(process, wanted.request, error.code(), error.what());
  } catch (const std::system_error& error) {
    answer(process, wanted.request, errnoName(error.code().value()), error.what());
  } catch (const std::exception& error) {
    answer(process, wanted.request, "ERR_INVALID_ARGUMENT", error.what());
  }
}

void Guard::declare(std::uint64_t process, const wire::DeclareFailsafe& wanted, UniqueFd port) {
  try {
    if (!port) throw std::invalid_argument("failsafe: expected the port's descriptor");
    if (wanted.bytes.empty() || wanted.bytes.size() > mostFailsafeBytes)
      throw std::invalid_argument("failsafe: expected 1 to " + std::to_string(mostFailsafeBytes) +
                                  " bytes, found " + std::to_string(wanted.bytes.size()));
    GuardedPort device{wanted.path, wanted.bytes, hosts_.at(process).script};
    keep({process, wanted.output, nullptr,
          std::make_unique<GuardedSerial>(std::move(port), std::move(device))},
         {milliseconds(wanted.leaseMs), milliseconds(0), milliseconds(0)});
    answer(process, wanted.request);
  } catch (const std::exception& error) {
    answer(process, wanted.request, "ERR_INVALID_ARGUMENT", error.what());
  }
}

// The line that an earlier process has left, without letting it go in between if it is to be held in the same
// way.
std::unique_ptr<GuardedGpio> Guard::takeLine(const GuardedLine& line) {
  const auto found = std::find_if(parked_.begin(), parked_.end(),
                                  [&](const auto& device) { return device->line().address == line.address; });
  if (found == parked_.end()) return std::make_unique<GuardedGpio>(board_.gpio(), line);
  if (unsafe_.contains(found->get())) {
    (*found)->makeSafe();
    wentOff(**found);
    unsafe_.erase(found->get());
  }
  std::unique_ptr<GuardedGpio> device = std::move(*found);
  parked_.erase(found);
  GuardedLine same = device->line();
  same.script = line.script;
  if (same == line) {
    device->belongTo(line.script);
    return device;
  }
  device.reset();
  return std::make_unique<GuardedGpio>(board_.gpio(), line);
}

void Guard::keep(Output output, const MotionRules::Limits& limits) {
  Host& host = hosts_.at(output.process);
  if (host.outputs.contains(output.number)) throw std::invalid_argument("the output is declared already");
  if (host.outputs.size() >= mostOutputs)
    throw std::invalid_argument("expected at most " + std::to_string(mostOutputs) + " motion outputs");
  const Id id = ++lastId_;
  const auto known = histories_.find(output.device().name());
  // A line that this guard has never held may have been on until now, by whoever had it.
  rules_.add(id, limits,
             known != histories_.end() ? known->second : MotionRules::History{options_.now(), std::nullopt});
  host.outputs[output.number] = id;
  outputs_[id] = std::move(output);
  writeFile();
}

// Out of all books but the history of its line.
Guard::Output Guard::take(Id id) {
  Output output = std::move(outputs_.at(id));
  outputs_.erase(id);
  histories_[output.device().name()] = rules_.history(id);
  rules_.remove(id);
  return output;
}

void Guard::interlock(std::uint64_t process, const wire::Interlock& wanted) {
  std::vector<Id> members;
  for (const std::uint32_t number : wanted.outputs)
    members.push_back(find(process, number).value_or(0));
  try {
    rules_.interlock(members, milliseconds(wanted.deadTimeMs));
    answer(process, wanted.request);
  } catch (const std::exception& error) {
    answer(process, wanted.request, "ERR_INVALID_ARGUMENT", error.what());
  }
}

void Guard::drive(std::uint64_t process, const wire::Drive& wanted) {
  const auto id = find(process, wanted.output);
  if (!id) return answer(process, wanted.request, "ERR_CLOSED", "the output is closed");
  const Output& output = outputs_.at(*id);
  try {
    if (!wanted.on) {
      // A disarmed port needs no bytes: its script says that nothing moves. A line goes off in any case.
      if (output.line) output.line->makeSafe();
      rules_.release(*id, options_.now());
      if (output.port) writeFile();
    } else {
      if (isUnsafe(hosts_.at(process).script))
        return answer(process, wanted.request, "ERR_UNSAFE",
                      "another output of this script could not be driven to its safe level");
      const bool wasOn = rules_.on(*id);
      const auto refusal = rules_.drive(*id, options_.now(), ifAny(wanted.leaseMs), ifAny(wanted.pulseMs));
      if (refusal) return answer(process, wanted.request, refusal->code, refusal->message);
      try {
        if (!wasOn) output.device().start();
        if (!wasOn && output.port) writeFile();
      } catch (...) {
        // Who knows how far it came.
        makeSafe(*id, Priority::warning, "it could not be driven");
        throw;
      }
    }
    answer(process, wanted.request);
  } catch (const std::system_error& error) {
    answer(process, wanted.request, errnoName(error.code().value()), error.what());
  }
  changed();
}

void Guard::forget(std::uint64_t process, std::uint32_t number) {
  const auto id = find(process, number);
  if (!id) return;
  if (rules_.on(*id)) makeSafe(*id, Priority::notice, "its script has closed it");
  Output left = take(*id);
  if (left.line && unsafe_.contains(left.line.get())) parked_.push_back(std::move(left.line));
  hosts_.at(process).outputs.erase(number);
  changed();
  writeFile();
}

void Guard::answer(std::uint64_t process, std::uint32_t request, const std::string& code,
                   const std::string& text) {
  const auto host = hosts_.find(process);
  if (host != hosts_.end()) host->second.channel->post(wire::Result{request, code, text});
}

std::optional<Guard::Id> Guard::find(std::uint64_t process, std::uint32_t number) const {
  const auto host = hosts_.find(process);
  if (host == hosts_.end()) return std::nullopt;
  const auto output = host->second.outputs.find(number);
  if (output == host->second.outputs.end()) return std::nullopt;
  return output->second;
}

void Guard::makeSafe(Id id, Priority priority, const std::string& why) {
  const Output& output = outputs_.at(id);
  rules_.release(id, options_.now());
  const auto host = hosts_.find(output.process);
  const std::string script = host == hosts_.end() ? "" : host->second.script;
  try {
    output.device().makeSafe();
    rules_.wentOff(id, options_.now());
    logFor(script, priority, output.device().name() + ": made safe, " + why);
  } catch (const std::exception& error) {
    logFor(script, Priority::error, std::string(error.what()) + " (" + why + ")");
    if (output.line) keepTrying(*output.line);
  }
  if (output.port) writeFile();
}

// Later than it should have been.
void Guard::wentOff(const GuardedGpio& line) {
  histories_[line.name()].lastOff = options_.now();
  for (const auto& [id, output] : outputs_)
    if (output.line.get() == &line) rules_.wentOff(id, options_.now());
}

void Guard::keepTrying(GuardedGpio& line) {
  unsafe_.insert(&line);
  retry_.start(retryPause, retryPause);
}

void Guard::tryAgain() {
  std::erase_if(unsafe_, [this](GuardedGpio* line) {
    try {
      line->makeSafe();
    } catch (const std::exception&) {
      return false;  // it has been told
    }
    wentOff(*line);
    logFor(line->line().script, Priority::warning, line->name() + ": safe at last");
    return true;
  });
  ++attempts_;
  const bool enough = unsafe_.empty() || (supervisorGone_ && attempts_ >= attemptsWithoutSupervisor);
  if (!enough) return;
  retry_.stop();
  if (supervisorGone_) loop_.stop();
}

bool Guard::isUnsafe(const std::string& script) const {
  return std::any_of(unsafe_.begin(), unsafe_.end(),
                     [&](const GuardedGpio* line) { return line->line().script == script; });
}

void Guard::stopAll(const std::string& why) {
  for (const auto& [id, output] : outputs_)
    if (rules_.on(id)) makeSafe(id, Priority::warning, why);
}

void Guard::expire() {
  for (const auto& [id, reason] : rules_.expire(options_.now())) {
    const Output& output = outputs_.at(id);
    switch (reason) {
      case MotionRules::End::lease:
        makeSafe(id, Priority::warning, "nobody has renewed its lease");
        break;
      case MotionRules::End::supervisor:
        makeSafe(id, Priority::error, "deskd is silent");
        break;
      case MotionRules::End::maxOn:
        makeSafe(id, Priority::warning, "it was on for as long as it may be");
        break;
      case MotionRules::End::pulse:  // as asked for
        makeSafe(id, Priority::debug, "its pulse is over");
        break;
    }
    hosts_.at(output.process).channel->post(wire::Expired{output.number, nameOf(reason)});
  }
  changed();
}

// After whatever may have changed what is on: the timer, and what the supervisor is asked for.
void Guard::changed() {
  const auto when = rules_.next();
  if (when)
    next_.start(std::max(milliseconds(0), std::chrono::ceil<milliseconds>(*when - options_.now())));
  else
    next_.stop();
  const auto leaseMs = static_cast<std::uint32_t>(rules_.shortestLease().value_or(milliseconds(0)).count());
  if (leaseMs != std::exchange(toldLeaseMs_, leaseMs)) supervisor_.post(wire::Driving{leaseMs});
}

void Guard::writeFile() {
  if (options_.outputsPath.empty()) return;
  GuardedOutputs all;
  for (const auto& [id, output] : outputs_) {
    if (output.line) all.lines.push_back(output.line->line());
    if (output.port && rules_.on(id)) all.ports.push_back(output.port->port());
  }
  for (const auto& device : parked_)
    all.lines.push_back(device->line());
  try {
    writeOutputsFile(options_.outputsPath, all);
  } catch (const std::exception& error) {
    log(Priority::error, error.what());
  }
}

int releaseOutputs(Board& board, const std::string& outputsPath) {
  std::vector<std::string> complaints;
  const GuardedOutputs left = readOutputsFile(outputsPath, complaints);
  int failures = static_cast<int>(complaints.size());
  for (const std::string& complaint : complaints)
    log(Priority::error, complaint);
  for (const GuardedLine& line : left.lines) {
    try {
      const GuardedGpio device(board.gpio(), line);
      log(Priority::info, device.name() + ": safe");
    } catch (const std::exception& error) {
      ++failures;
      log(Priority::error, error.what());
    }
  }
  for (const GuardedPort& port : left.ports) {
    try {
      UniqueFd descriptor(::open(port.path.c_str(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
      if (!descriptor) throwErrno("open", port.path);
      GuardedSerial(std::move(descriptor), port).makeSafe();
      log(Priority::info, port.path + ": sent its stop bytes");
    } catch (const std::exception& error) {
      ++failures;
      log(Priority::error, error.what());
    }
  }
  return failures;
}

}  // namespace deskd
