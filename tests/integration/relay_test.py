# SPDX-License-Identifier: Apache-2.0
"""The shipped script for desks with two relays, on a simulated desk, through a real broker.

What the relays did is judged by what the simulated board has recorded of their lines.
"""

import os
import select
import signal
import time
import unittest

from deskd_fixture import DEADLINE, PATIENCE, SOURCE
from sim_test import SimCase

UP, DOWN = "GPIO17", "GPIO27"
DEAD_TIME_MS = 100
SETTINGS = f'up = "{UP}"\ndown = "{DOWN}"\nmin_mm = 650\nmax_mm = 1250\ndead_time_ms = {DEAD_TIME_MS}\nrun_s = 0\n'
LASER = SETTINGS + 'height = "vl53l0x"\n'
METERED = LASER + "current_address = 0x40\nlimit_a = 2\ninrush_ms = 300\n"


class RelayLines:
    """The relays' lines as the board has recorded them: what they did, and whether that was allowed."""

    def __init__(self, path, up=UP, down=DOWN):
        self.names = (up, down)
        self.changes = []
        with open(path) as file:
            for text in file.read().splitlines():
                at, line, level = text.split()
                if line in self.names:
                    self.changes.append((int(at), line, level == "1"))

    def runs(self, line):
        """When it went on and off; None if it is still on."""
        runs = []
        for at, name, on in self.changes:
            if name != line:
                continue
            if on:
                runs.append([at, None])
            elif runs and runs[-1][1] is None:
                runs[-1][1] = at
        return runs

    def longest_ms(self):
        runs = [run for line in self.names for run in self.runs(line) if run[1] is not None]
        return max(((off - on) / 1e6 for on, off in runs), default=0)

    def shortest_pause_ms(self):
        """Between the end of one and the beginning of the other."""
        pauses = [(at - off_at) / 1e6 for (off_at, one, off), (at, other, on) in zip(self.changes, self.changes[1:])
                  if not off and on and one != other]
        return min(pauses, default=float("inf"))

    def complaints(self, dead_time_ms, longest_ms=None):
        found = []
        on = {}
        last_off = {}
        for at, line, level in self.changes:
            if not level:
                if line in on:
                    longest = (at - on.pop(line)) / 1e6
                    if longest_ms is not None and longest > longest_ms:
                        found.append(f"{line} on for {longest:.3f} ms until {at}")
                    last_off[line] = at
                continue
            others = [other for other in on if other != line]
            if others:
                found.append(f"{line} on at {at} while {others[0]} is")
            for other, off_at in last_off.items():
                if other != line and (at - off_at) / 1e6 < dead_time_ms:
                    found.append(f"{line} on at {at}, {(at - off_at) / 1e6:.3f} ms after {other}")
            on[line] = at
        return found


class RelayCase(SimCase):
    CHIP = "vl53l0x"

    def start_plant(self, *options):
        self.start_board()
        for command in ("sim i2c add 1 0x29 " + self.CHIP, "sim i2c add 1 0x40 ina219"):
            self.assertTrue(self.board.say(command).startswith("ok"))
        chosen = {option.split("=")[0] for option in options}
        ordinary = [option for option in ("up-mm-s=50", "down-mm-s=50") if option.split("=")[0] not in chosen]
        answer = self.board.say(" ".join((f"sim plant add relay-desk up={UP} down={DOWN} min-mm=640 max-mm=1260",
                                          "range-address=41 current-address=64", *ordinary, *options)))
        self.assertRegex(answer, "^ok [0-9]+$")
        self.plant = answer.split()[1]

    def use_script(self, settings):
        os.symlink(os.path.join(os.path.abspath(SOURCE), "scripts", "relay-desk.js"),
                   os.path.join(self.scripts, "relay-desk.js"))
        with open(os.path.join(self.scripts, "relay-desk.toml"), "w") as file:
            file.write(settings)

    def start(self, settings=LASER, *plant_options, height="72.0"):
        self.start_plant(*plant_options)
        self.start_broker()
        self.use_script(settings)
        self.write_settings()
        runtime = os.path.join(self.directory, "run")
        os.makedirs(runtime, exist_ok=True)
        self.start_daemon("--board", self.board.path, environment={"RUNTIME_DIRECTORY": runtime})
        try:
            self.client.wait(self.desk_topic("status"), "online", deadline=20 * PATIENCE)
        except AssertionError:
            raise AssertionError("the script is not online; deskd said:\n" + self.daemon.lines.text()) from None
        if height is not None:
            self.client.wait(self.desk_topic("height/state"), height, deadline=20 * PATIENCE)

    def desk_topic(self, rest):
        return self.topic("relay-desk", rest)

    def get(self, name):
        answer = self.board.say(f"sim plant get {self.plant} {name}")
        self.assertTrue(answer.startswith("ok "), answer)
        return answer.split(" ", 1)[1]

    def height(self):
        return float(self.get("height"))

    def set(self, name, value):
        self.assertEqual(self.board.say(f"sim plant set {self.plant} {name} {value}"), "ok")

    def wait_until(self, fits, what):
        """The board is asked, for it tells nothing of its desks by itself."""
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until:
            if fits():
                return
            select.select([], [], [], 0.005)
        raise AssertionError(f"never {what}; there was:\n" + self.daemon.lines.text())

    def wait_at_rest(self, start):
        self.client.wait(self.desk_topic("moving/state"), "OFF", start=start, deadline=40 * PATIENCE)

    def send(self, prop, payload, retain=False):
        """Returns the mark from which on its consequences are."""
        mark = self.client.mark()
        self.client.publish(self.desk_topic(prop + "/set"), payload, retain=retain)
        return mark

    def travel(self, target="120", past=740):
        mark = self.send("target", target)
        self.client.wait(self.desk_topic("moving/state"), "ON", start=mark)
        self.wait_until(lambda: self.height() >= past, "on its way")
        return mark

    def lines(self):
        self.board.say(f"sim level {UP}")  # whose answer comes after what was recorded before it
        return RelayLines(self.board.record_path)

    def assert_safe(self):
        self.assertEqual(self.lines().complaints(DEAD_TIME_MS), [])
        self.assertEqual(self.get("shorts"), "0")
        self.assertEqual(self.get("reversals"), "0")


