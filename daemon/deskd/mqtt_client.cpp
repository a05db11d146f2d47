// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/mqtt_client.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <utility>

#include "daemon/deskd/mqtt_inbox.h"
#include "daemon/deskd/mqtt_reconnect.h"
#include "daemon/deskd/mqtt_session.h"
#include "daemon/deskd/tcp_no_delay.h"
#include "daemon/deskd/tcp_probe.h"
#include "hal/base/error.h"
#include "hal/base/log.h"

namespace deskd {
namespace {

constexpr int unsupportedVersion5 = 132;  // CONNACK of MQTT 5
constexpr int unsupportedVersion3 = 1;    // CONNACK of 3.1.1
constexpr int notAuthorized = 135;
constexpr int sessionTakenOver = 142;
constexpr int idsNotSupported = 161;
constexpr int firstRefusal = 128;

// Publishes in flight. mosquitto's default for what it takes; enough to keep a link busy.
constexpr std::size_t inFlightWindow = 20;

MqttResult offline(const std::string& why) {
  return {"ERR_OFFLINE", why, false};
}

MqttResult resultOf(const MqttEvent& event) {
  if (event.reason >= firstRefusal) {
    const char* code = event.reason == notAuthorized ? "ERR_NOT_AUTHORIZED" : "ERR_REFUSED";
    return {code, mqttErrorText(event.code, event.reason), false};
  }
  if (event.code == 0) return {};
  if (event.code >= firstRefusal) return {"ERR_REFUSED", mqttErrorText(event.code, 0), false};
  return offline("the connection broke before the broker answered");
}

void checkReadable(const std::string& path, const char* what) {
  if (path.empty() || ::access(path.c_str(), R_OK) == 0) return;
  throw std::invalid_argument(std::string("mqtt.") + what + ": " + path +
                              " cannot be read: " + std::generic_category().message(errno));
}

// Tells a thread's end to someone who waits for it with a deadline.
struct Ended {
  std::mutex mutex;
  std::condition_variable changed;
  bool ended = false;
};

}  // namespace

class MqttClient::Impl {
 public:
  Impl(Loop& loop, MqttClientOptions options, MqttClientHandlers handlers)
      : loop_(loop),
        options_(std::move(options)),
        handlers_(std::move(handlers)),
        reconnect_(options_.firstRetryDelay, options_.maxRetryDelay),
        retryTimer_(loop, [this] { attempt(); }),
        watchdog_(loop, [this] { failed("the broker did not answer in time"); }),
        stopTimer_(loop, [this] { stopped(); }),
        deferTimer_(loop, [this] { runDeferred(); }) {
    checkReadable(options_.settings.caFile, "ca_file");
    checkReadable(options_.settings.certFile, "cert_file");
    checkReadable(options_.settings.keyFile, "key_file");
    MqttInbox::Bounds bounds;
    bounds.events = 2 * options_.maxUnacknowledged + 2 * options_.maxFilters + 64;
    bounds.messages = options_.maxInboundMessages;
    bounds.messageBytes = options_.maxInboundBytes;
    bounds.payloadBytes = options_.maxPayloadBytes;
    inbox_ = std::make_shared<MqttInbox>(loop, bounds, [this](const MqttEvent& event) { happened(event); });
  }

  ~Impl() {
    inbox_->close();
    if (session_) retire();
    if (!retiring_.joinable()) return;
    std::unique_lock lock(ended_->mutex);
    const bool ended = ended_->changed.wait_for(lock, options_.stopTimeout, [this] { return ended_->ended; });
    lock.unlock();
    if (ended) {
      retiring_.join();
    } else {
      retiring_.detach();  // stuck in Paho, for instance in a name server that does not answer; it owns what
                           // it uses
    }
  }

  void start() {
    if (state_ != State::idle) return;
    attempt();
  }

  void stop(std::function<void()> done) {
    if (state_ == State::stopping) return;
    onStopped_ = std::move(done);
    const bool wasConnected = state_ == State::connected;
    state_ = State::stopping;
    probe_.reset();
    retryTimer_.stop();
    watchdog_.stop();
    stopTimer_.start(options_.stopTimeout);
    if (wasConnected && pendingPublishes() > 0) return;  // answered() or stopTimer_ goes on
    leave();
  }

