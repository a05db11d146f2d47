# SPDX-License-Identifier: Apache-2.0
"""A script tries whatever JavaScript can reach to get out of what it was granted. Nothing of it succeeds."""

import os
import unittest

from deskd_fixture import DeskdCase, PATIENCE

# An attempt holds if it throws, rejects, or gives undefined; what it gives otherwise has escaped.
ATTEMPTS = """
import * as gpio from 'deskd:gpio';
import * as i2c from 'deskd:i2c';
import * as serial from 'deskd:serial';
import {publish, subscribe} from 'deskd:mqtt';
import {device} from 'deskd:hub';
import {get, keys, set} from 'deskd:storage';
import * as script from 'deskd:script';

const secret = %(secret)s;
const outside = %(outside)s;
const F = (async () => {}).constructor;
const port = (path) => serial.open({path, framing: {type: 'slip', max: 64}}).then((one) => one.path);
const bus = (name) => i2c.open({bus: name, address: 0x29}).then((one) => `bus ${name}`);
const line = (name) => gpio.output({line: name, initial: 0, safe: 0}).then(() => name);
const say = (topic) => publish(topic, 'escaped', {retain: true}).then(() => topic);
const hear = (filter) => subscribe(filter, () => {}).then(() => filter);
const load = (name) => import(name).then((module) => Object.keys(module).join() || name);
const tricked = (good, bad) => { let asked = 0; return {toString: () => asked++ === 0 ? good : bad}; };

const attempts = {
  // Files beyond its directory, by every spelling of their names.
  absolute: () => load(outside),
  relative: () => load('../outside.js'),
  deeper: () => load('./lib/../../outside.js'),
  encoded: () => load('./%%2e%%2e/outside.js'),
  encodedSlash: () => load('..%%2foutside.js'),
  url: () => load(`file://${outside}`),
  urlWithHost: () => load(`file://localhost${outside}`),
  doubleSlash: () => load(`//${outside}`),
  backslash: () => load('..\\\\outside.js'),
  link: () => load('./link.js'),
  linkedDirectory: () => load('./linked/outside.js'),
  zero: () => load('./a.js\\0/../../outside.js'),
  json: () => import('../secret.json').then((module) => module.default.secret),
  jsonAsserted: () => new F("return import('/etc/passwd', {assert: {type: 'json'}})")(),
  procSelf: () => load('/proc/self/environ'),
  procRoot: () => load(`/proc/self/root${outside}`),
  procCwd: () => load(`/proc/self/cwd/..${outside}`),
  procDescriptor: () => load('/proc/self/fd/3'),
  device: () => load('/dev/stdin'),
  data: () => load('data:text/javascript,export const secret = 1;'),
  http: () => load('http://127.0.0.1/outside.js'),
  // What is ours inside.
  native: () => load('native:guard'),
  nativeInFunction: () => new F("return import('native:serial')")(),
  internal: () => load('deskd:mqtt_client'),
  internalFile: () => load('internal:mqtt_client.js'),
  nodeModule: () => load('node:fs'),
  bareNode: () => load('fs'),
  process: () => globalThis.process ?? globalThis.require ?? globalThis.Deno,
  functionThis: () => { const all = Function('return this')(); return all.process ?? all.native ?? all.require; },
  constructorOfNative: () => gpio.Output.constructor('return this')().process,
  makeOutput: () => new gpio.Output(),
  caller: () => { function f() { return f.caller?.caller; } return f() ?? undefined; },
  stackFunction: () => {
    Error.prepareStackTrace = (e, frames) => frames.map((frame) => frame.getFunction()).filter(Boolean);
    const found = new Error('x').stack;
    Error.prepareStackTrace = undefined;
    return Array.isArray(found) && found.some((one) => one.name === 'native') ? 'native function' : undefined;
  },
  // Devices that are none, or not granted.
  file: () => port(secret),
  passwords: () => port('/etc/passwd'),
  memory: () => port('/dev/mem'),
  nullDevice: () => port('/dev/null'),
  console: () => port('/dev/console'),
  otherPort: () => port('/dev/../dev/ttyAMA0'),
  descriptorPort: () => port('/proc/self/fd/0'),
  trickedPort: () => port(tricked('/dev/granted', '/dev/ttyAMA0')),
  busPath: () => bus('/dev/i2c-1/../null'),
  busUp: () => bus('../../etc/passwd'),
  otherBus: () => bus('/dev/i2c-2'),
  busNumber: () => bus('0002'),
  otherLine: () => line('GPIO27'),
  linePath: () => line('/dev/gpiochip0:27'),
  lineLabel: () => line('pinctrl-bcm2711:27'),
  lineOffset: () => line('gpiochip0:0x1b'),
  otherMotionLine: () => gpio.output({line: 'gpiochip0:27', initial: 0, safe: 0, lease: 100}).then(() => 'moves'),
  // Topics of others.
  otherDevice: () => say('deskd/test/witness/x/state'),
  node: () => say('deskd/test/status'),
  discovery: () => say('homeassistant/switch/test/witness_x/config'),
  system: () => say('$SYS/broker/x'),
  emptyTopic: () => say(''),
  wildcard: () => say('deskd/test/escape/#'),
  plus: () => say('deskd/test/+/x'),
  prefix: () => say('deskd/test/escapee/x'),
  nul: () => say('deskd/test/escape/\\0'),
  leadingSlash: () => say('/deskd/test/escape/x'),
  trickedTopic: () => say(tricked('deskd/test/escape/x', 'home/x')),
  hearAll: () => hear('#'),
  hearSystem: () => hear('$SYS/#'),
  hearShared: () => hear('$share/group/#'),
  hearOther: () => hear('home/+'),
  property: () => { device().sensor('../../witness/x').set('escaped'); return undefined; },
  // Stores of others.
  storeOfOther: () => get('../witness/secret'),
  storeByPath: () => get('/scripts/witness/secret'),
  storeByZero: () => get('\\0witness\\0secret'),
  storeKeys: async () => { const all = await keys(''); return all.find((key) => key.includes('secret')); },
  settings: () => { script.settings.permissions = 1; return script.settings.permissions; },
  limits: () => script.settings.limits ?? script.settings.permissions,
};

const escaped = [];
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    const got = await attempt();
    if (got !== undefined) escaped.push(`${name}: ${String(got).slice(0, 100)}`);
  } catch (error) {
    console.log(`held: ${name}: ${error?.code}: ${String(error?.message).slice(0, 120)}`);
  }
}
await set('mine', 1);
console.log(`escaped: ${escaped.length} of ${Object.keys(attempts).length} ${escaped.join('; ')}`);
setInterval(() => {}, 1000);
"""