class RelayTest(RelayCase):
    def test_goes_where_it_is_sent(self):
        self.start(METERED, "up-mm-s=60", "down-mm-s=60")
        for target in ("90.0", "75.0", "90.0", "80.0"):
            mark = self.send("target", target)
            self.client.wait(self.desk_topic("moving/state"), "ON", start=mark)
            self.wait_at_rest(mark)
        self.assertAlmostEqual(self.height(), 800, delta=6)
        mark = self.send("position", "50")
        self.client.wait(self.desk_topic("cover/state"), "opening", start=mark)
        self.client.wait(self.desk_topic("cover/state"), "open", start=mark, deadline=40 * PATIENCE)
        self.wait_at_rest(mark)
        self.assertAlmostEqual(self.height(), 950, delta=6)
        self.assertAlmostEqual(int(self.client.last(self.desk_topic("position/state"))), 50, delta=1)
        self.assert_safe()

    def test_stop_switches_off(self):
        self.start()
        mark = self.travel()
        self.send("stop", "PRESS")
        self.wait_at_rest(mark)
        self.assertLess(self.height(), 1000)
        self.assertEqual([self.get("up"), self.get("down")], ["0", "0"])
        self.assert_safe()

    def test_the_other_way_in_mid_travel(self):
        self.start()
        self.travel()
        mark = self.send("target", "68")
        self.wait_until(lambda: self.height() < 730, "going down")
        self.wait_at_rest(mark)
        self.assertAlmostEqual(self.height(), 680, delta=8)
        self.assert_safe()

    def test_an_obstacle_stops_it_and_it_backs_off(self):
        self.start(METERED)
        self.set("obstacle", 800)
        mark = self.travel()
        error = self.client.wait(self.desk_topic("target/error"), start=mark)
        self.assertIn("ERR_MOVE_FAULT", error)
        self.client.wait(self.desk_topic("fault/state"), "ON", start=mark)
        self.client.wait(self.desk_topic("attributes/state"), lambda text: "something is in the way above" in text, start=mark)
        self.wait_at_rest(mark)
        self.assertLess(self.height(), 785)
        self.assertGreater(self.height(), 760)
        self.client.wait(self.desk_topic("fault/state"), "OFF", start=mark, deadline=30 * PATIENCE)
        lines = self.lines()
        self.assertEqual([len(lines.runs(UP)), len(lines.runs(DOWN))], [1, 1], "nothing by itself")
        self.assert_safe()

    def test_a_limit_switch_ends_the_move(self):
        self.start(METERED.replace("max_mm = 1250", "max_mm = 1270"), "height-mm=1200", height="120.0")
        mark = self.send("cover", "OPEN")
        self.client.wait(self.desk_topic("moving/state"), "ON", start=mark)
        self.wait_at_rest(mark)
        self.assertEqual(self.height(), 1260)
        self.assertEqual(self.client.last(self.desk_topic("fault/state")), "OFF")
        self.assert_safe()

    def test_a_sensor_that_does_not_answer_any_more_stops_it(self):
        self.start()
        mark = self.travel()
        self.assertTrue(self.board.say("sim i2c fault 1 nack 0x29").startswith("ok"))
        at = time.monotonic_ns()
        self.client.wait(self.desk_topic("status"), "offline", start=mark)
        [(_, off)] = self.lines().runs(UP)
        self.assertLess((off - at) / 1e6, 2200 + 300 * PATIENCE)
        mark = self.client.mark()
        self.assertTrue(self.board.say("sim i2c fault 1 none").startswith("ok"))
        self.client.wait(self.desk_topic("status"), "online", start=mark)
        self.assertEqual(len(self.lines().runs(UP)), 1, "and goes nowhere by itself")

    def test_a_height_that_stays_the_same_stops_it(self):
        self.start()
        mark = self.travel()
        self.set("frozen", 1)
        at = time.monotonic_ns()
        self.client.wait(self.desk_topic("fault/state"), "ON", start=mark)
        [(_, off)] = self.lines().runs(UP)
        self.assertLess((off - at) / 1e6, 1600 + 300 * PATIENCE)

    def test_the_hand_switch_wins(self):
        self.start(LASER + 'hand_up = "GPIO5"\nhand_down = "GPIO6"\n', "hand-up=GPIO5", "hand-down=GPIO6")
        mark = self.travel()
        at = time.monotonic_ns()
        self.set("hand", "down")
        self.client.wait(self.desk_topic("keypad/event"), lambda text: "down" in text, start=mark)
        [(_, off)] = self.lines().runs(UP)
        self.assertLess((off - at) / 1e6, 20 + 300 * PATIENCE)
        self.set("hand", "none")
        mark = self.send("target", "100")
        self.assertIn("ERR_DESK_OVERRIDE", self.client.wait(self.desk_topic("target/error"), start=mark))
        self.assertEqual(len(self.lines().runs(UP)), 1)

    def test_retained_commands_are_ignored(self):
        self.start(LASER, "up-mm-s=80", "down-mm-s=80")
        self.send("target", "100", retain=True)
        # A fresh command after it arrives: what the retained one would have caused had been seen by then.
        mark = self.send("target", "80")
        self.client.wait(self.desk_topic("moving/state"), "ON", start=mark)
        self.wait_at_rest(mark)
        self.assertAlmostEqual(self.height(), 800, delta=8)
        self.assert_safe()

    def test_measures_by_sound(self):
        self.start(SETTINGS + 'height = "ultrasonic"\ntrigger = "GPIO23"\necho = "GPIO24"\n',
                   "trigger=GPIO23", "echo=GPIO24", "up-mm-s=60")
        mark = self.send("target", "90")
        self.client.wait(self.desk_topic("moving/state"), "ON", start=mark)
        self.wait_at_rest(mark)
        self.assertAlmostEqual(self.height(), 900, delta=20)
        self.assert_safe()

    def test_measures_by_time(self):
        self.start(SETTINGS.replace("650", "640").replace("1250", "1260") +
                   'height = "time"\ntravel_up_s = 6.2\ntravel_down_s = 6.2\n',
                   "up-mm-s=100", "down-mm-s=100", "start-ms=0", "coast-mm=0", height=None)
        mark = self.send("target", "90")
        self.assertIn("let it go home", self.client.wait(self.desk_topic("target/error"), start=mark))
        mark = self.send("home", "PRESS")
        self.client.wait(self.desk_topic("moving/state"), "ON", start=mark)
        self.client.wait(self.desk_topic("height/state"), "64.0", start=mark)
        self.assertEqual(self.height(), 640)
        mark = self.send("target", "90")
        self.client.wait(self.desk_topic("moving/state"), "ON", start=mark)
        self.wait_at_rest(mark)
        self.assertAlmostEqual(self.height(), 900, delta=25)
        self.assert_safe()

    def test_both_relays_are_off_when_the_script_is_killed_and_stay_so(self):
        self.start()
        self.travel()
        lines = self.daemon.lines.mark()
        [host] = [pid for name, pid in self.children().items() if name.startswith("deskd:relay")]
        os.kill(host, signal.SIGKILL)
        self.daemon.lines.wait("relay-desk: running", start=lines, deadline=20 * PATIENCE)
        [(_, off)] = self.lines().runs(UP)
        self.assertIsNotNone(off)
        mark = self.send("target", "68")
        self.wait_until(lambda: self.get("down") == "1", "going down")
        self.wait_at_rest(mark)
        self.assert_safe()

    def test_a_mistake_in_the_settings_is_named(self):
        self.start_plant()
        self.start_broker()
        self.use_script(LASER + "dead_time_ms_ = 1\n")
        self.write_settings()
        self.start_daemon("--board", self.board.path)
        self.daemon.lines.wait(r"relay-desk\.toml: dead_time_ms_: is no setting, found 1; did you mean dead_time_ms\?")


class OtherLaserTest(RelayCase):
    CHIP = "vl53l1x"

    def test_goes_where_it_is_sent(self):
        self.start(LASER.replace("vl53l0x", "vl53l1x"), height=None)
        self.client.wait(self.desk_topic("height/state"), lambda text: abs(float(text) - 72) < 0.3)
        mark = self.send("target", "80")
        self.client.wait(self.desk_topic("moving/state"), "ON", start=mark)
        self.wait_at_rest(mark)
        self.assertAlmostEqual(self.height(), 800, delta=8)
        self.assert_safe()


class ReadmeTest(SimCase):
    def test_the_readme_s_desk_is_there(self):
        self.start_board()
        with open(os.path.join(os.path.abspath(SOURCE), "README.md")) as file:
            commands = [line.strip() for line in file if line.startswith("    sim ")]
        self.assertEqual([self.board.say(command) for command in commands], ["ok", "ok", "ok 1", "ok", "ok 720"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