  bool connected() const { return state_ == State::connected; }
  int protocolVersion() const { return !connected() ? 0 : session_->mqtt5() ? 5 : 3; }
  Counters counters() const {
    Counters counters = counters_;
    counters.inboundDropped = inbox_->dropped();
    return counters;
  }
  std::size_t pendingPublishes() const { return pendingPlain_ + pendingRetained_; }

  void publish(MqttMessage message, MqttDone done) {
    if (!connected()) return answerLater(std::move(done), refusal());
    const std::size_t count = message.retained ? pendingRetained_ : pendingPlain_;
    const bool full = count >= options_.maxUnacknowledged ||
                      pendingBytes_ + message.payload.size() > options_.maxUnacknowledgedBytes;
    if (full) {
      const std::string waiting = std::to_string(count) + " messages wait for the broker already";
      return answerLater(std::move(done), {"ERR_QUEUE_FULL", waiting, false});
    }
    Pending pending;
    pending.what = message.retained ? What::retainedPublish : What::plainPublish;
    pending.bytes = message.payload.size();
    pending.done = std::move(done);
    account(pending, +1);
    const std::uint32_t request = newRequest();
    pending_[request] = std::move(pending);
    outbox_.emplace_back(request, std::move(message));
    sendPublishes();
  }

  void subscribe(const std::string& filter, MqttSubscription options, MqttDone done) {
    const bool isNew = filters_.find(filter) == filters_.end();
    if (isNew && filters_.size() >= options_.maxFilters) {
      return answerLater(std::move(done),
                         {"ERR_QUEUE_FULL",
                          "there are " + std::to_string(filters_.size()) + " subscriptions already", false});
    }
    filters_[filter] = options;
    if (connected()) return send(filter, options, std::move(done));
    MqttResult result = state_ == State::stopping ? refusal() : MqttResult();
    result.stored = result.ok();
    answerLater(std::move(done), result);
  }

  void unsubscribe(const std::string& filter) {
    if (filters_.erase(filter) == 0 || !connected()) return;
    const std::uint32_t request = newRequest();
    try {
      session_->unsubscribe(filter, request);
    } catch (const std::runtime_error&) {
      return;  // the connection is breaking, and the subscription with it
    }
    pending_[request] = {What::unsubscribe, filter, 0, {}};
  }

 private:
  enum class State { idle, waiting, connecting, connected, stopping };
  enum class What { plainPublish, retainedPublish, subscribe, unsubscribe };
  struct Pending {
    What what = What::plainPublish;
    std::string filter;
    std::size_t bytes = 0;
    MqttDone done;
  };

  // Connecting
  // ------------------------------------------------------------------------------------------------------

  void attempt() {
    if (state_ == State::stopping) return;
    state_ = State::waiting;
    if (retiring_
            .joinable()) {  // Paho's threads are shared; the old client is gone before there is a new one
      attemptWhenRetired_ = true;
      return;
    }
    MqttSession::Options options;
    options.settings = options_.settings;
    options.clientId = options_.clientId;
    options.password = options_.password;
    options.will = options_.will;
    options.mqtt5 = options_.settings.version != MqttVersion::v311 && !fallBack_;
    options.connectTimeoutS = static_cast<unsigned>((options_.connectTimeout.count() + 999) / 1000);
    options.maxPacketBytes = static_cast<std::uint32_t>(options_.maxPayloadBytes + 66000);  // and its topic
    try {
      session_ = std::make_unique<MqttSession>(++lastSession_, options, inbox_);
      state_ = State::connecting;
      session_->connect();
    } catch (const std::runtime_error& error) {
      return failed(error.what());
    }
    constexpr Milliseconds paho(5000);  // Paho has its own timeout; this is for the day when it forgets
    watchdog_.start(options_.connectTimeout + paho);
  }

