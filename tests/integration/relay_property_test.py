# SPDX-License-Identifier: Apache-2.0
"""Two relays are never on together, whatever is asked of them and whatever fails.

Random sequences of commands come by MQTT to six pairs of relays at once: four desks with the shipped script, and two with
one that passes every command on to its relays as it comes. Meanwhile processes are killed and stopped, sensors fail, something is
in the way, settings are written and the broker is gone. The board's own record of the lines is judged: never both on,
none within the dead time after the other, none for longer than it may be.

    relay_property_test.py [--seed N] [--sequences N]

repeats a run's choices; when each takes effect is up to the machine.
"""

import argparse
import os
import random
import re
import signal
import sys
import tempfile
import threading
import time
import unittest

from deskd_fixture import DEADLINE, PATIENCE, SOURCE
from relay_test import RelayLines
from sim_test import SimCase

SEQUENCES = 10000
SEED = None
DEAD_TIME_MS = 25
MAX_ON_MS = 300        # of the bare ones
DESK_MAX_ON_MS = 2500  # less than the full travel takes
BARE_SHARE = 0.35      # of all sequences, for each of the two: they have no motion to wait for
# What a busy machine may add to a time that runs out: the dead time has none, for it is waited out before.
SLACK_MS = 250 * PATIENCE

SETTINGS = """
up = "{up}"
down = "{down}"
height = "vl53l0x"
address = {laser}
current_address = {meter}
limit_a = 2
inrush_ms = 100
rollback_ms = 100
min_mm = 650
max_mm = 1250
dead_time_ms = {dead_time}
lease_ms = 150
max_on_s = {max_on}
max_on_rest_s = 0.02
run_s = 0
speed_mm_per_s = 100
hand_up = "{hand}"
[presets]
sit = 720
stand = 1100
"""

# Nothing between the broker and the guard but this.
BARE = """
import * as gpio from 'deskd:gpio';
import * as hub from 'deskd:hub';
const options = {initial: false, safe: false, lease: 150, maxOn: %(max_on)d, rest: 20};
const outputs = {
  up: await gpio.output({line: '%(up)s', ...options}), down: await gpio.output({line: '%(down)s', ...options}),
};
await gpio.interlock([outputs.up, outputs.down], {deadTime: %(dead_time)d});
const device = hub.device();
for (const [name, output] of Object.entries(outputs)) {
  device.switch(name, {onCommand: (on) => output.set(on)});
  device.button(`tap-${name}`, {onPress: () => output.pulse(30)});
  setInterval(() => { if (output.value) output.renew(); }, 40);
}
"""


class Desk:
    def __init__(self, name, up, down, laser=None, hand=None):
        self.name, self.up, self.down, self.laser, self.hand = name, up, down, laser, hand
        self.meter = None if laser is None else laser + 0x17
        self.max_on_ms = MAX_ON_MS if laser is None else DESK_MAX_ON_MS
        self.sequences = int(SEQUENCES * (BARE_SHARE if laser is None else (1 - 2 * BARE_SHARE) / 4))
        self.plant = None
        self.done = 0

    @property
    def bare(self):
        return self.laser is None

    def command(self, choice):
        """One topic and payload."""
        if self.bare:
            topic = choice.choice(("up", "down", "up", "down", "tap-up", "tap-down"))
            return (topic, "PRESS") if topic.startswith("tap") else (topic, choice.choice(("ON", "ON", "OFF")))
        kind = choice.randrange(8)
        if kind < 2:
            return "target", str(choice.randrange(640, 1270) / 10)
        if kind < 4:
            return "position", str(choice.randrange(0, 101))
        if kind < 6:
            return "cover", choice.choice(("OPEN", "CLOSE", "STOP"))
        if kind == 6:
            return "preset", choice.choice(("sit", "stand"))
        return choice.choice((("stop", "PRESS"), ("lock", "ON"), ("lock", "OFF"), ("lock", "OFF")))


