# SPDX-License-Identifier: Apache-2.0
"""The shipped LoctekMotion script on a simulated board, through a real broker, moved by mosquitto_pub.

The board and the desk on it are a process of their own. What happened is judged by the board's record: the level of
PIN20, and a line that is high while the desk's motors run.
"""

import os
import select
import signal
import subprocess
import time
import unittest

from deskd_fixture import DEADLINE, PATIENCE, SOURCE
from sim_test import SimCase

PIN20 = "GPIO17"
MOTION = "GPIO5"
NEAR_MM = 3
# What the controller does by itself after the last key frame: it lets go after 200 ms, and coasts.
LETS_GO_MS = 200
SLACK_MS = 200 * PATIENCE


class LoctekCase(SimCase):
    SPEED = 25  # mm/s
    COAST = 4   # mm

    def start(self, *options, limits=""):
        self.start_broker()
        self.start_board()
        self.plant = self.ask("sim plant add loctek", f"line={PIN20}", f"motion-line={MOTION}", "height-mm=800",
                              f"speed-mm-s={self.SPEED}", f"coast-mm={self.COAST}", *options)
        os.symlink(os.path.join(os.path.abspath(SOURCE), "scripts", "loctek.js"),
                   os.path.join(self.scripts, "loctek.js"))
        with open(os.path.join(self.scripts, "loctek.toml"), "w") as file:
            file.write(f'pin20 = "{PIN20}"\nport = "{self.desk("path")}"\nmin_mm = 710\nmax_mm = 1210\n')
        self.write_settings("[limits]\n" + limits)
        runtime = os.path.join(self.directory, "run")
        os.mkdir(runtime)
        self.start_daemon("--board", self.board.path, environment={"RUNTIME_DIRECTORY": runtime})
        self.client.wait(self.topic("loctek", "status"), "online", deadline=20 * PATIENCE)
        self.client.wait(self.topic("loctek", "height/state"), "80.0", deadline=20 * PATIENCE)

    def tearDown(self):
        if hasattr(self, "plant"):
            self.check_pin20()

    def ask(self, *words):
        answer = self.board.say(" ".join(words))
        self.assertTrue(answer.startswith("ok"), answer)
        return answer[3:]

    def desk(self, name):
        return self.ask("sim plant get", self.plant, name)

    def do(self, name, value):
        self.ask("sim plant set", self.plant, name, value)

    def height(self):
        return int(self.desk("height"))

    def mosquitto_pub(self, prop, payload, *options):
        subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.broker.port), "-q", "1",
                        "-t", self.topic("loctek", prop + "/set"), "-m", payload, *options], check=True)

    def wait_until(self, fits, what, deadline=DEADLINE):
        """The board says how things are when it is asked."""
        until = time.monotonic() + deadline
        while not fits():
            self.assertLess(time.monotonic(), until, f"never {what}; the daemon said:\n{self.daemon.lines.text()}")
            select.select([], [], [], 0.005)

    def wait_until_travelled(self, from_mm, mm=20):
        self.wait_until(lambda: abs(self.height() - from_mm) >= mm, f"travelled {mm} mm from {from_mm}")

    def wait_until_still(self, mark):
        self.client.wait(self.topic("loctek", "moving/state"), "OFF", start=mark, deadline=40 * PATIENCE)

    def go(self, target_mm):
        """A move from the command to rest."""
        mark = self.client.mark()
        self.mosquitto_pub("target", f"{target_mm / 10:.1f}")
        self.client.wait(self.topic("loctek", "moving/state"), "ON", start=mark)
        self.wait_until_still(mark)

    def record(self):
        """What was on the wires: (nanoseconds of the monotonic clock, line, level)."""
        self.board.say("sim level " + MOTION)  # whose answer comes after what was recorded before it
        with open(self.board.record_path) as file:
            fields = [text.split() for text in file.read().splitlines()]
        return [(int(at), line, level == "1") for at, line, level in fields]

    def motions(self):
        """How often the motors have started."""
        return sum(1 for _, line, level in self.record() if line == MOTION and level)

    def still_after(self, at_ns):
        """When the desk came to rest after that."""
        found = []

        def rests():
            found[:] = [when for when, line, level in self.record() if line == MOTION and not level and when >= at_ns]
            return bool(found)
        self.wait_until(rests, "at rest")
        return found[0]

    def check_pin20(self):
        moving = False
        for _, line, level in self.record():
            if line == MOTION:
                moving = level
            if line == PIN20 and not level:
                self.assertFalse(moving, "PIN20 fell while moving")
        self.assertEqual(self.desk("violations"), "0", self.desk("violation"))

    def kill_host(self):
        """When it was killed, by the clock of the record."""
        pid = self.children()["deskd:loctek"]
        at = time.monotonic_ns()
        os.kill(pid, signal.SIGKILL)
        return at


