#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The kill matrix on lines of the kernel and on a serial port: whatever fails while something moves, it is made safe.

Two witnesses: gpio-sim's files, and the kernel's own record of every level that it was told to drive.

The guest is emulated, slow and uneven, so times are told and not proved here; tests/integration/guard_test.py does that. The
limits only tell causes apart: a death has its effect before the lease could have had it, a silence not before its time.
"""

import os
import pathlib
import random
import re
import signal
import subprocess
import threading
import time
from typing import NamedTuple

import guest
import service

LEASE_MS = 8000
RENEW_MS = 500
DEAD_TIME_MS = 200
# From a cause to its effect, less than the lease. On a board it is 10 ms.
SLACK_MS = 6000
# Where only a process that is started first can make it safe, which takes seconds here. No lease ends meanwhile.
START_MS = 1000 * guest.DEADLINE_S

# The lines of two relays, of the buttons that turn them on, and of a lamp that says that the script is there.
UP, DOWN = 17, 27
BUTTON = {UP: 22, DOWN: 23}
LAMP = 24

# A relay is on when its line is low. A line that nobody holds any more keeps its level with Raspberry Pi OS's kernel; in
# gpio-sim it follows its pull. So the pull of the relay that is driven is down, as if it stayed on: a guard that is dead or
# has let go is no safe relay here, only one that drives the line high.
RELAY = f"""
import {{input, interlock, output}} from 'deskd:gpio';
const relay = {{initial: false, safe: false, activeLow: true, lease: {LEASE_MS}}};
const up = await output({{line: 'GPIO{UP}', ...relay}});
const down = await output({{line: 'GPIO{DOWN}', ...relay}});
await interlock([up, down], {{deadTime: {DEAD_TIME_MS}}});
for (const [name, line, motor] of [['up', 'GPIO{BUTTON[UP]}', up], ['down', 'GPIO{BUTTON[DOWN]}', down]]) {{
  const button = await input({{line}});
  button.on('rising', async () => {{
    let told;
    while (button.value) {{
      try {{
        await motor.set(true);
        return;
      }} catch (error) {{
        if (told !== error.code) console.log(`${{name}}: ${{told = error.code}}`);
        await new Promise((resolve) => {{ setTimeout(resolve, 10); }});
      }}
    }}
  }});
  button.on('falling', () => motor.set(false));
}}
setInterval(() => [up, down].forEach((motor) => motor.value && motor.renew()), {RENEW_MS});
await output({{line: 'GPIO{LAMP}', initial: true, safe: false}});
"""
STOP = "F1F12B002B7E"  # as a Jiecang controller understands it

table = []


def tearDownModule():
    text = f"""\