class PropertyTest(SimCase):
    def setUp(self):
        super().setUp()
        self.seed = SEED if SEED is not None else random.SystemRandom().randrange(1 << 32)
        self.shared = threading.Lock()   # of what concerns all desks: guard, broker, daemon; and of the board's socket
        self.failures = []
        self.daemons = []
        self.desks = [
            Desk("desk-a", "GPIO17", "GPIO27", 0x29, "GPIO5"), Desk("desk-b", "GPIO22", "GPIO23", 0x2a, "GPIO6"),
            Desk("desk-c", "GPIO24", "GPIO25", 0x2b, "GPIO7"), Desk("desk-d", "GPIO16", "GPIO26", 0x2c, "GPIO8"),
            Desk("bare-a", "GPIO9", "GPIO10"), Desk("bare-b", "GPIO12", "GPIO13"),
        ]

    def say(self, command):
        with self.shared:
            return self.board.say(command)

    def set_up(self, desk):
        values = {"up": desk.up, "down": desk.down, "dead_time": DEAD_TIME_MS, "max_on": desk.max_on_ms}
        if desk.bare:
            self.write_script(desk.name + ".js", BARE % values)
            return
        for address, kind in ((desk.laser, "vl53l0x"), (desk.meter, "ina219")):
            self.assertEqual(self.say(f"sim i2c add 1 {address} {kind}"), "ok")
        answer = self.say(f"sim plant add relay-desk up={desk.up} down={desk.down} up-mm-s=150 down-mm-s=150 min-mm=640 "
                          f"max-mm=1260 start-ms=20 coast-mm=2 range-address={desk.laser} current-address={desk.meter} "
                          f"hand-up={desk.hand}")
        self.assertRegex(answer, "^ok")
        desk.plant = answer.split()[1]
        self.write_settings_of(desk, SETTINGS.format(
            laser=desk.laser, meter=desk.meter, hand=desk.hand, **{**values, "max_on": desk.max_on_ms / 1000}))
        os.symlink(os.path.join(os.path.abspath(SOURCE), "scripts", "relay-desk.js"),
                   os.path.join(self.scripts, desk.name + ".js"))

    def write_settings_of(self, desk, text):
        path = os.path.join(self.scripts, desk.name + ".toml")
        with open(path + ".part", "w") as file:
            file.write(text)
        os.rename(path + ".part", path)

    def run_daemon(self):
        runtime = os.path.join(self.directory, "run")
        os.makedirs(runtime, exist_ok=True)
        self.daemons.append(self.start_daemon("--board", self.board.path, environment={"RUNTIME_DIRECTORY": runtime}))

    # --- one desk's sequences

    def drive(self, desk):
        choice = random.Random(f"{self.seed} {desk.name}")
        try:
            for number in range(desk.sequences):
                mark = self.client.mark()
                for _ in range(choice.randrange(1, 7)):
                    prop, payload = desk.command(choice)
                    self.client.publish_later(self.topic(desk.name, prop + "/set"), payload)
                undo = self.fail_somehow(desk, choice) if choice.random() < 0.02 else None
                self.wait_for(desk, number)
                # Most moves are replaced as soon as they begin; some are waited for.
                if not desk.bare and choice.random() < 0.15:
                    self.wait_for_rest(desk, mark)
                if undo is not None:
                    undo()
                desk.done += 1
        except Exception as error:
            self.failures.append(f"{desk.name}: {error!r}")

    def wait_for(self, desk, number):
        """Until the script has seen everything: it refuses what makes no sense, in turn. A script that is just being
        started again, or a broker that is not there, forgets the question: it is asked again."""
        prop = "up" if desk.bare else "cover"
        question = f"question-{number}"
        mark = self.client.mark()
        until = time.monotonic() + 4 * DEADLINE
        while time.monotonic() < until:
            self.client.publish_later(self.topic(desk.name, prop + "/set"), question)
            try:
                self.client.wait(self.topic(desk.name, prop + "/error"), lambda text: question in text, start=mark, deadline=0.1)
                return
            except AssertionError:
                if self.failures:
                    raise
        raise AssertionError(f"{desk.name} does not answer any more")

    def wait_for_rest(self, desk, mark):
        """If it moves at all."""
        try:
            self.client.wait(self.topic(desk.name, "moving/state"), "OFF", start=mark, deadline=0.7)
        except AssertionError:
            pass

    # --- what goes wrong

    def fail_somehow(self, desk, choice):
        """Returns what makes it right again, if it does not by itself."""
        faults = [self.kill_host, self.stop_host, self.reload, self.kill_guard, self.kill_spare,
                  self.refuse_lines]
        if not desk.bare:
            faults += [self.obstacle, self.freeze, self.lose_sensor, self.lose_meter, self.press, self.slow_contact]
        if choice.random() < 0.03:
            faults = [self.restart_broker, self.kill_daemon]
        return choice.choice(faults)(desk, choice)

    def host_of(self, desk):
        return next((pid for name, pid in self.children().items() if name == ("deskd:" + desk.name)[:15]), None)

    @staticmethod
    def signal_to(pid, number):
        try:
            if pid is not None:
                os.kill(pid, number)
        except ProcessLookupError:
            pass

    def kill_host(self, desk, choice):
        self.signal_to(self.host_of(desk), signal.SIGKILL)
        return self.reload(desk, choice)  # else each death makes the pause before the next start longer

    def stop_host(self, desk, _choice):
        with self.shared:
            pid = self.host_of(desk)
            self.signal_to(pid, signal.SIGSTOP)
        lines = (desk.up, desk.down)
        until = time.monotonic() + DEADLINE
        while any(self.say(f"sim level {line}") != "ok 0" for line in lines):  # its lease
            if time.monotonic() > until:
                raise AssertionError(f"{desk.name} is stopped and drives")
        self.signal_to(pid, signal.SIGCONT)

    def reload(self, desk, choice):
        path = os.path.join(self.scripts, desk.name + (".js" if desk.bare else ".toml"))
        with open(path) as file:
            text = file.read()
        mark = "//" if desk.bare else "#"
        text = text.split(mark + " version")[0] + f"{mark} version {choice.random()}\n"
        if desk.bare:
            self.write_script(desk.name + ".js", text)
        else:
            self.write_settings_of(desk, text)

    def kill_guard(self, _desk, _choice):
        with self.shared:
            self.signal_to(self.children().get("deskd-guard"), signal.SIGKILL)

    def kill_spare(self, _desk, _choice):
        with self.shared:
            self.signal_to(self.children().get("guard-spare"), signal.SIGKILL)

    def refuse_lines(self, desk, choice):
        self.say(f"sim fault gpio-set EIO after={choice.randrange(3)} line={choice.choice((desk.up, desk.down))}")

    def obstacle(self, desk, choice):
        self.say(f"sim plant set {desk.plant} obstacle {choice.randrange(650, 1250)}")
        return lambda: self.say(f"sim plant set {desk.plant} obstacle none")

    def freeze(self, desk, _choice):
        self.say(f"sim plant set {desk.plant} frozen 1")
        return lambda: self.say(f"sim plant set {desk.plant} frozen 0")

    def lose_sensor(self, desk, _choice):
        self.say(f"sim i2c fault 1 nack {desk.laser}")
        return lambda: self.say(f"sim i2c fault 1 none {desk.laser}")

    def lose_meter(self, desk, _choice):
        self.say(f"sim i2c fault 1 nack {desk.meter}")
        return lambda: self.say(f"sim i2c fault 1 none {desk.meter}")

    def press(self, desk, _choice):
        self.say(f"sim plant set {desk.plant} hand up")
        return lambda: self.say(f"sim plant set {desk.plant} hand none")

    def slow_contact(self, desk, choice):
        self.say(f"sim plant set {desk.plant} contact-ms {choice.randrange(DEAD_TIME_MS)}")

    def restart_broker(self, _desk, _choice):
        with self.shared:
            self.broker.kill()
            self.broker.start()

    def kill_daemon(self, _desk, _choice):
        with self.shared:
            self.daemon.end(signal.SIGKILL)
            self.run_daemon()

    # --- the property

    def test_never_both_and_never_too_soon(self):
        print(f"seed {self.seed}, {SEQUENCES} sequences")
        self.start_board()
        self.start_broker()
        for desk in self.desks:
            self.set_up(desk)
        self.write_settings()
        self.run_daemon()
        begun = time.monotonic()
        for desk in self.desks:
            self.wait_for(desk, "first")
        workers = [threading.Thread(target=self.drive, args=(desk,)) for desk in self.desks]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        with self.subTest(seed=self.seed):
            self.judge(time.monotonic() - begun)

    def said_before(self, complaint):
        """What the daemon said of it."""
        found = re.search(r"(?:at|until) (\d+)", complaint)
        if not found:
            return ""
        at = int(found[1]) / 1e9
        return "".join(f"\n    {when - at:+.3f} s {line}" for daemon in self.daemons for when, line in daemon.lines.seen
                       if -1 < when - at < 0.1)

    def judge(self, took_s):
        self.say("sim level GPIO17")  # whose answer comes after what was recorded before it
        total = 0
        complaints = list(self.failures)
        for desk in self.desks:
            lines = RelayLines(self.board.record_path, desk.up, desk.down)
            ups, downs = len(lines.runs(desk.up)), len(lines.runs(desk.down))
            total += ups + downs
            print(f"{desk.name}: {desk.done} sequences, {ups} times up, {downs} times down, the shortest pause between "
                  f"them {lines.shortest_pause_ms():.1f} ms, on for {lines.longest_ms():.0f} ms at most")
            complaints += [f"{desk.name}: {what}" for what in lines.complaints(DEAD_TIME_MS, desk.max_on_ms + SLACK_MS)]
            if desk.plant is not None and self.say(f"sim plant get {desk.plant} shorts") != "ok 0":
                complaints.append(f"{desk.name}: the simulated desk has seen a short")
        print(f"{total} times on, in {took_s:.0f} s")
        if complaints:
            print("\n".join(what + self.said_before(what) for what in complaints))
        self.assertEqual(complaints, [], f"repeat with --seed {self.seed}")
        self.assertEqual(sum(desk.done for desk in self.desks), sum(desk.sequences for desk in self.desks))
        # Otherwise nothing has been tried.
        self.assertGreater(total, SEQUENCES // 20)


class JudgeTest(unittest.TestCase):
    """What judges must see what is wrong."""

    def complaints(self, *changes):
        with tempfile.NamedTemporaryFile("w", prefix="deskd-judge-") as file:
            for at_ms, line, level in changes:
                file.write(f"{int(at_ms * 1e6)} {line} {level}\n")
            file.flush()
            return RelayLines(file.name, "GPIO1", "GPIO2").complaints(25, 300)

    def test_nothing_is_wrong(self):
        self.assertEqual(self.complaints((1, "GPIO1", 1), (301, "GPIO1", 0), (326, "GPIO2", 1), (327, "GPIO3", 1)), [])

    def test_both(self):
        self.assertRegex(self.complaints((1, "GPIO1", 1), (2, "GPIO2", 1))[0], "GPIO2 on .* while GPIO1 is")

    def test_too_soon(self):
        self.assertRegex(self.complaints((1, "GPIO1", 1), (2, "GPIO1", 0), (26.9, "GPIO2", 1))[0], "24.900 ms after GPIO1")

    def test_too_long(self):
        self.assertRegex(self.complaints((1, "GPIO1", 1), (301.1, "GPIO1", 0))[0], "on for 300.100 ms")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--seed", type=int)
    arguments.add_argument("--sequences", type=int, default=int(os.environ.get("DESKD_SEQUENCES", SEQUENCES)))
    options, rest = arguments.parse_known_args()
    SEED, SEQUENCES = options.seed, options.sequences
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