  void connectionMade(int receiveMaximum) {
    if (state_ != State::connecting) return;
    state_ = State::connected;
    window_ = receiveMaximum > 0 ? std::min(inFlightWindow, static_cast<std::size_t>(receiveMaximum))
                                 : inFlightWindow;
    watchdog_.stop();
    ++counters_.connections;
    reconnect_.connected(loop_.nowMs());
    setTcpNoDelay(options_.settings.host, options_.settings.port);
    const std::vector<int> sockets = tcpSocketsTo(options_.settings.host, options_.settings.port);
    peer_ = sockets.empty() ? std::nullopt : tcpPeerOf(sockets.front());
    lastFailure_.clear();
    disconnectReason_ = 0;
    for (const auto& [filter, options] : filters_) {
      if (!connected()) return;
      send(filter, options, {});
    }
    if (handlers_.onConnected) handlers_.onConnected();
  }

  void connectFailed(const MqttEvent& event) {
    const bool versionRefused = event.reason == unsupportedVersion5 || event.code == unsupportedVersion3;
    if (session_->mqtt5() && versionRefused && options_.settings.version == MqttVersion::newest) {
      log(Priority::notice, options_.settings.url + " does not speak MQTT 5, trying 3.1.1");
      fallBack_ = true;
      watchdog_.stop();
      retire();
      return attempt();
    }
    failed(mqttErrorText(event.code, event.reason));
  }

  // The connection could not be made.
  void failed(const std::string& why) {
    ++counters_.connectFailures;
    watchdog_.stop();
    if (session_) retire();
    if (why != lastFailure_) {
      log(Priority::warning, "cannot connect to " + options_.settings.url + ": " + why + "; trying again");
      lastFailure_ = why;
    }
    retryAfter(MqttReconnect::Cause::failed);
  }

  void connectionLost(const std::string& cause) {
    const bool wasConnected = state_ == State::connected;
    std::string why = disconnectReason_ != 0 ? mqttErrorText(0, disconnectReason_) : cause;
    if (why.empty()) why = "connection lost";
    if (state_ == State::stopping) {
      failPending();
      return leave();
    }
    retire();
    if (!wasConnected) return failed(why);
    state_ = State::waiting;
    failPending();
    retryAfterLoss();
    if (handlers_.onDisconnected) handlers_.onDisconnected(why);
  }

  void retryAfterLoss() {
    if (disconnectReason_ == sessionTakenOver) return retryAfter(MqttReconnect::Cause::takenOver);
    if (disconnectReason_ != 0) return retryAfter(MqttReconnect::Cause::lost);
    if (!peer_ || !reconnect_.isQuick(loop_.nowMs()))
      return retryAfter(MqttReconnect::Cause::lostUnexplained);
    // Thrown out by a broker that goes on, or did the broker itself go down?
    constexpr Milliseconds mostForAnswer(1000);
    probe_.emplace(loop_, *peer_, mostForAnswer, [this](bool accepting) {
      probe_.reset();
      if (state_ != State::waiting) return;
      retryAfter(accepting ? MqttReconnect::Cause::lostUnexplained : MqttReconnect::Cause::gone);
    });
  }

  void retryAfter(MqttReconnect::Cause cause) {
    state_ = State::waiting;
    fallBack_ = false;  // the broker may have been replaced by a newer one
    const MqttReconnect::Verdict verdict =
        reconnect_.next(cause, loop_.nowMs(), options_.random ? options_.random() : 0.5);
    if (verdict.takeover) {
      ++counters_.takeovers;
      log(Priority::error, "another client seems to use the id \"" + options_.clientId + "\" at " +
                               options_.settings.url +
                               "; waiting before taking it back. Give each board its own node name");
    }
    retryTimer_.start(verdict.delay);
  }