Kill matrix: what failed, what was moving, when it was told to stop (lease {LEASE_MS} ms), when that was seen from outside. In an
emulated machine, slow and uneven: asked for is {SLACK_MS} ms after a death or the lease, or {START_MS} ms for a
process to start. What is seen late had been let go of: gpio-sim's lines follow their pull then, here to the unsafe level.
"""
    text += "".join("  %-44s %-13s %8.1f ms %8.1f ms\n" % row for row in table)
    print(text)
    pathlib.Path(os.environ["RESULTS"], "guard.table").write_text(text)


class Driven(NamedTuple):
    at_ns: int
    offset: int
    level: bool
    name: str
    pid: int


class Kernel:
    """What the kernel was told to drive, when, and by whom. Nothing is too short for it."""

    TRACING = pathlib.Path("/sys/kernel/tracing")
    LINE = re.compile(r"^\s*(\S.*)-(\d+)\s+\[\d+\].*\s(\d+)\.(\d{6}): gpio_value: (\d+) set ([01])$", re.MULTILINE)

    def __init__(self, chip):
        labels = pathlib.Path("/sys/class/gpio").glob("gpiochip*/label")
        directory = next(label.parent for label in labels if label.read_text().strip() == chip.label)
        self._base = int((directory / "base").read_text())
        (self.TRACING / "trace_clock").write_text("mono")
        (self.TRACING / "events/gpio/gpio_value/enable").write_text("1")

    def clear(self):
        (self.TRACING / "trace").write_text("")

    def driven(self, offset=None, level=None, since_ns=0):
        for name, pid, seconds, microseconds, number, value in self.LINE.findall((self.TRACING / "trace").read_text()):
            one = Driven(int(seconds) * 10**9 + int(microseconds) * 1000, int(number) - self._base, value == "1", name, int(pid))
            if offset in (None, one.offset) and level in (None, one.level) and one.at_ns >= since_ns:
                yield one

    def first(self, offset, level, since_ns):
        return next(self.driven(offset, level, since_ns), None)

    def level(self, offset):
        values = [one.level for one in self.driven(offset)]
        return values[-1] if values else None


class Recorder:
    """The levels that gpio-sim's files have had, looked at as often as leaves the guest time for other things."""

    def __init__(self, test, chip, *offsets):
        self._levels = dict.fromkeys(offsets)
        self._chip = chip
        self.changes = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        test.addCleanup(self._end)

    def _run(self):
        while not self._over.wait(0.005):
            for offset, before in self._levels.items():
                level = self._chip.level(offset)
                if level != before:
                    self.changes.append((time.monotonic_ns(), offset, level))
                    self._levels[offset] = level

    def _end(self):
        self._over.set()
        self._thread.join()

    def first(self, offset, level, since_ns):
        return next((at for at, which, now in self.changes if (which, now) == (offset, level) and at >= since_ns), None)


class Matrix(guest.GuestTest):
    def case(self, what, moving, at_ns, stopped_ns, seen_ns, least_ms, most_ms):
        took = (stopped_ns - at_ns) / 1e6
        table.append((what, moving, took, (seen_ns - at_ns) / 1e6))
        self.assertGreaterEqual(took, least_ms, what)
        self.assertLess(took, most_ms, what)

    def signal(self, name, number):
        at_ns = time.monotonic_ns()
        os.kill(service.processes()[name], number)
        return at_ns


