# SPDX-License-Identifier: Apache-2.0
"""What a script may do in a second, and in all, has bounds that it reads of, and that others do not notice."""

import re
import unittest

from deskd_fixture import DeskdCase, PATIENCE


class BudgetTest(DeskdCase):
    def start(self, limits, source, broker=True, prepare=None):
        if broker:
            self.start_broker()
        self.write_settings(broker=broker)
        self.write_script("lamp.toml", f"[limits]\n{limits}\n")
        self.start_daemon()
        if broker:
            self.daemon.lines.wait("connected to mqtt://")
        self.write_script("lamp.js", source)

    def test_publishes_beyond_the_rate_are_refused(self):
        self.start("publishes_per_s = 10", """
import {publish} from 'deskd:mqtt';
const results = await Promise.allSettled(
  Array.from({length: 200}, (_, i) => publish('deskd/test/lamp/n', `${i}`)));
const refused = results.filter((one) => one.status === 'rejected');
console.log('sent', results.length - refused.length, refused[0].reason.code, refused[0].reason.message);
setTimeout(() => publish('deskd/test/lamp/n', 'later').then(() => console.log('later')), 500);
""")
        _, line = self.daemon.lines.wait("lamp: sent ")
        self.assertRegex(line, r"sent 5\d ERR_RATE expected at most 10 publishes a second \(limits\.publishes_per_s\)")
        self.daemon.lines.wait("lamp: later")
        self.client.wait(self.topic("lamp", "n"), "later")
        self.assertLess(self.client.count(self.topic("lamp", "n")), 60)

    def test_of_states_in_a_flood_the_last_arrives(self):
        self.start("publishes_per_s = 20", """
import {device} from 'deskd:hub';
const level = device({name: 'Lamp'}).sensor('level');
let n = 0;
const timer = setInterval(() => {
  for (let i = 0; i < 100; ++i) level.set(++n);
  if (n >= 5000) { clearInterval(timer); console.log('over'); }
}, 1);
""")
        self.daemon.lines.wait("lamp: over")
        topic = self.topic("lamp", "level/state")
        self.client.wait(topic, "5000")
        self.assertLess(self.client.count(topic), 300)

    def test_one_subscription_too_many_is_refused(self):
        self.start("subscriptions = 3", """
import {subscribe} from 'deskd:mqtt';
const first = await subscribe('a/0', () => {});
for (let i = 1; i < 3; ++i) await subscribe(`a/${i}`, () => {});
await subscribe('a/3', () => {}).catch((error) => console.log(error.code, error.message));
await first.close();
await subscribe('a/3', () => {});
console.log('subscribed again');
""")
        self.daemon.lines.wait(r"lamp: ERR_LIMIT expected at most 3 subscriptions at a time \(limits\.subscriptions\)")
        self.daemon.lines.wait("lamp: subscribed again")

    def test_suppressed_lines_are_counted(self):
        self.start("log_lines_per_s = 10", """
for (let i = 0; i < 300; ++i) console.log(`line ${i}`);
setTimeout(() => console.log('after'), 3000);
""", broker=False)
        _, line = self.daemon.lines.wait("lamp: .*suppressed ")
        self.assertRegex(line, r"suppressed 2\d\d lines of its log: expected at most 10 a second \(limits\.log_lines_per_s\)")
        suppressed = int(re.search(r"suppressed (\d+)", line)[1])
        self.daemon.lines.wait("lamp: after")
        self.assertEqual(self.daemon.lines.count(r"lamp: line \d+"), 300 - suppressed)

    def test_a_script_that_never_rests_is_ended_with_its_stack(self):
        self.start("cpu_percent = 3", """
function busy() {
  const until = performance.now() + 50;
  while (performance.now() < until);
}
setInterval(busy, 1);
""", broker=False)
        self.daemon.lines.wait(r"lamp: error: used \d\.\d s of CPU time within a minute: expected at most 1\.8 s",
                               deadline=30 * PATIENCE)
        self.daemon.lines.wait(r"at busy \(.*lamp\.js:[2-5]")
        self.daemon.lines.wait("starting it again")

    def test_descriptors_are_bounded(self):
        self.start("handles = 10", "setInterval(() => {}, 1000);", broker=False)
        self.daemon.lines.wait("lamp: running")
        with open(f"/proc/{self.children()['deskd:lamp']}/limits") as file:
            self.assertRegex(file.read(), r"Max open files +84 +84 ")


if __name__ == "__main__":
    unittest.main(verbosity=2)
