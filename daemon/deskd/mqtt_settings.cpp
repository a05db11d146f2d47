// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/mqtt_settings.h"

#include <charconv>
#include <stdexcept>

namespace deskd {
namespace {

std::uint16_t parsePort(const std::string& text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535) {
    throw std::invalid_argument("expected a port of 1 to 65535, found \"" + text + "\"");
  }
  return static_cast<std::uint16_t>(port);
}

bool isHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
         c == '_';
}

}  // namespace

void parseMqttUrl(const std::string& url, MqttSettings& into) {
  const std::size_t schemeEnd = url.find("://");
  const std::string scheme = schemeEnd == std::string::npos ? "" : url.substr(0, schemeEnd);
  if (scheme != "mqtt" && scheme != "mqtts") {
    throw std::invalid_argument("expected mqtt://HOST:PORT, or mqtts:// for TLS, found \"" + url + "\"");
  }
  std::string rest = url.substr(schemeEnd + 3);
  if (rest.ends_with('/')) rest.pop_back();
  if (rest.find('@') != std::string::npos) {
    // The text is not repeated: it may hold a password.
    throw std::invalid_argument(
        "expected no user name in the address; use the keys username and password_file");
  }
  if (rest.find_first_of("/?#") != std::string::npos) {
    throw std::invalid_argument("expected nothing after the port, found \"" + url + "\"");
  }

  const bool tls = scheme == "mqtts";
  std::string host;
  std::string after;
  if (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    if (close == std::string::npos)
      throw std::invalid_argument("expected \"]\" after the IPv6 address in \"" + url + "\"");
    host = rest.substr(1, close - 1);
    after = rest.substr(close + 1);
    if (host.empty() || host.find_first_not_of("0123456789abcdefABCDEF:.%") != std::string::npos) {
      throw std::invalid_argument("expected an IPv6 address in brackets, found \"" + host + "\"");
    }
  } else {
    const std::size_t colon = rest.find(':');
    host = rest.substr(0, colon);
    after = colon == std::string::npos ? "" : rest.substr(colon);
    if (after.find(':', 1) != std::string::npos) {
      throw std::invalid_argument("expected brackets around an IPv6 address, as in mqtt://[::1], found \"" +
                                  url + "\"");
    }
    for (const char c : host) {
      if (!isHostCharacter(c)) throw std::invalid_argument("expected a host name, found \"" + host + "\"");
    }
  }
  if (host.empty())
    throw std::invalid_argument("expected a host name after \"" + scheme + "://\", found none");
  if (!after.empty() && !after.starts_with(':')) {
    throw std::invalid_argument("expected \":PORT\" after the address, found \"" + after + "\"");
  }
  const std::uint16_t port = after.empty() ? (tls ? 8883 : 1883) : parsePort(after.substr(1));

  into.url = url;
  into.host = host;
  into.port = port;
  into.tls = tls;
}

}  // namespace deskd