DEVICES = """
import * as serial from 'deskd:serial';
const paths = {secret: %s, passwords: '/etc/passwd', itself: import.meta.url.replace('file://', ''),
               null: '/dev/null', memory: '/dev/mem', console: '/dev/kmsg', descriptor: '/proc/self/fd/0'};
const told = [];
for (const [name, path] of Object.entries(paths)) {
  try {
    await serial.open({path, framing: {type: 'slip', max: 64}});
    told.push(`${name}=opened`);
  } catch (error) {
    told.push(`${name}=${error.code}`);
  }
}
console.log(`done ${told.join(' ')}`);
"""


class EscapeTest(DeskdCase):
    def test_no_attempt_succeeds(self):
        self.start_broker()
        self.write_settings()
        outside = os.path.join(self.directory, "outside.js")
        with open(outside, "w") as file:
            file.write("export const secret = 'outside';\n")
        secret = os.path.join(self.directory, "secret.json")
        with open(secret, "w") as file:
            file.write('{"secret": "json"}\n')
        os.mkdir(os.path.join(self.scripts, "lib"))
        os.symlink(outside, os.path.join(self.scripts, "lib", "link.js"))
        os.symlink(self.directory, os.path.join(self.scripts, "lib", "linked"))
        self.write_script("witness.js", "import {set} from 'deskd:storage'; import {device} from 'deskd:hub';\n"
                                        "await set('secret', 'mine'); device().sensor('x').set(1);\n"
                                        "setInterval(() => {}, 1000); console.log('ready');")
        self.start_daemon("--sim")
        self.daemon.lines.wait("witness: ready")
        self.daemon.lines.wait("connected to mqtt://")
        with open(os.path.join(self.scripts, "escape.toml"), "w") as file:
            file.write('[permissions]\nlines = ["GPIO17"]\ni2c = ["i2c-1"]\nserial = ["/dev/granted"]\n'
                       'subscribe = ["deskd/test/escape/#"]\n')
        mark = self.client.mark()
        source = ATTEMPTS % {"secret": repr(secret), "outside": repr(outside)}
        self.write_script("escape.js", source.replace("'./link", "'./lib/link"))
        _, line = self.daemon.lines.wait(r"escape: escaped: ", deadline=30 * PATIENCE)
        self.assertRegex(line, r"escaped: 0 of [4-9]\d ")
        own = [topic for topic, payload, _ in self.client.messages[mark:] if "escaped" in payload]
        self.assertEqual([topic for topic in own if not topic.startswith("deskd/test/escape/")], [])
        self.assertEqual(self.daemon.lines.count("witness: running"), 1)

    def test_a_serial_port_is_no_way_to_files_and_other_devices(self):
        """With every device granted, and real ones: here the kernel and the driver are what refuses."""
        self.write_settings(broker=False)
        secret = os.path.join(self.directory, "secret.json")
        with open(secret, "w") as file:
            file.write("{}")
        self.write_script("escape.js", DEVICES % repr(secret))
        self.start_daemon()
        _, line = self.daemon.lines.wait("escape: done ")
        self.assertNotIn("opened", line)
        codes = dict(part.split("=") for part in line.split("done ", 1)[1].split())
        self.assertEqual(set(codes), {"secret", "passwords", "itself", "null", "memory", "console", "descriptor"})
        self.assertEqual(codes["null"], "ENOTTY")
        if os.path.exists("/sys/kernel/security/landlock") or "landlock" in self.security_modules():
            self.assertEqual((codes["secret"], codes["passwords"]), ("EACCES", "EACCES"))

    @staticmethod
    def security_modules():
        try:
            with open("/sys/kernel/security/lsm") as file:
                return file.read()
        except OSError:
            return ""


if __name__ == "__main__":
    unittest.main(verbosity=2)
