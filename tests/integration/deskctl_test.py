# SPDX-License-Identifier: Apache-2.0
"""deskctl and a deskd on a bus of its own."""

import json
import os
import shutil
import subprocess
import time
import unittest

from deskd_fixture import DEADLINE, program
from private_bus import NOBODY, BusCase

GOOD = "console.log('up'); setInterval(() => {}, 1000);"
BAD = "console.log('trying'); throw new Error('not today');"
FAILED, USAGE, UNKNOWN, NOT_ALLOWED, NOT_RUNNING = 1, 2, 3, 4, 5


class DeskctlTest(BusCase):
    def deskctl(self, *arguments, user=None, environment=None):
        """Exit code and what it printed."""
        binary = program("deskctl")
        other = []
        if user is not None:
            # The build directory may be closed to others.
            binary = os.path.join(self.directory, "deskctl")
            shutil.copy(program("deskctl"), binary)
            other = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        done = subprocess.run([*other, binary, "--bus", self.bus, *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=DEADLINE, check=False,
                              env={**os.environ, **(environment or {})})
        return done.returncode, done.stdout

    def start(self, broker=False):
        self.write_settings("", broker=broker)
        self.start_daemon()
        self.lines = self.daemon.lines
        self.lines.wait("on D-Bus as")

    def wait_for_state(self, script, state):
        """Whoever steers a script may look before it has got there."""
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until:
            if dict(line.split() for line in self.deskctl("list")[1].splitlines()).get(script) == state:
                return
        self.fail(f"{script} is not {state}")

    def test_status_shows_deskd_and_its_scripts(self):
        self.start_bus()
        self.write_script("good.js", GOOD)
        self.write_script("bad.js", BAD)
        self.start()
        self.lines.wait("good: running")
        self.lines.wait("bad: error: Error: not today")
        code, text = self.deskctl("status")
        self.assertEqual(code, 0, text)
        self.assertRegex(text, r"^deskd [\d.]+, node test, 1 of 2 scripts run\nbroker: none: deskd.toml has no \[mqtt\] url\n")
        self.assertRegex(text, r"\ngood    running      \d+ s +0         \d+\.\d MiB +\d\.\d\d s\n")
        self.assertRegex(text, r"\nbad     (waiting|starting) .*\n  Error: not today \(bad.js:1:30\)\n")
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
        code, text = self.deskctl("--json", "status")
        self.assertEqual(code, 0, text)
        self.assertEqual([script["name"] for script in json.loads(text)["scripts"]], ["bad", "good"])

    def test_scripts_are_steered(self):
        self.start_bus()
        self.write_script("good.js", GOOD)
        self.start()
        self.lines.wait("good: running")
        self.assertEqual(self.deskctl("list"), (0, "good    running\n"))
        self.assertEqual(self.deskctl("stop", "good"), (0, ""))
        self.wait_for_state("good", "stopped")
        for command in ("start", "restart", "reload"):
            mark = self.lines.mark()
            self.assertEqual(self.deskctl(command, "good"), (0, ""))
            self.lines.wait("good: running", start=mark)

    def test_start_ends_a_quarantine(self):
        self.start_bus()
        self.write_script("bad.js", f"if (true) {{ {BAD} }}")
        self.start()
        self.lines.wait('bad: error: in quarantine: not started again until its file changes, or by "deskctl start bad"',
                        deadline=60)
        self.wait_for_state("bad", "quarantined")
        self.assertEqual(self.lines.count("bad: trying"), 5)
        mark = self.lines.mark()
        self.assertEqual(self.deskctl("start", "bad"), (0, ""))
        self.lines.wait("bad: trying", start=mark)

    def test_disable_survives_a_restart(self):
        self.start_bus()
        self.write_script("good.js", GOOD)
        self.start()
        self.lines.wait("good: running")
        self.assertEqual(self.deskctl("disable", "good"), (0, ""))
        self.daemon.end()
        self.start()
        self.wait_for_state("good", "disabled")
        self.assertEqual(self.deskctl("start", "good"),
                         (FAILED, "deskctl start: the script good is disabled: deskctl enable good\n"))
        self.assertEqual(self.deskctl("enable", "good"), (0, ""))
        self.lines.wait("good: running")

    def test_mistakes_say_what_was_meant(self):
        self.start_bus()
        self.write_script("jiecang-desk.js", GOOD)
        self.start()
        self.lines.wait("running")
        self.assertEqual(self.deskctl("stop", "jiecang-dsek"),
                         (UNKNOWN, "deskctl stop: there is no script jiecang-dsek; did you mean jiecang-desk?\n"))
        self.assertEqual(self.deskctl("stats"), (USAGE, "deskctl: there is no command stats; did you mean status?\n"))
        self.assertEqual(self.deskctl("xyzzyx"), (USAGE, 'deskctl: there is no command xyzzyx; "deskctl --help" lists them\n'))
        self.assertEqual(self.deskctl("start")[0], USAGE)

    def test_whoever_is_not_allowed_is_told_so(self):
        self.start_bus()
        self.write_script("good.js", GOOD)
        self.start()
        self.lines.wait("good: running")
        if os.geteuid() != 0:
            return  # there is nobody else to be
        self.assertEqual(self.deskctl("list", user=NOBODY), (0, "good    running\n"))
        for command in ("start", "stop", "restart", "reload", "enable", "disable"):
            self.assertEqual(self.deskctl(command, "good", user=NOBODY),
                             (NOT_ALLOWED, f"deskctl {command}: only root may do this, and whom polkit allows org.deskd.manage\n"))
        self.assertEqual(self.deskctl("list"), (0, "good    running\n"))

    def test_without_deskd_or_bus(self):
        self.start_bus()
        self.assertEqual(self.deskctl("status"),
                         (NOT_RUNNING, "deskctl status: deskd does not run, or is not on this bus: systemctl status deskd\n"))
        self.private.end()
        code, text = self.deskctl("status")
        self.assertEqual(code, NOT_RUNNING)
        self.assertRegex(text, r"^deskctl status: cannot reach the bus \(unix:path=.*\): No such file or directory\n$")

    def test_mqtt_shows_the_last_messages(self):
        self.start_bus()
        self.start_broker()
        self.write_script("lamp.js", """import {device} from 'deskd:hub';
device().switch('power', {onCommand() {}}).set(false);""")
        self.start(broker=True)
        self.client.wait(self.topic("lamp", "status"), "online")
        self.client.publish(self.topic("lamp", "power/set"), "ON")
        self.lines.wait("connected to mqtt")
        for _ in range(100):
            code, text = self.deskctl("mqtt")
            self.assertEqual(code, 0, text)
            if "power/set" in text:
                break
        self.assertRegex(text, r"^mqtt://127.0.0.1:\d+, connected, MQTT 5\n\d+ subscriptions?, \d+ messages received, \d+ sent\n\n")
        self.assertRegex(text, r"\d\d:\d\d:\d\d\.\d{3} > deskd/test/lamp/status  online  \(retained\)\n")
        self.assertRegex(text, r"\d\d:\d\d:\d\d\.\d{3} < deskd/test/lamp/power/set  ON\n")
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)

    def test_logs_are_journalctls(self):
        tools = os.path.join(self.directory, "tools")
        os.mkdir(tools)
        self.bus = "none"
        self.assertEqual(self.deskctl("logs", "desk", environment={"PATH": tools}),
                         (FAILED, "deskctl logs: journalctl is not there: logs are read from the journal, which comes with systemd\n"))
        with open(os.path.join(tools, "journalctl"), "w") as file:
            file.write('#!/bin/sh\necho "$@"\n')
        os.chmod(file.name, 0o755)
        self.assertEqual(self.deskctl("logs", "-n", "7", "desk", environment={"PATH": tools}),
                         (0, "--output=short-precise --lines=7 --no-pager SYSLOG_IDENTIFIER=deskd SCRIPT=desk\n"))
        self.assertIn("--follow", self.deskctl("logs", "-f", "desk", environment={"PATH": tools})[1])


if __name__ == "__main__":
    unittest.main()