  // Hands the session to a thread of its own that may wait while Paho takes it down.
  void retire() {
    if (retiring_.joinable()) retiring_.join();  // cannot be: attempt() waits for it
    ended_ = std::make_shared<Ended>();
    auto work = [session = std::shared_ptr<MqttSession>(std::move(session_)), inbox = inbox_,
                 ended = ended_]() mutable noexcept {
      MqttEvent event;
      event.kind = MqttEvent::Kind::retired;
      event.session = session->number();
      session.reset();
      {
        const std::lock_guard lock(ended->mutex);
        ended->ended = true;
      }
      ended->changed.notify_all();
      inbox->post(std::move(event));
    };
    retiring_ = std::thread(std::move(work));
  }

  void retired() {
    retiring_.join();
    if (state_ == State::stopping) return stopped();
    if (std::exchange(attemptWhenRetired_, false)) attempt();
  }

  // Stopping: retire the session, then stopped().
  void leave() {
    if (session_) return retire();
    if (!retiring_.joinable()) stopped();
  }

  void stopped() {
    stopTimer_.stop();
    if (session_) retire();
    failPending();
    if (onStopped_) deferred_.push_back(std::exchange(onStopped_, nullptr));
    deferTimer_.start(Milliseconds(0));
  }

  // Events
  // ----------------------------------------------------------------------------------------------------------

  void happened(const MqttEvent& event) {
    if (event.kind == MqttEvent::Kind::retired) return retired();
    if (!session_ || event.session != session_->number()) return;  // of a connection that is over
    switch (event.kind) {
      case MqttEvent::Kind::connected:
        return connectionMade(event.code);
      case MqttEvent::Kind::connectFailed:
        if (state_ == State::connecting) connectFailed(event);
        return;
      case MqttEvent::Kind::disconnected:
        // Paho 1.3.11 says no more after this, newer ones say "lost" too.
        disconnectReason_ = event.reason;
        return connectionLost("");
      case MqttEvent::Kind::lost:
        return connectionLost(event.text);
      case MqttEvent::Kind::answered:
        return answered(event);
      case MqttEvent::Kind::message:
        if (connected() && handlers_.onMessage) handlers_.onMessage(event.message);
        return;
      case MqttEvent::Kind::retired:
        return;
    }
  }

  void answered(const MqttEvent& event) {
    const auto found = pending_.find(event.request);
    if (found == pending_.end()) return;
    const Pending pending = std::move(found->second);
    pending_.erase(found);
    account(pending, -1);
    if (isPublish(pending.what)) --inFlight_;
    const MqttResult result = resultOf(event);
    if (pending.what == What::subscribe && event.reason == idsNotSupported && !withoutIds_) {
      withoutIds_ = true;
      for (const auto& [filter, options] : filters_)
        send(filter, options, filter == pending.filter ? pending.done : MqttDone());
      return;
    }
    if (pending.what == What::subscribe && !result.ok() && result.code != "ERR_OFFLINE") {
      log(Priority::warning,
          "the broker refuses the subscription to " + pending.filter + ": " + result.message);
    }
    sendPublishes();
    if (pending.done) pending.done(result);
    if (state_ == State::stopping && session_ && pendingPublishes() == 0) leave();
  }

  void send(const std::string& filter, MqttSubscription options, MqttDone done) {
    if (withoutIds_) options.id = 0;
    const std::uint32_t request = newRequest();
    try {
      session_->subscribe(filter, options, request);
    } catch (const std::runtime_error& error) {
      return answerLater(std::move(done), offline(error.what()));
    }
    pending_[request] = {What::subscribe, filter, 0, std::move(done)};
  }

  void failPending() {
    std::map<std::uint32_t, Pending> pending = std::exchange(pending_, {});
    outbox_.clear();
    inFlight_ = 0;
    for (auto& [request, waiting] : pending) {
      account(waiting, -1);
      answerLater(std::move(waiting.done), offline("the connection broke before the broker answered"));
    }
  }

  static bool isPublish(What what) { return what == What::plainPublish || what == What::retainedPublish; }

  void account(const Pending& pending, int sign) {
    if (!isPublish(pending.what)) return;
    std::size_t& count = pending.what == What::retainedPublish ? pendingRetained_ : pendingPlain_;
    count += static_cast<std::size_t>(sign);
    pendingBytes_ += static_cast<std::size_t>(sign) * pending.bytes;
  }

