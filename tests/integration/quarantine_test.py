# SPDX-License-Identifier: Apache-2.0
"""Scripts that fail again and again are left alone, over restarts too; so is a deskd that never gets ready."""

import os
import select
import signal
import time
import unittest

from deskd_fixture import DEADLINE, DeskdCase

GOOD = "console.log('up'); setInterval(() => {}, 1000);"
BAD = "console.log('trying'); throw new Error('not today');"


class QuarantineTest(DeskdCase):
    def start(self):
        self.write_settings("", broker=False)
        self.start_daemon()
        self.lines = self.daemon.lines

    def wait_until_ready(self):
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until:
            with open(os.path.join(self.state, "boots")) as file:
                if file.read() == "0\n":
                    return
            select.select([], [], [], 0.005)
        self.fail("deskd does not get ready")

    def quarantine(self):
        self.write_script("good.js", GOOD)
        self.write_script("bad.js", BAD)
        self.start()
        # Half a second, one, two and four between the attempts.
        self.lines.wait("bad: error: in quarantine: not started again until its file changes, or by \"deskctl start bad\"",
                        deadline=60)
        self.assertEqual(self.lines.count("bad: trying"), 5)
        self.lines.wait("5 failures in 10 minutes")

    def test_the_fifth_failure_is_the_last_also_after_restarts(self):
        self.quarantine()
        self.assertEqual(self.lines.count("good: up"), 1)
        for end in (signal.SIGTERM, signal.SIGKILL):
            self.daemon.end(end)
            self.start()
            self.lines.wait("bad: error: in quarantine")
            self.lines.wait("good: up")
            self.assertEqual(self.lines.count("bad: trying"), 0)

    def test_it_is_told_over_mqtt_and_nothing_is_left_of_a_script_that_is_deleted(self):
        self.start_broker()
        self.write_settings("")
        self.start_daemon()
        device = "import {device} from 'deskd:hub';\ndevice().sensor('level').set(1);\n"
        self.write_script("bad.js", device + BAD)
        state = self.topic("bad", "script/state")
        self.client.wait(state, "waiting")
        self.client.wait(state, "quarantined", deadline=60)
        mark = self.client.mark()
        self.write_script("bad.js", device + GOOD)
        self.client.wait(state, "running", start=mark)
        os.unlink(os.path.join(self.scripts, "bad.js"))
        self.client.wait(state, "", start=mark)

    def test_the_end_of_deskd_is_the_last_that_is_told(self):
        self.start_broker()
        self.write_settings("")
        with open(os.path.join(self.scripts, "good.toml"), "w") as file:
            file.write('device = "lamp"\n')
        self.write_script("good.js", "import {device} from 'deskd:hub';\ndevice().sensor('level').set(1);\n" + GOOD)
        self.start_daemon()
        self.client.wait(self.topic("lamp", "script/state"), "running")
        self.daemon.end()
        self.client.wait(self.topic("lamp", "script/state"), "stopped")
        self.assertIsNone(self.client.last(self.topic("good", "script/state")))

    def test_a_new_version_is_tried(self):
        self.quarantine()
        self.write_script("bad.js", GOOD)
        self.lines.wait("bad: up")
        self.daemon.end()
        self.start()
        self.lines.wait("bad: up")

    def test_reading_the_settings_again_ends_no_quarantine(self):
        self.quarantine()
        mark = self.lines.mark()
        self.daemon.send_signal(signal.SIGHUP)
        self.lines.wait("bad: error: in quarantine", start=mark)
        self.assertEqual(self.lines.count("bad: trying"), 5)

    def test_attempts_are_on_the_disk_before_they_are_made(self):
        # It ends deskd before it has run for a minute, as one would that takes the machine down.
        self.write_script("deadly.js", "console.log('deadly'); setInterval(() => {}, 1000);")
        for _ in range(5):
            self.start()
            self.lines.wait("deadly: deadly")
            self.wait_until_ready()
            os.killpg(self.daemon.pid, signal.SIGKILL)
            self.daemon.wait()
        self.start()
        self.lines.wait("deadly: error: in quarantine")


class SafeModeTest(DeskdCase):
    def start(self):
        self.write_settings("", broker=False)
        self.start_daemon()
        self.lines = self.daemon.lines

    def test_three_starts_that_never_got_ready(self):
        # It is never ready: a script whose top level goes on holds deskd up for ten seconds.
        self.write_script("slow.js", "console.log('slow'); await new Promise((resolve) => setTimeout(resolve, 600000));")
        for _ in range(3):
            self.start()
            self.lines.wait("slow: slow")
            os.killpg(self.daemon.pid, signal.SIGKILL)
            self.daemon.wait()
        self.start()
        self.lines.wait("safe mode: deskd ended 3 times in a row before it was ready; no script is started")
        self.lines.wait("slow: not started: safe mode")
        self.daemon.send_signal(signal.SIGHUP)
        self.lines.wait("settings read again")
        self.write_script("slow.js", GOOD)
        self.lines.wait("slow: up")
        self.assertEqual(self.lines.count("slow: slow"), 0)
        self.daemon.end()
        self.start()
        self.lines.wait("slow: up")
        self.assertEqual(self.lines.count("safe mode"), 0)


if __name__ == "__main__":
    unittest.main()