class Relay(Matrix):
    """A motor relay that is on, and the other one of its interlock group, which must not be."""

    @classmethod
    def setUpClass(cls):
        shared = guest.GuestTest()
        cls.addClassCleanup(shared.doCleanups)
        cls.tools = guest.Libgpiod()
        cls.chip = guest.Chip(shared)
        cls.chip.pull(DOWN, True)
        cls.kernel = Kernel(cls.chip)
        cls.recorder = Recorder(shared, cls.chip, UP, DOWN)
        # A process that is stopped concerns the supervisor and systemd, too. Here it is the guard's affair alone.
        service.override(shared, "patient", "WatchdogSec=0\n")
        service.configure("[limits]\nturn_ms = 60000\n")
        (service.SCRIPTS / "relay.js").write_text(RELAY)
        service.start(shared)

    def setUp(self):
        self.until_ready()
        self.kernel.clear()
        self.begin_ns = time.monotonic_ns()
        self.addCleanup(self.check_interlock)
        self.press(UP)
        guest.until(lambda: self.kernel.level(UP) is False, lambda: f"the relay to be on\n{service.journal()}")
        self.assertFalse(self.chip.level(UP))

    def until_ready(self, without=()):
        """Until the script is there, its relay off, and none of these processes any more."""
        def ready():
            now = service.processes()
            return ("deskd:relay" in now and self.chip.level(LAMP) and self.chip.level(UP)
                    and not set(without) & set(now.values()))
        guest.until(ready, lambda: f"the script to be there\n{service.journal()}")

    def press(self, motor):
        self.chip.pull(BUTTON[motor], True)
        self.addCleanup(self.release, motor)

    def release(self, motor):
        self.chip.pull(BUTTON[motor], False)

    def safe(self, what, at_ns, least_ms=0, most_ms=SLACK_MS):
        """Waits until the relay is off, for both witnesses. Returns how the kernel was told."""
        told = guest.until(lambda: self.kernel.first(UP, True, at_ns), lambda: f"the relay to be off\n{service.journal()}")
        seen_ns = guest.until(lambda: self.recorder.first(UP, True, at_ns), f"gpio-sim's file to say so ({what})")
        self.case(what, "relay", at_ns, told.at_ns, seen_ns, least_ms, most_ms)
        self.assertEqual(told.name, "deskd-guard")
        return told

    def check_interlock(self):
        """At no instant both, by the kernel's record: gpio-sim's files play lines that nobody holds in a way of their own."""
        on = {UP: False, DOWN: False}
        off_ns = dict.fromkeys(on, 0)
        for one in self.kernel.driven():
            if one.offset not in on:
                continue
            other = UP + DOWN - one.offset
            if one.level:
                if on[one.offset]:
                    off_ns[one.offset] = one.at_ns
            else:
                self.assertFalse(on[other], "both relays are on")
                self.assertGreaterEqual((one.at_ns - off_ns[other]) / 1e6, DEAD_TIME_MS, "within the dead time")
            on[one.offset] = not one.level

    def test_host_killed(self):
        old = service.processes()
        told = self.safe("host: SIGKILL", self.signal("deskd:relay", signal.SIGKILL))
        self.assertEqual(told.pid, old["deskd-guard"])
        self.until_ready(without=[old["deskd:relay"]])
        self.assertEqual(service.processes()["deskd-guard"], told.pid)

    def test_host_stopped(self):
        host = service.processes()["deskd:relay"]
        self.addCleanup(os.kill, host, signal.SIGCONT)
        at_ns = self.signal("deskd:relay", signal.SIGSTOP)
        self.safe("host: SIGSTOP", at_ns, LEASE_MS / 2, LEASE_MS + SLACK_MS)
        self.assertEqual(service.processes()["deskd:relay"], host)

    def test_supervisor_killed(self):
        old = service.processes()
        told = self.safe("supervisor: SIGKILL", self.signal("deskd", signal.SIGKILL))
        self.assertEqual(told.pid, old["deskd-guard"])
        self.until_ready(without=old.values())

    def test_supervisor_stopped(self):
        pid = service.processes()["deskd"]
        self.addCleanup(os.kill, pid, signal.SIGCONT)
        at_ns = self.signal("deskd", signal.SIGSTOP)
        told = self.safe("supervisor: SIGSTOP", at_ns, LEASE_MS / 2, LEASE_MS + SLACK_MS)
        self.assertEqual(told.pid, service.processes()["deskd-guard"])

    def test_supervisor_terminated(self):
        at_ns = time.monotonic_ns()
        guest.run("systemctl", "stop", "deskd")
        self.assertEqual(service.processes(), {})
        guest.run("systemctl", "start", "deskd")
        self.safe("supervisor: SIGTERM (systemctl stop)", at_ns)

    def test_guard_killed(self):
        old = service.processes()
        told = self.safe("guard: SIGKILL", self.signal("deskd-guard", signal.SIGKILL), most_ms=START_MS)
        now = service.processes()
        self.assertNotEqual(told.pid, old["deskd-guard"])
        self.assertEqual(told.pid, now["deskd-guard"], "the next guard has requested the line")
        self.assertEqual(now["deskd:relay"], old["deskd:relay"], "and the script goes on")
        for offset in (UP, DOWN):
            self.assertEqual(self.tools.line(self.chip, offset)["consumer"], "deskd-guard")

    def test_all_killed_then_released_by_systemd(self):
        old = service.processes()
        at_ns = time.monotonic_ns()
        service.kill_all()
        told = self.safe("all: SIGKILL, then ExecStopPost=", at_ns, most_ms=START_MS)
        self.until_ready(without=old.values())
        # Before there was another guard: it was deskd-guard --release.
        self.assertNotIn(told.pid, (old["deskd-guard"], service.processes()["deskd-guard"]))

    def test_all_killed_then_released_by_hand(self):
        self.addCleanup(guest.run, "systemctl", "start", "deskd")
        service.override(self, "by-hand", "Restart=no\nExecStopPost=\n")
        service.kill_all()
        guest.until(lambda: not service.processes(), "the service to have ended")
        self.assertFalse(self.chip.level(UP), "nobody has made it safe so far")
        # gpio-sim's line is safe for as long as somebody holds it: that is while the report of it waits for a reader.
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b" ")
        except BlockingIOError:
            pass
        os.set_blocking(writer, True)
        at_ns = time.monotonic_ns()
        release = subprocess.Popen([*guest.AS_DESKD, "/usr/lib/deskd/deskd-guard", "--release"], stderr=writer)
        os.close(writer)
        told = self.safe("all: SIGKILL, then deskd-guard --release", at_ns, most_ms=START_MS)
        self.assertEqual(told.pid, release.pid)
        self.assertEqual(self.tools.line(self.chip, UP)["consumer"], "deskd-guard")
        with os.fdopen(reader) as report:
            self.assertIn(f"{self.chip.name}:{UP}: safe", report.read())
        self.assertEqual(release.wait(guest.DEADLINE_S), 0)

    def test_interlock(self):
        self.press(DOWN)
        guest.until(lambda: "down: ERR_INTERLOCK" in service.journal(), "the other relay to be refused")
        self.assertEqual((self.chip.level(UP), self.chip.level(DOWN)), (False, True))
        self.release(UP)
        guest.until(lambda: self.kernel.level(DOWN) is False, "the other relay to be on once it may")
        seed = random.randrange(2**32)
        print(f"buttons are pressed by chance, seed {seed}")
        chance = random.Random(seed)
        for _ in range(150):
            (self.press if chance.random() < 0.5 else self.release)(chance.choice((UP, DOWN)))
            time.sleep(chance.uniform(0, 0.2))
        for motor in (UP, DOWN):
            self.release(motor)
            guest.until(lambda: self.kernel.level(motor) is True, "the relays to be off")
        on = {UP: True, DOWN: False}
        both = 0
        for at_ns, offset, level in self.recorder.changes:
            if at_ns > self.begin_ns:
                on[offset] = not level
                both += all(on.values())
        self.assertEqual(both, 0, "both relays are on")
        changes = [one for one in self.kernel.driven() if one.offset in (UP, DOWN)]
        print(f"the relays were driven {len(changes)} times, {sum(not one.level for one in changes)} times on")