  // While stopping too: what was published before goes out.
  void sendPublishes() {
    while (session_ && !outbox_.empty() && inFlight_ < window_) {
      const auto [request, message] = std::move(outbox_.front());
      outbox_.pop_front();
      try {
        session_->publish(message, request);
        ++inFlight_;
      } catch (const std::runtime_error& error) {
        const auto found = pending_.find(request);
        account(found->second, -1);
        answerLater(std::move(found->second.done), offline(error.what()));
        pending_.erase(found);
      }
    }
  }

  MqttResult refusal() const {
    if (state_ == State::stopping) return {"ERR_CLOSED", "deskd is going down", false};
    return offline("there is no connection to the broker");
  }

  // Numbers are used up in order, so a map of them is in the order of asking.
  std::uint32_t newRequest() {
    do {
      ++lastRequest_;
    } while (lastRequest_ == 0 || pending_.contains(lastRequest_));
    return lastRequest_;
  }

  void answerLater(MqttDone done, MqttResult result) {
    if (!done) return;
    deferred_.emplace_back([done = std::move(done), result = std::move(result)] { done(result); });
    deferTimer_.start(Milliseconds(0));
  }
  void runDeferred() {
    std::deque<std::function<void()>> now = std::exchange(deferred_, {});
    for (const auto& call : now)
      call();
  }

  Loop& loop_;
  const MqttClientOptions options_;
  const MqttClientHandlers handlers_;
  State state_ = State::idle;
  MqttReconnect reconnect_;
  Counters counters_;
  std::map<std::string, MqttSubscription> filters_;
  std::map<std::uint32_t, Pending> pending_;
  std::deque<std::pair<std::uint32_t, MqttMessage>> outbox_;  // of pending_, what waits for its turn
  std::size_t pendingPlain_ = 0;
  std::size_t pendingRetained_ = 0;
  std::size_t pendingBytes_ = 0;
  std::size_t inFlight_ = 0;
  std::size_t window_ = inFlightWindow;
  std::uint32_t lastRequest_ = 0;
  std::uint64_t lastSession_ = 0;
  bool fallBack_ = false;    // to 3.1.1, for the next attempt
  bool withoutIds_ = false;  // the broker knows no subscription identifiers
  bool attemptWhenRetired_ = false;
  int disconnectReason_ = 0;              // the broker's, just before it hung up
  std::optional<sockaddr_storage> peer_;  // the broker, as the last connection found it
  std::string lastFailure_;               // so that a broker that stays away is logged once
  std::function<void()> onStopped_;
  std::deque<std::function<void()>> deferred_;

  std::shared_ptr<MqttInbox> inbox_;
  std::unique_ptr<MqttSession> session_;
  std::shared_ptr<Ended> ended_;
  std::thread retiring_;

  std::optional<TcpProbe> probe_;
  Timer retryTimer_;
  Timer watchdog_;
  Timer stopTimer_;
  Timer deferTimer_;
};

MqttClient::MqttClient(Loop& loop, MqttClientOptions options, MqttClientHandlers handlers)
    : impl_(std::make_unique<Impl>(loop, std::move(options), std::move(handlers))) {}

MqttClient::~MqttClient() = default;

void MqttClient::start() {
  impl_->start();
}
void MqttClient::stop(std::function<void()> done) {
  impl_->stop(std::move(done));
}
bool MqttClient::connected() const {
  return impl_->connected();
}
int MqttClient::protocolVersion() const {
  return impl_->protocolVersion();
}
MqttClient::Counters MqttClient::counters() const {
  return impl_->counters();
}
std::size_t MqttClient::unacknowledged() const {
  return impl_->pendingPublishes();
}
void MqttClient::publish(MqttMessage message, MqttDone done) {
  impl_->publish(std::move(message), std::move(done));
}
void MqttClient::subscribe(const std::string& filter, MqttSubscription options, MqttDone done) {
  impl_->subscribe(filter, options, std::move(done));
}
void MqttClient::unsubscribe(const std::string& filter) {
  impl_->unsubscribe(filter);
}

}  // namespace deskd
