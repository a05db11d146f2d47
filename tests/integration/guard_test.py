# SPDX-License-Identifier: Apache-2.0
"""The kill matrix: whatever fails while something moves, it is made safe, and after how long.

Judged by what was on the wires: the levels that the simulated board has recorded, and the bytes that the simulated desk
has received. Both run in processes of their own and outlive a killed daemon. The table is printed, and written to
kill-matrix.txt in the build directory, from where tests/run prints it.
"""

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import time
import unittest

from deskd_fixture import BUILD, DEADLINE, PATIENCE, SOURCE, Lines, Process, program
from loctek_test import LoctekCase
from sim_test import SimCase

LEASE_MS = 300
# What is promised: a death is an end of file at the guard, a silence lasts for the lease. What the machine adds is its own
# affair: the table says what it was, the slack only that nobody waited for something else.
DEATH_MS = 10
SILENCE_MS = LEASE_MS + 10
SLACK_MS = 200 * PATIENCE
START_MS = 500  # where there is no spare, and a new guard waits for a processor first
JIECANG_SILENCE_MS = 1010

STALL_MS = 3000  # of deskd:desk, which looks every TICK_MS
TICK_MS = 100

RELAY = """
import {output, interlock} from 'deskd:gpio';
const options = {initial: false, safe: false, lease: %d};
const up = await output({line: 'GPIO17', ...options});
const down = await output({line: 'GPIO27', ...options});
await interlock([up, down], {deadTime: 20});
await new Promise((resolve) => { setTimeout(resolve, 30); });
await up.set(true);
setInterval(() => up.renew(), 50);
console.log('driving');
%s
"""
# For RELAY: goes on as soon as it may.
AGAIN = """
up.on('expired', async ({reason}) => {
  console.log(`expired: ${reason}`);
  for (;;) {
    await new Promise((resolve) => { setTimeout(resolve, 20); });
    try { await up.set(true); break; } catch {}
  }
  console.log('driving again');
});
"""
# A relay desk with a laser that sees how high it is.
LASER_DESK = """
import {Desk} from 'deskd:desk';
import {output} from 'deskd:gpio';
import * as i2c from 'deskd:i2c';
import {Vl53l0x} from './lib/vl53l0x.js';
const up = await output({line: 'GPIO17', initial: false, safe: false, lease: %d});
setInterval(() => up.renew(), 50);
const laser = new Vl53l0x(await i2c.open({bus: 1, address: 0x29}));
await laser.begin();
await laser.start();
let sink;
const desk = new Desk({
  raise() { up.set(true); }, lower() {}, stop() { up.set(false); }, attach(given) { sink = given; },
}, {minMm: 600, maxMm: 1300, stallMs: %d});
sink.connected(true);
desk.on('height', (mm) => console.log(`height ${mm}.`));
desk.once('height').then(() => desk.up()).then(({reason}) => console.log(`ended: ${reason}`));
(async () => { for (;;) sink.height(await laser.read()); })();
"""
def guard_silence(lease_ms):
    """A heartbeat goes out each quarter of a lease, its answer may take a lease, and is looked for once more."""
    return lease_ms * 5 / 4 + 50 + DEATH_MS


