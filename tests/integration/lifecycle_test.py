# SPDX-License-Identifier: Apache-2.0
"""What happens to a script whose versions, processes and messages meet at a bad moment."""

import contextlib
import os
import signal
import unittest

from deskd_fixture import DeskdCase, PATIENCE

# Takes its time to leave, and says when it begins to.
SLOW_TO_LEAVE = """
import {onUnload} from 'deskd:script';
onUnload(async () => {
  console.log('leaving');
  await new Promise((resolve) => setTimeout(resolve, %d));
});
setInterval(() => {}, 1000);
console.log('version %d');
"""


class ReplacementTest(DeskdCase):
    def setUp(self):
        super().setUp()
        self.write_settings(broker=False)
        self.write_script("s.js", SLOW_TO_LEAVE % (600, 1))
        self.start_daemon()
        self.daemon.lines.wait("s: running")
        self.mark = self.daemon.lines.mark()
        self.write_script("s.js", SLOW_TO_LEAVE % (0, 2))
        self.daemon.lines.wait("s: leaving", start=self.mark)

    def expect(self, pattern):
        return self.daemon.lines.wait(pattern, start=self.mark)

    def test_broken_version_saved_while_the_old_one_leaves_is_reported_and_tried_again(self):
        self.write_script("s.js", "const = 1;")
        self.expect("s: error: SyntaxError")
        self.expect("starting it again")
        self.write_script("s.js", "console.log('mended'); setInterval(() => {}, 1000);")
        self.expect("s: mended")

    def test_broken_settings_saved_while_the_old_one_leaves_do_not_end_the_script(self):
        self.write_script("s.toml", "limits = 1")
        self.expect("s.toml:1:")
        self.write_script("s.toml", "")
        self.expect("s: version 2")

    def test_death_of_the_new_version_while_the_old_one_leaves_is_reported_and_it_starts_again(self):
        old = self.children()
        new = [pid for name, pid in self.hosts() if pid not in old.values()] or [max(pid for _, pid in self.hosts())]
        os.kill(new[0], signal.SIGKILL)
        self.expect(r"killed by signal 9")
        self.expect("s: version 2")

    def hosts(self):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as file:
                    name, rest = file.read().rsplit(")", 1)
            except OSError:
                continue
            if int(rest.split()[1]) == self.daemon.pid and name.endswith("(deskd:s"):
                found.append((name, int(pid)))
        return found


class MessageTest(DeskdCase):
    def test_settings_too_long_for_a_message_are_refused_and_others_go_on(self):
        self.write_settings(broker=False)
        self.write_script("good.js", "setInterval(() => console.log('beat'), 20);")
        self.write_script("big.js", "setInterval(() => {}, 1000);")
        self.write_script("big.toml", "text = '" + "x" * 250000 + "'\n")
        self.start_daemon()
        self.daemon.lines.wait("big.toml: expected at most 131072 bytes of settings, found 25")
        self.daemon.lines.wait("good: beat", start=self.daemon.lines.mark())

    def test_longest_topic_with_the_longest_payload_arrives(self):
        self.start_broker()
        self.write_settings()
        self.write_script("long.js", "import {subscribe} from 'deskd:mqtt';\n"
                                     "await subscribe('long/#', (m) => "
                                     "console.log(`got ${m.topic.length} ${m.payload.length}`));\n"
                                     "console.log('armed');")
        self.start_daemon()
        self.daemon.lines.wait("long: armed")
        self.daemon.lines.wait("connected to mqtt://")
        # Connected comes before the broker has the subscription.
        for _ in range(100):
            self.client.publish("long/probe", "x")
            with contextlib.suppress(AssertionError):
                self.daemon.lines.wait("long: got 10 1", deadline=0.2)
                break
        self.client.publish("long/" + "t" * 65520, "x" * 131072)
        self.daemon.lines.wait("long: got 65525 131072")
        self.client.publish("long/more", "x" * 131073)
        self.daemon.lines.wait("long/more: message of 131073 bytes is longer than 131072, ignoring")
        self.client.publish("long/after", "")
        self.daemon.lines.wait("long: got 10 0")

    def test_failure_after_a_flood_of_log_lines_is_reported(self):
        self.write_settings("[limits]\nturn_ms = 60000\n", broker=False)
        self.write_script("loud.js", "for (let i = 0; i < 10000; ++i) console.log(`line ${i}`);\n"
                                     "throw new Error('after the flood');")
        self.start_daemon()
        self.daemon.lines.wait("loud: error: Error: after the flood", deadline=30 * PATIENCE)

    def test_start_after_a_flood_of_log_lines_is_seen_and_lost_lines_are_counted(self):
        self.write_settings("[limits]\nturn_ms = 60000\n", broker=False)
        self.write_script("loud.js", "for (let i = 0; i < 3000; ++i) console.log('x'.repeat(16000));\n"
                                     "setInterval(() => console.log('later'), 50);")
        self.start_daemon()
        self.daemon.lines.wait("loud: running", deadline=30 * PATIENCE)
        self.daemon.lines.wait(r"loud: .*suppressed \d+ lines of its log", deadline=30 * PATIENCE)

    def test_stop_command_overtakes_a_flood_of_messages(self):
        self.start_broker()
        self.write_settings()
        self.write_script("busy.js", """
import {device} from 'deskd:hub';
import {subscribe} from 'deskd:mqtt';
const d = device();
let seen = 0;
d.button('stop', {onPress() { console.log(`stop after ${seen}`); }});
await subscribe('flood', () => { ++seen; });
await subscribe('block', () => {
  console.log('blocked');
  const until = performance.now() + 1500;
  while (performance.now() < until);
});
console.log('armed');
""")
        self.start_daemon()
        self.daemon.lines.wait("busy: armed")
        self.client.wait(self.topic("busy", "status"), "online")
        self.client.publish("block", "")
        self.daemon.lines.wait("busy: blocked")
        for _ in range(6000):
            self.client.publish_later("flood", "x" * 100)
        self.client.publish(self.topic("busy", "stop/set"), "PRESS")
        _, line = self.daemon.lines.wait("busy: stop after", deadline=30 * PATIENCE)
        self.assertLess(int(line.rsplit(" ", 1)[1]), 2000)
        self.daemon.lines.wait("busy: .*takes messages more slowly than they come")


class DescriptorTest(DeskdCase):
    def sockets(self, pid):
        """Inodes of a process's TCP sockets."""
        with open("/proc/net/tcp") as file:
            tcp = {line.split()[9] for line in file.read().splitlines()[1:]}
        found = set()
        for number in os.listdir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(f"/proc/{pid}/fd/{number}")
            except OSError:
                continue
            if target.startswith("socket:[") and target[8:-1] in tcp:
                found.add(target[8:-1])
        return found

    def test_zygote_started_later_inherits_no_connection_to_the_broker(self):
        self.start_broker()
        self.write_settings()
        self.write_script("a.js", "setInterval(() => {}, 1000);")
        self.start_daemon()
        self.daemon.lines.wait("connected to mqtt://")
        self.daemon.lines.wait("a: running")
        self.assertTrue(self.sockets(self.daemon.pid))
        mark = self.daemon.lines.mark()
        os.kill(self.children()["deskd-zygote"], signal.SIGKILL)
        self.daemon.lines.wait("zygote killed by signal 9", start=mark)
        self.write_script("b.js", "setInterval(() => {}, 1000);")
        self.daemon.lines.wait("b: running", start=mark)
        children = self.children()
        for name in ("deskd-zygote", "deskd:b"):
            self.assertEqual(self.sockets(children[name]), set(), name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
