# SPDX-License-Identifier: Apache-2.0
"""What [permissions] of NAME.toml grants a script, and how a refusal names the grant that is missing."""

import unittest

from deskd_fixture import DeskdCase

TOPICS = """
import {publish, subscribe} from 'deskd:mqtt';
async function attempt(name, action) {
  try { await action(); console.log(name, 'granted'); }
  catch (error) { console.log(name, error.code, error.message); }
}
for (const topic of ['deskd/test/lamp/x', 'deskd/test/desk/x', 'deskd/test/status', 'home/lamp', 'home/lamp/a/b',
                     'homeassistant/x/config', '$SYS/x'])
  await attempt(`publish ${topic}`, () => publish(topic, '1'));
for (const filter of ['home/lamp/#', 'home/+', 'home/#', '#', '$SYS/#'])
  await attempt(`subscribe ${filter}`, () => subscribe(filter, () => {}));
console.log('all tried');
"""


class PermissionsTest(DeskdCase):
    def outcomes(self, permissions):
        self.start_broker()
        self.write_settings()
        self.start_daemon()
        self.daemon.lines.wait("connected to mqtt://")
        with open(f"{self.scripts}/lamp.toml", "w") as file:
            file.write(permissions)
        self.write_script("lamp.js", TOPICS)
        self.daemon.lines.wait("lamp: all tried")
        found = {}
        for _, line in self.daemon.lines.seen:
            for kind in ("publish", "subscribe"):
                if f"lamp: {kind} " in line:
                    topic, result = line.split(f"{kind} ", 1)[1].split(" ", 1)
                    found[kind, topic] = result
        return found

    def refusal(self, topic, kind):
        return f'ERR_PERMISSION not granted: add "{topic}" to {kind} in [permissions] of lamp.toml'

    def test_without_the_table_a_script_publishes_under_its_own_device_only(self):
        found = self.outcomes("")
        self.assertEqual(found["publish", "deskd/test/lamp/x"], "granted")
        for topic in ("deskd/test/desk/x", "deskd/test/status", "home/lamp", "homeassistant/x/config", "$SYS/x"):
            self.assertEqual(found["publish", topic], self.refusal(topic, "publish"))
        for topic in ("home/lamp/#", "home/+", "home/#", "#"):
            self.assertEqual(found["subscribe", topic], "granted")
        self.assertEqual(found["subscribe", "$SYS/#"], self.refusal("$SYS/#", "subscribe"))
        self.client.wait(self.topic("lamp", "x"), "1")
        self.assertEqual(self.client.count("home/lamp"), 0)

    def test_lists_grant_topics_and_filters(self):
        found = self.outcomes('device = "ceiling"\n[permissions]\npublish = ["home/lamp/#"]\nsubscribe = ["home/+"]\n')
        self.assertEqual(found["publish", "home/lamp"], "granted")
        self.assertEqual(found["publish", "home/lamp/a/b"], "granted")
        # Its own device has another name.
        self.assertEqual(found["publish", "deskd/test/lamp/x"], self.refusal("deskd/test/lamp/x", "publish"))
        self.assertEqual(found["subscribe", "home/+"], "granted")
        for topic in ("home/lamp/#", "home/#", "#"):
            self.assertEqual(found["subscribe", topic], self.refusal(topic, "subscribe"))

    def test_devices_that_are_not_granted_are_refused(self):
        self.write_settings(broker=False)
        with open(f"{self.scripts}/lamp.toml", "w") as file:
            file.write('[permissions]\nlines = ["GPIO17"]\ni2c = ["i2c-1"]\nserial = []\n')
        self.write_script("lamp.js", """
import * as gpio from 'deskd:gpio';
import * as i2c from 'deskd:i2c';
import * as serial from 'deskd:serial';
async function attempt(name, action) {
  try { await action(); console.log(name, 'granted'); }
  catch (error) { console.log(name, error.code, error.message); }
}
const low = {initial: false, safe: false};
await attempt('own line', () => gpio.output({line: 'GPIO17', ...low}));
await attempt('line', () => gpio.output({line: 'GPIO27', ...low}));
await attempt('motion', () => gpio.output({line: 'GPIO27', ...low, lease: 300}));
await attempt('input', () => gpio.input({line: 'gpiochip0:27'}));
await attempt('own bus', () => i2c.open({bus: 1, address: 0x29}));
await attempt('bus', () => i2c.open({bus: '/dev/i2c-2', address: 0x29}));
await attempt('port', () => serial.open({path: '/dev/serial0', framing: {type: 'slip', max: 64}}));
console.log('all tried');
""")
        self.start_daemon("--sim")
        self.daemon.lines.wait("lamp: all tried")
        text = self.daemon.lines.text()
        for name in ("own line", "own bus"):
            self.assertIn(f"lamp: {name} granted", text)
        for name, wanted, kind in (("line", "GPIO27", "lines"), ("motion", "GPIO27", "lines"),
                                   ("input", "gpiochip0:27", "lines"), ("bus", "i2c-2", "i2c"),
                                   ("port", "/dev/serial0", "serial")):
            self.assertIn(f'lamp: {name} ERR_PERMISSION {wanted}: not granted: add "{wanted}" to {kind} in '
                          "[permissions] of lamp.toml", text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
