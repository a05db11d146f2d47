# SPDX-License-Identifier: Apache-2.0
"""The shipped Jiecang script on a simulated desk, through a real broker, moved by mosquitto_pub."""

import os
import signal
import subprocess
import unittest

from deskd_fixture import DeskdCase, PATIENCE

STOP = "F1F12B002B7E"
GOTO = "F1F11B02"
SETTINGS = "F1F10700077E"  # a driver asks for the settings first of all


class DeskTest(DeskdCase):
    def start(self, *desk_arguments):
        self.start_broker()
        self.start_desk("--height-mm", "720", *desk_arguments)
        self.use_jiecang()
        self.write_settings()
        self.start_daemon()
        self.client.wait(self.topic("jiecang", "status"), "online", deadline=20 * PATIENCE)
        self.client.wait(self.topic("jiecang", "height/state"), "72.0", deadline=20 * PATIENCE)

    def mosquitto_pub(self, prop, payload, *options):
        subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.broker.port), "-q", "1",
                        "-t", self.topic("jiecang", prop + "/set"), "-m", payload, *options], check=True)

    def wait_until_moving(self, start=0):
        """In mid-travel: the hub has heard of it, and the desk has left where it stood."""
        self.client.wait(self.topic("jiecang", "moving/state"), "ON", start=start)
        self.desk.wait(lambda desk: desk.height() is not None and desk.height() >= 730, "travelled a centimetre")

    def wait_until_still(self, start):
        self.client.wait(self.topic("jiecang", "moving/state"), "OFF", start=start, deadline=40 * PATIENCE)

    def gotos(self):
        """Heights that the controller was told to go to, without repetitions."""
        heights = [int(frame[8:12], 16) for frame in self.desk.received() if frame.startswith(GOTO)]
        return sorted(set(heights))

    def test_moves_to_the_millimetre(self):
        self.start("--speed-mm-s", "300")
        for target, height in (("110.5", 1105), ("63.1", 631), ("115.0", 1150)):
            mark = self.client.mark()
            self.mosquitto_pub("target", target)
            self.client.wait(self.topic("jiecang", "height/state"), target, start=mark, deadline=40 * PATIENCE)
            self.wait_until_still(mark)
            self.assertEqual(self.desk.height(), height)
        self.assertEqual(self.desk.violations(), [])

    def test_publishes_position_before_cover_and_ends_open_or_closed(self):
        self.start("--speed-mm-s", "300")
        mark = self.client.mark()
        self.mosquitto_pub("cover", "OPEN")
        self.client.wait(self.topic("jiecang", "cover/state"), "opening", start=mark)
        self.client.wait(self.topic("jiecang", "cover/state"), "open", start=mark, deadline=40 * PATIENCE)
        self.assertEqual(self.client.last(self.topic("jiecang", "position/state")), "100")
        mark = self.client.mark()
        self.mosquitto_pub("cover", "CLOSE")
        self.client.wait(self.topic("jiecang", "cover/state"), "closing", start=mark)
        self.client.wait(self.topic("jiecang", "cover/state"), "closed", start=mark, deadline=40 * PATIENCE)
        self.assertEqual(self.client.last(self.topic("jiecang", "position/state")), "0")

    def test_stop_in_mid_travel_stops(self):
        self.start("--speed-mm-s", "60")
        mark = self.client.mark()
        self.mosquitto_pub("target", "120")
        self.wait_until_moving(mark)
        self.mosquitto_pub("stop", "PRESS")
        self.wait_until_still(mark)
        self.assertIn(STOP, self.desk.received())
        self.assertGreater(self.desk.height(), 720)
        self.assertLess(self.desk.height(), 1000)

    def test_retained_command_does_not_move_it(self):
        self.start("--speed-mm-s", "300")
        self.mosquitto_pub("target", "100", "-r")
        mark = self.client.mark()
        # A fresh command after it arrives: what the retained one would have caused had been seen by then.
        self.mosquitto_pub("target", "80")
        self.client.wait(self.topic("jiecang", "height/state"), "80.0", start=mark, deadline=40 * PATIENCE)
        self.assertLessEqual(max(float(rest) for _, kind, rest in self.desk.trace() if kind == "height"), 801)
        self.assertEqual(self.gotos(), [800])

    def test_retained_command_waiting_at_the_broker_is_ignored_and_counted(self):
        self.start_broker()
        self.start_desk("--height-mm", "720", "--speed-mm-s", "300")
        self.client.publish(self.topic("jiecang", "target/set"), "100", retain=True)
        self.use_jiecang()
        self.write_settings()
        self.start_daemon()
        self.client.wait(self.topic("jiecang", "attributes/state"),
                         lambda text: '"retained_commands_ignored":1' in text.replace(" ", ""), deadline=20 * PATIENCE)
        self.client.wait(self.topic("jiecang", "height/state"), "72.0", deadline=20 * PATIENCE)
        self.assertFalse(any(kind == "moving" for _, kind, _ in self.desk.trace()))
        # It is taken away at the broker, so that the next start does not find it.
        self.client.wait(self.topic("jiecang", "target/set"), "")

    def test_reload_during_travel_stops_the_desk_first(self):
        self.start("--speed-mm-s", "60")
        mark = self.client.mark()
        self.mosquitto_pub("target", "120")
        self.wait_until_moving(mark)
        before = len(self.desk.trace())
        lines = self.daemon.lines.mark()
        settings = os.path.join(self.scripts, "jiecang.toml")
        with open(settings, "a") as file:
            file.write("# changed\n")
        self.daemon.lines.wait("jiecang: running", start=lines, deadline=20 * PATIENCE)
        # The new version's driver begins with a stop, too, just before it asks for the settings: what counts came before.
        after = [(kind, rest) for _, kind, rest in self.desk.trace()[before:]]
        self.assertIn(("rx", SETTINGS), after)
        until_asked = after[:after.index(("rx", SETTINGS))]
        stops = [index for index, event in enumerate(until_asked) if event == ("rx", STOP)]
        self.assertGreaterEqual(len(stops), 2, after)
        self.assertIn(("moving", "still"), until_asked[stops[0]:stops[-1]])
        self.assertLess(self.desk.height(), 1100)

    def test_sigterm_during_travel_stops_the_desk_first(self):
        self.start("--speed-mm-s", "60")
        mark = self.client.mark()
        self.mosquitto_pub("target", "120")
        self.wait_until_moving(mark)
        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(), 0)
        self.assertIn(STOP, self.desk.received())
        self.assertLess(self.desk.height(), 1100)
        self.client.wait(self.topic("jiecang", "status"), "offline", start=mark)
        self.client.wait(f"deskd/{self.NODE}/status", "offline", start=mark)

    def test_ctrl_c_during_travel_stops_the_desk_first(self):
        """A terminal sends its signal to the whole group: hosts and zygote get it, too."""
        self.start("--speed-mm-s", "60")
        mark = self.client.mark()
        self.mosquitto_pub("target", "120")
        self.wait_until_moving(mark)
        for pid in list(self.children().values()):
            os.kill(pid, signal.SIGHUP)
            os.kill(pid, signal.SIGTERM)
        before = len(self.desk.received())
        os.killpg(self.daemon.pid, signal.SIGINT)
        self.assertEqual(self.daemon.wait(), 0)
        self.assertIn(STOP, self.desk.received()[before:])
        self.assertLess(self.desk.height(), 1100)

    def test_hand_controller_wins(self):
        self.start("--speed-mm-s", "60")
        mark = self.client.mark()
        self.mosquitto_pub("target", "120")
        self.wait_until_moving(mark)
        self.desk.say("handset down")
        self.desk.wait(lambda desk: [rest for _, kind, rest in desk.trace() if kind == "moving"][-1] == "down",
                       "went down by hand")
        self.desk.say("handset release")
        self.wait_until_still(mark)
        self.assertLess(self.desk.height(), 1100)

    def test_twenty_broker_restarts_lose_no_subscription_and_replay_no_command(self):
        # Slow enough that each connection lasts over two seconds: shorter ones look like a twin that takes the id away.
        self.start("--speed-mm-s", "60")
        self.mosquitto_pub("target", "80")
        self.client.wait(self.topic("jiecang", "height/state"), "80.0", deadline=40 * PATIENCE)
        for round_number in range(20):
            mark = self.client.mark()
            lines = self.daemon.lines.mark()
            moved = len([1 for _, kind, _ in self.desk.trace() if kind == "moving"])
            self.broker.kill()
            self.daemon.lines.wait("lost the connection", start=lines)
            self.broker.start()
            self.daemon.lines.wait("connected to mqtt://", start=lines, deadline=30 * PATIENCE)
            self.client.wait(self.topic("jiecang", "height/state"), start=mark, deadline=30 * PATIENCE)
            self.assertEqual(moved, len([1 for _, kind, _ in self.desk.trace() if kind == "moving"]),
                             "moved without a command")
            target = "95.0" if round_number % 2 == 0 else "80.0"
            mark = self.client.mark()
            self.mosquitto_pub("target", target)
            self.client.wait(self.topic("jiecang", "height/state"), target, start=mark, deadline=40 * PATIENCE)
            self.wait_until_still(mark)

    def test_discovers_itself_to_the_hub(self):
        self.start()
        for component, prop in (("cover", "cover"), ("number", "target"), ("sensor", "height"), ("select", "preset"),
                                ("button", "stop"), ("binary_sensor", "moving"), ("binary_sensor", "fault")):
            config = self.client.wait(f"homeassistant/{component}/{self.NODE}/jiecang_{prop}/config")
            self.assertIn(f'"deskd_{self.NODE}_jiecang_{prop}"', config)

    def test_inch_controller(self):
        self.start_broker()
        self.start_desk("--height-mm", "970", "--units", "inch", "--speed-mm-s", "300")
        self.use_jiecang()
        self.write_settings()
        self.start_daemon()
        self.client.wait(self.topic("jiecang", "height/state"), "97.0", deadline=20 * PATIENCE)
        mark = self.client.mark()
        self.mosquitto_pub("target", "110")
        self.wait_until_still(mark)
        self.assertAlmostEqual(self.desk.height(), 1100, delta=2)

    def test_steps_where_the_box_only_echoes(self):
        self.start("--speed-mm-s", "100", "--no-goto")
        mark = self.client.mark()
        self.mosquitto_pub("target", "80")
        self.client.wait(self.topic("jiecang", "moving/state"), "ON", start=mark)
        self.wait_until_still(mark)
        self.assertAlmostEqual(self.desk.height(), 800, delta=14)


if __name__ == "__main__":
    unittest.main(verbosity=2)