class Desk(service.DeskTest, Matrix):
    """A desk on its way to a height, on which its controller goes on alone."""

    def setUp(self):
        super().setUp()
        self.publish("target", "125")
        self.wait_for_trace("moving up$")
        guest.until(lambda: self.height() >= 730, "the desk to have travelled a centimetre")

    def stops(self, what, at_ns):
        def after(pattern):
            times = [int(at) * 10**6 for at in re.findall(rf"^(\d+) {pattern}$", self.trace.read_text(), re.MULTILINE)]
            return next((at for at in times if at >= at_ns - 10**6), None)
        seen_ns = guest.until(lambda: after("moving still"), lambda: f"the desk to stand\n{service.journal()}")
        stopped_ns = after(f"rx {STOP}")
        self.assertIsNotNone(stopped_ns, self.trace.read_text())
        self.case(what, "Jiecang desk", at_ns, stopped_ns, seen_ns, 0, SLACK_MS)
        self.assertLess(self.height(), 1240)

    def test_host_killed(self):
        self.stops("host: SIGKILL", self.signal("deskd:jiecang", signal.SIGKILL))
        self.assertIn(f"{service.MINE}: made safe, its script's process has ended", service.journal())

    def test_supervisor_killed(self):
        self.stops("supervisor: SIGKILL", self.signal("deskd", signal.SIGKILL))

    def test_guard_killed(self):
        self.stops("guard: SIGKILL", self.signal("deskd-guard", signal.SIGKILL))


if __name__ == "__main__":
    guest.main()
