// SPDX-License-Identifier: Apache-2.0
#include "bindings/async.h"

namespace deskd {

Deferred::Deferred(Js& js) : ticket_(new Ticket{js.pendingPromises(), js.pendingPromises()->next++}) {
  const auto resolver = v8::Promise::Resolver::New(js.context()).ToLocalChecked();
  js.pendingPromises()->byNumber.emplace(ticket_->number,
                                         v8::Global<v8::Promise::Resolver>(js.isolate(), resolver));
}

Deferred::Ticket::~Ticket() {
  if (const auto pending = table.lock()) pending->byNumber.erase(number);
}

v8::Local<v8::Promise> Deferred::promise() const {
  const auto pending = ticket_->table.lock();
  return pending->byNumber.at(ticket_->number).Get(pending->js->isolate())->GetPromise();
}

void Deferred::settleOnce(const std::function<void(Js&, v8::Local<v8::Promise::Resolver>)>& settle) const {
  const auto pending = ticket_->table.lock();
  if (!pending) return;
  pending->js->enter([&] {
    const auto found = pending->byNumber.find(ticket_->number);
    if (found == pending->byNumber.end()) return;
    const auto resolver = found->second.Get(pending->js->isolate());
    pending->byNumber.erase(found);
    settle(*pending->js, resolver);
  });
}

void Deferred::resolve() const {
  settleOnce(
      [](Js& js, auto resolver) { resolver->Resolve(js.context(), v8::Undefined(js.isolate())).Check(); });
}

void Deferred::resolveWith(const std::function<v8::Local<v8::Value>()>& value) const {
  settleOnce([&](Js& js, auto resolver) { resolver->Resolve(js.context(), value()).Check(); });
}

void Deferred::reject(const Outcome& outcome) const {
  settleOnce([&](Js& js, auto resolver) { resolver->Reject(js.context(), toJsError(js, outcome)).Check(); });
}

void Deferred::rejectWith(const std::exception_ptr& failure) const {
  settleOnce([&](Js& js, auto resolver) { resolver->Reject(js.context(), toJsError(js, failure)).Check(); });
}

v8::Local<v8::Promise> Callback::callForPromise(Js& js) const {
  v8::Local<v8::Value> value;
  if (!function_.Get(js.isolate())
           ->Call(js.context(), v8::Undefined(js.isolate()), 0, nullptr)
           .ToLocal(&value))
    throw PendingException{};
  if (value->IsPromise()) return value.As<v8::Promise>();
  const auto resolver = v8::Promise::Resolver::New(js.context()).ToLocalChecked();
  resolver->Resolve(js.context(), value).Check();
  return resolver->GetPromise();
}

}  // namespace deskd
