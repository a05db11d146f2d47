// SPDX-License-Identifier: Apache-2.0
#include "daemon/deskd/mqtt_files.h"

#include <functional>
#include <system_error>

#include "daemon/deskd/secret.h"
#include "hal/base/file.h"

namespace deskd {
namespace {

constexpr std::size_t mostBytes = 16 * 1024 * 1024;  // of a file of certificates

// Each returns what is wrong, or "".
std::string expectCertificate(const std::string& text) {
  const bool found = text.find("-----BEGIN CERTIFICATE-----") != std::string::npos ||
                     text.find("-----BEGIN TRUSTED CERTIFICATE-----") != std::string::npos;
  return found ? "" : "expected a certificate in PEM form (-----BEGIN CERTIFICATE-----), found none in ";
}

std::string expectKey(const std::string& text) {
  if (text.find("PRIVATE KEY-----") == std::string::npos)
    return "expected a private key in PEM form (-----BEGIN PRIVATE KEY-----), found none in ";
  // Nobody is there to type it.
  if (text.find("ENCRYPTED") != std::string::npos)
    return "expected a private key without a passphrase, found one with it in ";
  return "";
}

std::string lookInto(const std::string& path, const std::function<std::string(const std::string&)>& expect) {
  if (path.empty()) return "";
  try {
    const std::string wrong = expect(readFile(path, mostBytes));
    return wrong.empty() ? "" : wrong + path;
  } catch (const std::system_error& error) {
    return path + " cannot be read: " + error.code().message();
  }
}

std::string passwordMistake(const MqttSettings& mqtt) {
  try {
    (void)mqttPassword(mqtt);
    return "";
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::no_such_file_or_directory || mqtt.passwordFile.empty())
      return error.what();
    return mqtt.passwordFile + " does not exist; write the password into it and make it readable for its " +
           "owner only (chmod 600), or take this key out of the settings";
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

std::vector<std::string> mqttFileMistakes(const Settings& settings) {
  std::vector<std::string> mistakes;
  const MqttSettings& mqtt = settings.mqtt;
  if (!mqtt.enabled()) return mistakes;
  const auto add = [&](const std::string& key, const std::string& wrong) {
    if (wrong.empty()) return;
    const auto place = settings.places.find(key);
    mistakes.push_back((place == settings.places.end() ? "" : place->second + ": ") + key + ": " + wrong);
  };
  const std::string password = passwordMistake(mqtt);
  if (mqtt.passwordFile.empty() && !password.empty())
    mistakes.push_back("systemd credential \"mqtt-password\": " + password);
  else
    add("mqtt.password_file", password);
  add("mqtt.ca_file", lookInto(mqtt.caFile, expectCertificate));
  add("mqtt.cert_file", lookInto(mqtt.certFile, expectCertificate));
  add("mqtt.key_file", lookInto(mqtt.keyFile, expectKey));
  return mistakes;
}

}  // namespace deskd
