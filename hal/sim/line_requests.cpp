// SPDX-License-Identifier: Apache-2.0
#include "hal/sim/line_requests.h"

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "hal/base/error.h"

namespace deskd {
namespace {

std::optional<bool> drivenLevel(GpioDrive drive, bool level) {
  if (drive == GpioDrive::openDrain && level) return std::nullopt;
  if (drive == GpioDrive::openSource && !level) return std::nullopt;
  return level;
}

}  // namespace

SimLineRequests::SimLineRequests(SimLines& lines, bool kernelDebounce)
    : lines_(lines), kernelDebounce_(kernelDebounce), holders_(lines.size()), outputs_(lines.size()) {
  lines_.onChange([this](const SimLineChange& change) { onChange(change); });
}

std::vector<GpioLineInfo> SimLineRequests::lines() const {
  std::vector<GpioLineInfo> result;
  for (SimLineId line = 0; line < lines_.size(); ++line) {
    const auto& holder = holders_[line];
    result.push_back({lines_.address(line), lines_.chipLabel(line), lines_.name(line),
                      holder ? holder->consumer : std::string(), holder.has_value(), outputs_[line]});
  }
  return result;
}

std::vector<SimLineId> SimLineRequests::find(const std::vector<GpioAddress>& addresses) const {
  if (addresses.empty()) throw std::invalid_argument("expected lines, found none");
  std::vector<SimLineId> result;
  for (const GpioAddress& address : addresses) {
    const SimLineId line = lines_.find(address);
    if (std::find(result.begin(), result.end(), line) != result.end())
      throw std::invalid_argument("line " + lines_.title(line) + " is there twice");
    result.push_back(line);
  }
  return result;
}

SimLineRequests::Handle SimLineRequests::output(const GpioOutputOptions& options, std::uint64_t nowNs) {
  Request request;
  request.lines = find(options.lines);
  if (options.values.size() != request.lines.size())
    throw std::invalid_argument("expected a value for each line, found " +
                                std::to_string(options.values.size()) + " for " +
                                std::to_string(request.lines.size()));
  requireFree(request.lines);
  request.output = true;
  request.activeLow = options.activeLow;
  request.drive = options.drive;
  applyBias(request.lines, options.bias);
  const Handle handle = add(std::move(request), options.consumer);
  set(handle, options.values, nowNs);
  return handle;
}

SimLineRequests::Handle SimLineRequests::input(const GpioInputOptions& options, OnEvent onEvent,
                                               std::uint64_t nowNs) {
  Request request;
  request.lines = find(options.lines);
  requireFree(request.lines);
  request.activeLow = options.activeLow;
  request.onEvent = std::move(onEvent);
  applyBias(request.lines, options.bias);
  std::vector<std::pair<SimLineId, std::optional<bool>>> released;
  for (const SimLineId line : request.lines)
    released.emplace_back(line, std::nullopt);
  lines_.output(released, nowNs);
  const std::uint64_t debounceNs = kernelDebounce_ ? options.debounceUs * 1000ULL : 0;
  for (const SimLineId line : request.lines)
    request.detectors.emplace_back(EdgeDetector::Options{options.edge, options.activeLow, debounceNs},
                                   lines_.level(line));
  return add(std::move(request), options.consumer);
}

void SimLineRequests::set(Handle handle, const std::vector<bool>& values, std::uint64_t nowNs) {
  const Request& request = at(handle);
  if (!request.output) throwErrno(EPERM, "set", lines_.title(request.lines.front()) + ", which is an input");
  if (values.size() != request.lines.size())
    throw std::invalid_argument("expected " + std::to_string(request.lines.size()) + " values, found " +
                                std::to_string(values.size()));
  std::vector<std::pair<SimLineId, std::optional<bool>>> outputs;
  for (std::size_t i = 0; i < values.size(); ++i)
    outputs.emplace_back(request.lines[i], drivenLevel(request.drive, values[i] != request.activeLow));
  lines_.output(outputs, nowNs);
}

std::vector<bool> SimLineRequests::get(Handle handle) const {
  const Request& request = at(handle);
  std::vector<bool> values;
  for (std::size_t i = 0; i < request.lines.size(); ++i) {
    const bool level = request.output ? lines_.level(request.lines[i]) : request.detectors[i].level();
    values.push_back(level != request.activeLow);
  }
  return values;
}

const std::vector<SimLineId>& SimLineRequests::linesOf(Handle handle) const {
  return at(handle).lines;
}

void SimLineRequests::release(Handle handle) {
  for (const SimLineId line : at(handle).lines)
    holders_[line].reset();
  requests_.erase(handle);
}

void SimLineRequests::hold(SimLineId line, const std::string& consumer) {
  requireFree({line});
  holders_[line] = Holder{consumer, 0};
}

void SimLineRequests::unhold(SimLineId line) {
  const auto& holder = holders_[line];
  if (!holder || holder->handle != 0)
    throw std::invalid_argument(lines_.title(line) + ": expected a line that hold has taken");
  holders_[line].reset();
}

void SimLineRequests::advance(std::uint64_t nowNs) {
  for (auto& [handle, request] : requests_)
    for (std::size_t i = 0; i < request.detectors.size(); ++i)
      report(request, i, request.detectors[i].advance(nowNs));
}

std::optional<std::uint64_t> SimLineRequests::nextNs() const {
  std::optional<std::uint64_t> first;
  for (const auto& [handle, request] : requests_) {
    for (const EdgeDetector& detector : request.detectors)
      if (const auto next = detector.nextNs(); next && (!first || *next < *first)) first = next;
  }
  return first;
}

void SimLineRequests::requireFree(const std::vector<SimLineId>& lines) const {
  for (const SimLineId line : lines)
    if (const auto& holder = holders_[line])
      throwErrno(EBUSY, "request",
                 lines_.title(line) + ", held by " +
                     (holder->consumer.empty() ? "somebody without a name" : '"' + holder->consumer + '"'));
}

SimLineRequests::Handle SimLineRequests::add(Request request, const std::string& consumer) {
  const Handle handle = ++lastHandle_;
  for (const SimLineId line : request.lines) {
    holders_[line] = Holder{consumer, handle};
    outputs_[line] = request.output;
  }
  requests_.emplace(handle, std::move(request));
  return handle;
}

void SimLineRequests::applyBias(const std::vector<SimLineId>& lines, GpioBias bias) {
  if (bias == GpioBias::asIs) return;
  for (const SimLineId line : lines)
    lines_.bias(line, bias == GpioBias::pullUp     ? SimPull::up
                      : bias == GpioBias::pullDown ? SimPull::down
                                                   : SimPull::none);
}

void SimLineRequests::onChange(const SimLineChange& change) {
  const auto& holder = holders_[change.line];
  if (!holder || holder->handle == 0) return;
  Request& request = requests_.at(holder->handle);
  if (request.detectors.empty()) return;
  const auto found = std::find(request.lines.begin(), request.lines.end(), change.line);
  const auto index = static_cast<std::size_t>(found - request.lines.begin());
  report(request, index, request.detectors[index].change(change.level, change.atNs));
}

const SimLineRequests::Request& SimLineRequests::at(Handle handle) const {
  const auto found = requests_.find(handle);
  if (found == requests_.end())
    throw std::invalid_argument("handle: expected that of a request, found " + std::to_string(handle));
  return found->second;
}

void SimLineRequests::report(const Request& request, std::size_t index, std::optional<GpioEvent> event) {
  if (!event || !request.onEvent) return;
  event->line = index;
  request.onEvent(*event);
}

}  // namespace deskd