class LoctekTest(LoctekCase):
    def test_goes_to_a_height_within_3_mm_once_it_knows_its_coast(self):
        self.start()
        for target in (860, 800, 860, 800):
            self.go(target)
        for target in (850, 810):
            self.go(target)
            self.assertAlmostEqual(self.height(), target, delta=NEAR_MM)
            self.client.wait(self.topic("loctek", "height/state"), f"{self.height() / 10:.1f}")

    def test_stop_in_mid_travel_stops(self):
        self.start()
        mark = self.client.mark()
        self.mosquitto_pub("target", "120")
        self.wait_until_travelled(800)
        at = self.height()
        self.mosquitto_pub("stop", "PRESS")
        self.wait_until_still(mark)
        self.assertLess(self.height(), at + self.COAST + self.SPEED * SLACK_MS / 1000 + 20)
        self.assertEqual(self.desk("travel"), "still")

    def test_a_preset_of_the_controller(self):
        self.start("preset-2-mm=900")
        mark = self.client.mark()
        self.mosquitto_pub("preset", "preset 2")
        self.client.wait(self.topic("loctek", "height/state"), "90.0", start=mark, deadline=40 * PATIENCE)
        self.wait_until_still(mark)
        self.assertEqual(self.height(), 900)

    def test_stop_ends_a_preset_that_travels_by_itself(self):
        self.start("preset-1-mm=720")
        mark = self.client.mark()
        self.mosquitto_pub("preset", "preset 1")
        self.wait_until_travelled(800)
        self.mosquitto_pub("stop", "PRESS")
        self.wait_until_still(mark)
        self.assertGreater(self.height(), 730)

    def test_hand_controller_wins(self):
        self.start("keys-on-line=1")
        mark = self.client.mark()
        self.mosquitto_pub("target", "120")
        self.wait_until_travelled(800)
        self.do("keypad", "up")
        self.client.wait(self.topic("loctek", "keypad/event"), lambda text: '"up"' in text, start=mark)
        # The person's key alone moves it now, and when that is let go it rests, far from where it was sent.
        motions = self.motions()
        at = time.monotonic_ns()
        self.do("keypad", "none")
        self.still_after(at)
        self.daemon.lines.wait("loctek: move ended: override")
        self.wait_until_still(mark)
        self.assertLess(self.height(), 1100)
        self.assertEqual(self.motions(), motions)

    def test_lost_questions_release_the_keys(self):
        self.start()
        mark = self.client.mark()
        self.mosquitto_pub("target", "120")
        self.wait_until_travelled(800)
        self.do("mute", "1")
        self.daemon.lines.wait("asked for nothing for 500 ms, keys released")
        motions = self.motions()
        self.do("mute", "0")
        # It is asked for keys again, and answers that none is held.
        self.wait_until_still(mark)
        self.assertEqual(self.motions(), motions)
        self.assertLess(self.height(), 1100)

    def test_pin20_falls_only_once_the_desk_rests_and_wakes_it_again(self):
        self.start()
        self.go(830)
        self.wait_until(lambda: self.desk("pin20") == "0", "asleep", deadline=2 * DEADLINE)
        self.check_pin20()
        self.go(800)
        self.assertAlmostEqual(self.height(), 800, delta=10)
        levels = [level for _, line, level in self.record() if line == PIN20]
        self.assertEqual(levels, [True, False, True])

    def test_a_retained_command_moves_nothing(self):
        self.start()
        self.mosquitto_pub("target", "110", "-r")
        self.client.wait(self.topic("loctek", "attributes/state"),
                         lambda text: '"retained_commands_ignored":1' in text.replace(" ", ""))
        self.assertEqual(self.motions(), 0)
        # A fresh command after it arrives: what the retained one would have caused had been seen by then.
        self.go(850)
        self.assertLess(self.height(), 870)

    def test_a_killed_host_lets_go_of_its_key(self):
        self.start()
        self.mosquitto_pub("target", "120")
        self.wait_until_travelled(800)
        lines = self.daemon.lines.mark()
        at = self.kill_host()
        stopped = self.still_after(at)
        coast_ms = 1000 * self.COAST / self.SPEED
        self.assertLess((stopped - at) / 1e6, LETS_GO_MS + coast_ms + SLACK_MS)
        # Another one is started, and does not go on where that one was.
        self.daemon.lines.wait("loctek: running", start=lines, deadline=20 * PATIENCE)
        self.assertEqual(self.motions(), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