def status_of(pid):
    """Its name, and the letter of its state; empty if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            name, rest = file.read().split("(", 1)[1].rsplit(")", 1)
            return name, rest.split()[0]
    except OSError:
        return "", ""


def runs(pid):
    return status_of(pid)[1] not in ("", "Z", "X")


def name_of(pid):
    return status_of(pid)[0]


table = []


def tearDownModule():
    lines = ["Kill matrix: what happened while something moved, and when it was safe (ms)",
             "  %-45s %-12s %8s %8s" % ("", "moving", "after", "promised")]
    lines += ["  %-45s %-12s %8.1f %8s" % row for row in table]
    text = "\n".join(lines) + "\n"
    with open(os.path.join(BUILD, "kill-matrix.txt"), "w") as file:
        file.write(text)
    print("\n" + text, end="")


class Matrix:
    """To be mixed with a fixture."""

    board = None

    def case(self, what, moving, at_ns, safe_ns, promised_ms, at_most_ms=0):
        """Without a promise `promised_ms` is None, and `at_most_ms` only says that somebody was at it."""
        took = max(0, safe_ns - at_ns) / 1e6  # a simulated desk counts whole milliseconds
        table.append((what, moving, took, "-" if promised_ms is None else "%d" % promised_ms))
        self.assertLess(took, (promised_ms or at_most_ms * PATIENCE) + SLACK_MS, what)

    def runtime(self):
        path = os.path.join(self.directory, "run")
        os.makedirs(path, exist_ok=True)
        return {"RUNTIME_DIRECTORY": path}

    def pids(self):
        return {**self.children(), "deskd": self.daemon.pid}

    def signal(self, name, number):
        """When it was sent, by the clock of the recorders."""
        pid = self.pids()[name]
        at = time.monotonic_ns()
        os.kill(pid, number)
        return at

    def wait_for_spare(self):
        """The process id of the guard that waits."""
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until:
            pid = self.children().get("guard-spare")
            if pid is not None:
                return pid
            select.select([], [], [], 0.005)
        raise AssertionError("no guard waits; there was:\n" + self.daemon.lines.text())

    def wait_for_ends(self, pids):
        """Processes that may have another parent by now."""
        until = time.monotonic() + DEADLINE
        while any(runs(pid) for pid in pids):
            if time.monotonic() > until:
                raise AssertionError("processes go on:\n" + "\n".join(f"{pid} {name_of(pid)}" for pid in pids if runs(pid)))
            select.select([], [], [], 0.005)

    def go_on(self, pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


class RelayMatrix(Matrix, SimCase):
    """A motor relay that is on."""

    def drive(self, then=""):
        if not self.board:
            self.start_board()
        self.write_settings("[limits]\nturn_ms = 500\nheap_mib = 32\n", broker=False)
        self.write_script("relay.js", RELAY % (LEASE_MS, then))
        self.start_daemon("--board", self.board.path, environment=self.runtime())
        self.daemon.lines.wait("relay: driving")
        self.assertEqual(self.board.say("sim level GPIO17"), "ok 1")
        self.spare = self.wait_for_spare()

    def changes(self, line):
        with open(self.board.record_path) as file:
            fields = [text.split() for text in file.read().splitlines()]
        return [(int(at), level) for at, name, level in fields if name == line]

    def driven_at(self):
        return next(when for when, level in self.changes("GPIO17") if level == "1")

    def falls_after(self, at_ns):
        """When the line first went to its safe level after that, and stays asked for until it has."""
        until = time.monotonic() + 30 * PATIENCE
        while time.monotonic() < until:
            for when, level in self.changes("GPIO17"):
                if when >= at_ns and level == "0":
                    return when
            self.board.say("sim level GPIO17")  # whose answer comes after what was recorded before it
        raise AssertionError("never safe; there was:\n" + self.daemon.lines.text())

    def fails(self, what, at_ns, promised_ms, at_most_ms=0):
        self.case(what, "relay", at_ns, self.falls_after(at_ns), promised_ms, at_most_ms)
        self.assertFalse(any(level == "1" for _, level in self.changes("GPIO27")), "both members of the interlock")

    def test_host_killed(self):
        self.drive()
        self.fails("host: SIGKILL", self.signal("deskd:relay", signal.SIGKILL), DEATH_MS)

    def test_host_crashes(self):
        self.drive()
        self.fails("host: SIGSEGV", self.signal("deskd:relay", signal.SIGSEGV), DEATH_MS)

    def test_host_stopped(self):
        self.drive()
        self.fails("host: SIGSTOP", self.signal("deskd:relay", signal.SIGSTOP), SILENCE_MS)

    def test_supervisor_killed(self):
        self.drive()
        pids = self.pids()
        self.fails("supervisor: SIGKILL", self.signal("deskd", signal.SIGKILL), DEATH_MS)
        self.wait_for_ends(pids.values())
        self.assertEqual([level for _, level in self.changes("GPIO17")], ["1", "0"])

    def test_supervisor_stopped(self):
        self.drive()
        at = self.signal("deskd", signal.SIGSTOP)
        self.addCleanup(os.kill, self.daemon.pid, signal.SIGCONT)
        self.fails("supervisor: SIGSTOP, or its loop hangs", at, SILENCE_MS)

    def test_supervisor_terminated(self):
        self.drive()
        pids = self.pids()
        self.fails("supervisor: SIGTERM", self.signal("deskd", signal.SIGTERM), None, SILENCE_MS)
        self.assertEqual(self.daemon.wait(), 0)
        for name in ("deskd-guard", "guard-spare"):
            self.assertEqual(status_of(pids[name]), ("", ""), name)
        self.wait_for_ends(pids.values())

    def test_guard_killed(self):
        self.drive()
        self.fails("guard: SIGKILL", self.signal("deskd-guard", signal.SIGKILL), DEATH_MS)
        self.daemon.lines.wait("deskd-guard killed by signal 9 .*, starting another")
        self.daemon.lines.wait("taken over, safe")
        self.assertEqual(name_of(self.spare), "deskd-guard", "the spare has its work and its name")
        self.assertNotEqual(self.wait_for_spare(), self.spare)

    def test_guard_killed_and_the_spare_as_it_takes_over(self):
        """Perhaps before it has read that it should."""
        self.drive(AGAIN)
        at = self.signal("deskd-guard", signal.SIGKILL)
        os.kill(self.spare, signal.SIGKILL)
        self.fails("guard: SIGKILL, and the spare at once", at, None, START_MS)
        self.daemon.lines.wait("relay: driving again")
        self.assertNotIn(self.wait_for_spare(), (self.spare, self.pids()["deskd-guard"]))

    def test_spare_killed_then_guard(self):
        self.drive(AGAIN)
        os.kill(self.spare, signal.SIGKILL)
        self.daemon.lines.wait(r"the spare deskd-guard killed by signal 9 \(SIGKILL\), starting another in 100 ms")
        self.assertEqual(self.board.say("sim level GPIO17"), "ok 1")
        self.fails("guard: SIGKILL, with no spare", self.signal("deskd-guard", signal.SIGKILL), None, START_MS)
        self.daemon.lines.wait("relay: driving again")
        self.wait_for_spare()

    def test_everything_but_the_spare_killed(self):
        """It is nobody's guard, and ends."""
        self.drive()
        pids = {name: pid for name, pid in self.pids().items() if name != "guard-spare"}
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids.values():
                os.kill(pid, number)
        self.daemon.wait()
        self.wait_for_ends([self.spare])
        self.assertEqual([level for _, level in self.changes("GPIO17")], ["1"])

    def test_script_drives_again_after_the_guard_was_killed(self):
        self.drive(AGAIN)
        self.signal("deskd-guard", signal.SIGKILL)
        self.daemon.lines.wait("relay: expired: guard")
        self.daemon.lines.wait("relay: driving again")
        self.assertEqual(self.board.say("sim level GPIO17"), "ok 1")

    def test_guard_killed_again_and_again(self):
        self.drive(AGAIN)
        for which in ("first", "second", "third", "fourth", "fifth"):
            mark = self.daemon.lines.mark()
            at = self.signal("deskd-guard", signal.SIGKILL)
            self.fails(f"guard: SIGKILL, for the {which} time", at, DEATH_MS)
            self.daemon.lines.wait("relay: driving again", start=mark)
            self.wait_for_spare()
        self.assertGreater(self.daemon.lines.count("starting another, for scripts in [0-9]+ ms"), 0)

    def test_zygote_killed_is_nobody_s_business(self):
        self.drive()
        mark = self.daemon.lines.mark()
        self.signal("deskd-zygote", signal.SIGKILL)
        self.daemon.lines.wait("zygote killed by signal 9", start=mark)
        self.assertEqual(self.board.say("sim level GPIO17"), "ok 1")
        self.assertFalse(any(level == "0" for _, level in self.changes("GPIO17")[1:]))

    def test_everything_killed_then_released(self):
        self.drive()
        pids = self.pids()
        # Stopped first, so that none sees another one's end.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids.values():
                os.kill(pid, number)
        self.daemon.wait()
        self.assertEqual(self.board.say("sim level GPIO17"), "ok 1", "a released output stays as it is")
        at = time.monotonic_ns()
        outputs = os.path.join(self.directory, "run", "outputs")
        done = subprocess.run([program("deskd-guard"), "--release", "--outputs", outputs, "--board", self.board.path],
                              capture_output=True, text=True, timeout=60 * PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.fails("all killed, then --release", at, None, 1000)

    def test_everything_killed_then_started(self):
        self.drive()
        pids = self.pids()
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids.values():
                os.kill(pid, number)
        self.daemon.wait()
        os.unlink(os.path.join(self.scripts, "relay.js"))
        at = time.monotonic_ns()
        self.start_daemon("--board", self.board.path, environment=self.runtime())
        self.daemon.lines.wait("taken over, safe")
        self.fails("all killed, then started again", at, None, 5000)

    def test_script_throws(self):
        self.drive("setTimeout(() => { null.x; }, 20);")
        # Counted from the earliest moment at which it can have thrown: when a line of the log is read, the relay may
        # have been off for long.
        self.fails("script throws", self.driven_at() + 20000000, None, SILENCE_MS)

    def test_script_loops(self):
        self.drive("setTimeout(() => { console.log('now'); while (true) {} }, 20);")
        at, _ = self.daemon.lines.wait("relay: now")
        self.fails("script: while (true) {}", int(at * 1e9) - 1000000, SILENCE_MS)

    def test_heap_exhausted(self):
        self.drive("setTimeout(() => { console.log('now'); const kept = []; for (;;) kept.push({a: [1, 2, 3]}); }, 20);")
        at, _ = self.daemon.lines.wait("relay: now")
        self.fails("script: heap exhausted", int(at * 1e9) - 1000000, SILENCE_MS, SILENCE_MS + 300)

    def test_script_forgets_its_lease(self):
        self.start_board()
        self.write_settings(broker=False)
        self.write_script("relay.js", (RELAY % (LEASE_MS, "")).replace("setInterval", "(() => {})"))
        self.start_daemon("--board", self.board.path, environment=self.runtime())
        self.daemon.lines.wait("relay: driving")
        self.fails("script forgets to renew", self.driven_at(), SILENCE_MS)

    def test_script_removed(self):
        self.drive()
        at = time.monotonic_ns()
        os.unlink(os.path.join(self.scripts, "relay.js"))
        self.fails("script removed", at, None, SILENCE_MS)

    def test_script_reloaded(self):
        self.drive()
        at = time.monotonic_ns()
        self.write_script("relay.js", "console.log('another'); setInterval(() => {}, 1000);")
        self.fails("script reloaded", at, None, 500)  # which compiles the new version first

    def test_serial_unplugged(self):
        self.start_board()
        port = self.board.say("sim serial add sensor").split()[1]
        self.drive(f"import {{open}} from 'deskd:serial';\n"
                   f"const port = await open({{path: '{port}', baudRate: 9600, reconnect: true}});\n"
                   "port.on('disconnect', () => up.set(false));\n"
                   "console.log('watching');")
        self.daemon.lines.wait("relay: watching")
        at = time.monotonic_ns()
        self.assertEqual(self.board.say("sim serial unplug sensor"), "ok")
        self.fails("serial unplugged: the script sets it off", at, None)

    def test_height_frozen(self):
        self.start_board()
        self.board.say("sim i2c add 1 0x29 vl53l0x")
        self.board.say("sim i2c set 1 0x29 distance 720")
        shutil.copytree(os.path.join(os.path.abspath(SOURCE), "scripts", "lib"), os.path.join(self.scripts, "lib"))
        self.write_settings(broker=False)
        self.write_script("relay.js", LASER_DESK % (LEASE_MS, STALL_MS))
        self.start_daemon("--board", self.board.path, environment=self.runtime())
        self.daemon.lines.wait("relay: height 720")
        for height in range(722, 750, 2):
            at = time.monotonic_ns()
            self.board.say(f"sim i2c set 1 0x29 distance {height}")
            self.daemon.lines.wait(f"relay: height {height}")
        self.fails(f"height frozen (stallMs {STALL_MS})", at, STALL_MS + TICK_MS)
        self.daemon.lines.wait("relay: ended: stall")

    def test_guard_stopped(self):
        """A guard that hangs is killed, and the next one drives safe what it held."""
        self.drive()
        self.fails("guard: SIGSTOP, or it hangs", self.signal("deskd-guard", signal.SIGSTOP), guard_silence(LEASE_MS))
        self.daemon.lines.wait("deskd-guard does not answer, killing it")

    def test_nothing_but_the_guard_holds_the_lines(self):
        self.drive()
        lines = [text for text in self.board.say("gpio lines").splitlines() if " GPIO17 " in text or " GPIO27 " in text]
        self.assertEqual(len(lines), 2)
        for text in lines:
            self.assertIn("deskd-guard", text)

    def test_guard_and_spare_are_small(self):
        self.drive()
        for name in ("deskd-guard", "guard-spare"):
            with open(f"/proc/{self.pids()[name]}/smaps_rollup") as file:
                private = sum(int(text.split()[1]) for text in file if text.startswith("Private_"))
            if not os.environ.get("DESKD_SANITIZE"):
                self.assertLess(private, 2048, name)

    def test_spare_waits_as_the_guard_runs_and_has_nothing(self):
        self.drive()
        guard, spare = self.pids()["deskd-guard"], self.spare
        for get in (os.sched_getscheduler, os.sched_getparam, lambda pid: os.getpriority(os.PRIO_PROCESS, pid)):
            self.assertEqual(get(spare), get(guard))
        # Standard input and output, and the supervisor's socket.
        self.assertEqual(sorted(map(int, os.listdir(f"/proc/{spare}/fd"))), [0, 1, 2, 3])


class DeskMatrix(Matrix, SimCase):
    """A Jiecang desk on its way to a height: its controller would travel on alone."""

    STOP = "F1F12B002B7E"

    def travel(self):
        self.start_broker()
        self.start_desk("--height-mm", "720", "--speed-mm-s", "40")
        self.use_jiecang()
        self.write_settings("[limits]\nturn_ms = 500\n")
        self.start_daemon(environment=self.runtime())
        self.client.wait(self.topic("jiecang", "status"), "online", deadline=20 * PATIENCE)
        self.client.wait(self.topic("jiecang", "height/state"), "72.0", deadline=20 * PATIENCE)
        self.client.publish(self.topic("jiecang", "target/set"), "120")
        self.desk.wait(lambda desk: desk.height() is not None and desk.height() >= 730, "travelled a centimetre")

    def stops_after(self, what, at_ns, promised_ms, at_most_ms=0):
        at_ms = at_ns // 1000000

        def still(desk):
            return [int(when) for when, kind, rest in desk.trace()
                    if kind == "moving" and rest == "still" and int(when) >= at_ms]
        self.desk.wait(lambda desk: still(desk), "stood still")
        self.case(what, "Jiecang desk", at_ns, still(self.desk)[0] * 1000000, promised_ms, at_most_ms)
        self.assertLess(self.desk.height(), 1190)
        self.assertIn(self.STOP, self.desk.received())

    def test_host_killed(self):
        self.travel()
        self.stops_after("host: SIGKILL", self.signal("deskd:jiecang", signal.SIGKILL), DEATH_MS)

    def test_host_stopped(self):
        self.travel()
        self.stops_after("host: SIGSTOP", self.signal("deskd:jiecang", signal.SIGSTOP), JIECANG_SILENCE_MS)

    def test_supervisor_killed(self):
        self.travel()
        self.stops_after("supervisor: SIGKILL", self.signal("deskd", signal.SIGKILL), DEATH_MS)

    def test_supervisor_stopped(self):
        self.travel()
        at = self.signal("deskd", signal.SIGSTOP)
        self.addCleanup(os.kill, self.daemon.pid, signal.SIGCONT)
        self.stops_after("supervisor: SIGSTOP, or its loop hangs", at, JIECANG_SILENCE_MS)

    def test_supervisor_terminated(self):
        self.travel()
        self.stops_after("supervisor: SIGTERM", self.signal("deskd", signal.SIGTERM), None, SILENCE_MS)

    def test_guard_killed(self):
        self.travel()
        self.stops_after("guard: SIGKILL", self.signal("deskd-guard", signal.SIGKILL), DEATH_MS)

    def test_guard_stopped(self):
        self.travel()
        self.stops_after("guard: SIGSTOP, or it hangs", self.signal("deskd-guard", signal.SIGSTOP), guard_silence(1000))

    def test_guard_stopped_and_the_script_at_work(self):
        """It stops the desk itself, as long as it lives."""
        self.travel()
        self.signal("deskd-guard", signal.SIGSTOP)
        self.addCleanup(self.go_on, self.pids()["deskd-guard"])
        at = time.monotonic_ns()
        self.client.publish(self.topic("jiecang", "stop/set"), "PRESS")
        self.stops_after("guard: SIGSTOP, then a stop by MQTT", at, None)

    def test_serial_unplugged(self):
        """Nothing reaches the desk, which travels on by itself, until the cable is back."""
        self.travel()
        mark = self.client.mark()
        self.desk.say("unplug")
        self.client.wait(self.topic("jiecang", "status"), "offline", start=mark)
        at = time.monotonic_ns()
        self.desk.say("plug")
        self.stops_after("serial unplugged, from when it is back", at, None, 1000)

    def test_height_frozen(self):
        self.travel()
        at = time.monotonic_ns()
        self.desk.say("freeze")
        self.stops_after(f"height frozen (stallMs {STALL_MS})", at, STALL_MS + TICK_MS)

    def test_host_killed_after_another_height_was_asked_for_on_the_way(self):
        self.travel()
        self.client.publish(self.topic("jiecang", "target/set"), "115")
        self.desk.wait(lambda desk: desk.height() >= 760, "went on")
        self.stops_after("host: SIGKILL, second target", self.signal("deskd:jiecang", signal.SIGKILL), DEATH_MS)

    def test_everything_killed_then_released(self):
        self.travel()
        pids = self.pids()
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids.values():
                os.kill(pid, number)
        self.daemon.wait()
        at = time.monotonic_ns()
        done = subprocess.run([program("deskd-guard"), "--release", "--outputs",
                               os.path.join(self.directory, "run", "outputs")],
                              capture_output=True, text=True, timeout=60 * PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.stops_after("all killed, then --release", at, None, 1000)

    def test_broker_lost(self):
        self.travel()
        at = time.monotonic_ns()
        self.broker.kill()
        self.stops_after("broker lost (offline_stop_ms 5000)", at, 6000)


class Notices:
    """What systemd would be told, read all the time: a sender waits for a reader that does not."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.lines = Lines(self)

    def __iter__(self):
        return iter(lambda: self.socket.recv(4096), b"")

    def close(self):
        self.socket.close()

    def end(self):
        self.socket.shutdown(socket.SHUT_RDWR)


class WithoutGuardTest(SimCase):
    """deskd where its guard is not, or does not work."""

    MOVES = """
import {output} from 'deskd:gpio';
try {
  await output({line: 'GPIO17', initial: false, safe: false, lease: 300});
  console.log('may move');
} catch (error) {
  console.log(`may not move: ${error.code}`);
}
setTimeout(() => { null.x; }, 300);
"""

    def start(self, guard=None):
        """With copies of the programs; `guard` is a shell script in the guard's place."""
        self.programs = os.path.join(self.directory, "programs")
        os.mkdir(self.programs)
        for name in ("deskd", "deskd-host"):
            self.install(name)
        if guard is not None:
            path = os.path.join(self.programs, "deskd-guard")
            with open(path, "w") as file:
                file.write("#!/bin/sh\n" + guard + "\n")
            os.chmod(path, 0o755)
        self.start_board()
        self.write_settings(broker=False)
        self.write_script("mover.js", self.MOVES)
        self.notices = Notices(os.path.join(self.directory, "notify"))
        self.addCleanup(self.notices.end)
        self.daemon = Process([os.path.join(self.programs, "deskd"), "--config", self.config, "--board", self.board.path],
                              env={**os.environ, **self.runtime(),
                                   "NOTIFY_SOCKET": os.path.join(self.directory, "notify")}, start_new_session=True)
        self.addCleanup(self.daemon.end)

    def install(self, name):
        """At once, as a package does."""
        path = os.path.join(self.programs, name)
        try:
            os.link(program(name), path + ".part")
        except OSError:  # another file system
            shutil.copy(program(name), path + ".part")
        os.rename(path + ".part", path)

    def runtime(self):
        path = os.path.join(self.directory, "run")
        os.mkdir(path)
        return {"RUNTIME_DIRECTORY": path}

    def test_scripts_run_and_start_again_where_it_is_missing_until_it_is_there(self):
        self.start()
        self.notices.lines.wait("STATUS=.*deskd-guard does not run")
        self.daemon.lines.wait("deskd-guard: No such file or directory: no script can move anything")
        for _ in range(2):
            start = self.daemon.lines.mark()
            self.daemon.lines.wait("mover: may not move: ERR_GUARD", start=start)
            self.daemon.lines.wait("starting it again in", start=start)
        start = self.notices.lines.mark()
        lines = self.daemon.lines.mark()
        self.install("deskd-guard")
        self.daemon.lines.wait("deskd-guard works again")
        self.notices.lines.wait("STATUS=(?!.*deskd-guard)", start=start)
        self.daemon.lines.wait("mover: may move", start=lines, deadline=2 * DEADLINE)

    def test_scripts_start_again_where_it_dies_at_once(self):
        self.start("exit 3")
        self.daemon.lines.wait("deskd-guard exited with code 3, starting another in")
        for _ in range(3):
            start = self.daemon.lines.mark()
            self.daemon.lines.wait("starting it again in", start=start)

    def test_scripts_start_again_where_it_says_nothing(self):
        self.start("exec sleep 3600")
        self.daemon.lines.wait("deskd-guard does not answer, killing it", deadline=2 * DEADLINE)
        # What waited for its answer is told, and so is whoever asks from now on.
        self.daemon.lines.wait("mover: may not move: ERR_GUARD")
        self.daemon.lines.wait("starting it again in")
        self.notices.lines.wait("STATUS=.*deskd-guard does not run")


class PresetMatrix(Matrix, LoctekCase):
    """A LoctekMotion desk on its way to a stored height: its controller travels on alone until it is tapped."""

    LEASE_MS = 1000  # of armed_port.js
    COAST_MS = 1000 * LoctekCase.COAST / LoctekCase.SPEED

    def travel(self, preset="preset-2-mm=1100"):
        self.start(preset, limits="turn_ms = 500\n")
        self.mosquitto_pub("preset", "preset " + preset[len("preset-")])
        self.wait_until_travelled(800)

    def stops_after(self, what, at_ns, limit_ms):
        self.case(what, "Loctek preset", at_ns, self.still_after(at_ns), limit_ms + self.COAST_MS)
        self.assertEqual(self.desk("travel"), "still")
        self.assertLess(self.height(), 1090)
        self.assertGreater(self.height(), 720)

    def test_host_killed(self):
        self.travel()
        self.stops_after("host: SIGKILL", self.signal("deskd:loctek", signal.SIGKILL), DEATH_MS)

    def test_host_killed_on_the_way_down(self):
        self.travel("preset-1-mm=715")
        self.stops_after("host: SIGKILL, on the way down", self.signal("deskd:loctek", signal.SIGKILL), DEATH_MS)

    def test_host_stopped(self):
        self.travel()
        at = self.signal("deskd:loctek", signal.SIGSTOP)
        self.stops_after("host: SIGSTOP", at, self.LEASE_MS + 10)

    def test_supervisor_killed(self):
        self.travel()
        self.stops_after("supervisor: SIGKILL", self.signal("deskd", signal.SIGKILL), DEATH_MS)

    def test_supervisor_stopped(self):
        self.travel()
        at = self.signal("deskd", signal.SIGSTOP)
        self.addCleanup(os.kill, self.daemon.pid, signal.SIGCONT)
        self.stops_after("supervisor: SIGSTOP, or its loop hangs", at, self.LEASE_MS + 10)

    def test_supervisor_terminated(self):
        self.travel()
        # The script presses the tap itself, as answers to the controller's questions.
        self.stops_after("supervisor: SIGTERM", self.signal("deskd", signal.SIGTERM), 150 + DEATH_MS)

    def test_guard_killed(self):
        self.travel()
        self.stops_after("guard: SIGKILL", self.signal("deskd-guard", signal.SIGKILL), DEATH_MS)

    def test_everything_killed_then_released(self):
        self.travel()
        pids = self.pids()
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids.values():
                os.kill(pid, number)
        self.daemon.wait()
        at = time.monotonic_ns()
        done = subprocess.run([program("deskd-guard"), "--release", "--outputs",
                               os.path.join(self.directory, "run", "outputs"), "--board", self.board.path],
                              capture_output=True, text=True, timeout=60 * PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.stops_after("all killed, then --release", at, 1000 * PATIENCE)

    def test_a_desk_that_rests_is_not_tapped(self):
        self.start()
        self.go(830)
        motions = self.motions()
        lines = self.daemon.lines.mark()
        self.signal("deskd:loctek", signal.SIGKILL)
        self.daemon.lines.wait("loctek: running", start=lines, deadline=20 * PATIENCE)
        self.assertEqual(self.motions(), motions)


if __name__ == "__main__":
    unittest.main(verbosity=2)
