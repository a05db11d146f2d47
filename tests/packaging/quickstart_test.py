#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the quick start as a person does: --check, and the live view in a terminal of 80 x 24."""

import contextlib
import fcntl
import io
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import types
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "packaging/lib"))
import quickstart  # noqa: E402 (its directory is no package)

QUICKSTART = [sys.executable, SOURCE / "packaging/lib/quickstart.py"]
PATIENCE_S = 60


class Terminal:
    """A process in a pseudo-terminal, and the screen that it shows."""

    def __init__(self, command, environment):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(command, stdin=self.slave, stdout=self.slave, stderr=self.slave, env=environment)
        self.rows = {}
        self.text = ""

    def read(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.master], [], [], left)[0]:
            return False
        self.text += os.read(self.master, 65536).decode()
        for row, line in re.findall(r"\x1b\[(\d+);1H(.*?)\x1b\[K", self.text):
            self.rows[int(row)] = line
        return True

    def wait(self, pattern):
        """Until the screen shows the pattern."""
        deadline = time.monotonic() + PATIENCE_S
        while not re.search(pattern, self.screen()):
            if not self.read(deadline):
                raise AssertionError(f"no '{pattern}' in:\n{self.screen()}\n{self.text[-2000:]}")

    def screen(self):
        return "\n".join(self.rows[row] for row in sorted(self.rows))

    def press(self, keys):
        os.write(self.master, keys.encode())

    def end(self):
        """The exit status, after reading all that is still shown."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            self.read(min(deadline, time.monotonic() + 0.05))
            if time.monotonic() > deadline:
                self.process.kill()
        while self.read(time.monotonic() + 0.05):
            pass
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


class FakeBench:
    """Hears one state after the other, each when somebody waits for more."""

    def __init__(self, null, states):
        self.states, self.coming, self.published, self.port = {}, states, [], 0
        self.listener = types.SimpleNamespace(stdout=null)

    def start(self):
        pass

    def verify_alive(self):
        pass

    def publish(self, property_name, payload):
        self.published.append((property_name, payload))

    def read_messages(self):
        if not self.coming:
            raise AssertionError(f"waits for more than {self.states}")
        name, payload = self.coming.pop(0)
        self.states[name] = payload
        return [(f"{quickstart.BASE}{name}/state", payload)]


class Quickstart(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="deskd-quickstart-test-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.environment = dict(os.environ, TMPDIR=str(self.directory))

    def start_view(self):
        terminal = Terminal(QUICKSTART, self.environment)
        self.addCleanup(terminal.close)
        terminal.wait(r"Height +[0-9]+\.[0-9] cm")
        terminal.wait(r"Script +online")
        return terminal

    def leftovers(self):
        return [entry.name for entry in self.directory.iterdir() if entry.name.startswith("deskd-quickstart-")]

    def test_check_moves_the_desk_and_tells_what_it_saw(self):
        begin = time.monotonic()
        result = subprocess.run([*QUICKSTART, "--check"], env=self.environment, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, check=False, timeout=PATIENCE_S)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertLess(time.monotonic() - begin, 20)
        for text in ("deskd/demo/jiecang/status online", "jiecang/moving/state ON", "jiecang/moving/state OFF", "arrived at"):
            self.assertIn(text, result.stdout)
        self.assertGreater(len(set(re.findall(r"height/state ([\d.]+)", result.stdout))), 2, result.stdout)
        self.assertEqual(self.leftovers(), [])

    def test_check_fails_with_the_log_of_a_daemon_that_ends(self):
        build = self.directory / "build"
        build.mkdir()
        (build / "deskd").write_text("#!/bin/sh\necho the reason it ended\nexit 3\n")
        (build / "deskd").chmod(0o755)
        result = subprocess.run([*QUICKSTART, "--check"], env=dict(self.environment, DESKD_BUILD_DIR=str(build)),
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=PATIENCE_S)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("deskd ended by itself (status 3)", result.stdout)
        self.assertIn("the reason it ended", result.stdout)
        self.assertEqual(self.leftovers(), [])

    def test_keys_move_and_stop_the_desk_and_q_gives_the_terminal_back(self):
        terminal = self.start_view()
        terminal.press("u")
        terminal.wait(r"Moving +ON")
        terminal.press(" ")
        terminal.wait(r"Moving +OFF")
        terminal.press("\x1b[B")
        terminal.wait(r"Cover +closing")
        terminal.press("s")
        terminal.wait(r"Moving +OFF")
        terminal.press("1")
        terminal.wait(r"jiecang/preset/set +sit")
        self.assertLessEqual(max(terminal.rows), 24)
        self.assertLessEqual(max(len(line) for line in terminal.rows.values()), 80)
        terminal.press("q")
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.text.endswith("\x1b[?25h\x1b[?1049l"), terminal.text[-200:])
        self.assertEqual(termios.tcgetattr(terminal.slave), terminal.before)
        self.assertEqual(self.leftovers(), [])

    def test_a_signal_gives_the_terminal_back_and_ends_everything(self):
        for number, status in ((signal.SIGINT, 0), (signal.SIGTERM, 1)):
            with self.subTest(signal=number.name):
                terminal = self.start_view()
                started = [os.pidfd_open(pid) for pid in children(terminal.process.pid)]
                self.assertGreaterEqual(len(started), 3)
                terminal.process.send_signal(number)
                self.assertEqual(terminal.end(), status)
                self.assertEqual(termios.tcgetattr(terminal.slave), terminal.before)
                self.expect_ended(started)
                self.assertEqual(self.leftovers(), [])

    def test_what_it_started_ends_even_if_it_is_killed(self):
        terminal = self.start_view()
        started = [os.pidfd_open(pid) for pid in children(terminal.process.pid)]
        terminal.process.kill()
        terminal.process.wait()
        self.expect_ended(started)

    def test_a_dying_daemon_ends_the_view_with_its_log(self):
        terminal = self.start_view()
        for pid in children(terminal.process.pid):
            if pathlib.Path(f"/proc/{pid}/comm").read_text() == "deskd\n":
                os.kill(pid, signal.SIGKILL)
        self.assertEqual(terminal.end(), 1)
        self.assertIn("deskd ended by itself", terminal.text)
        self.assertEqual(termios.tcgetattr(terminal.slave), terminal.before)

    def test_a_height_that_is_unknown_is_shown_as_such(self):
        """Published as None, for instance while the controller starts again."""
        terminal = self.start_view()
        port = re.search(r"broker on 127\.0\.0\.1:(\d+)", terminal.text)[1]
        publish = ["mosquitto_pub", "-h", "127.0.0.1", "-p", port, "-q", "1", "-t", "deskd/demo/jiecang/height/state", "-m"]
        subprocess.run([*publish, "None"], check=True)
        terminal.wait(r"Height +-- cm")
        subprocess.run([*publish, "71.5"], check=True)
        terminal.wait(r"Height +71\.5 cm")
        terminal.press("q")
        self.assertEqual(terminal.end(), 0)

    def test_check_waits_for_a_height_that_is_a_number(self):
        states = [("status", "online"), ("height", "None"), ("height", "72.0"), ("moving", "ON"), ("height", "None"),
                  ("height", "78.0"), ("moving", "OFF")]
        with open(os.devnull, "rb") as null, contextlib.redirect_stdout(io.StringIO()) as output:
            check = quickstart.Check(FakeBench(null, states))
            check.run()
        self.assertEqual(check.bench.published, [("target", "78.0")])
        self.assertIn("arrived at 78.0 cm (from 72.0", output.getvalue())

    def expect_ended(self, processes):
        for descriptor in processes:
            ready, _, _ = select.select([descriptor], [], [], PATIENCE_S)
            os.close(descriptor)
            self.assertTrue(ready, "a process that the quick start began is still there")


if __name__ == "__main__":
    unittest.main()
