# SPDX-License-Identifier: Apache-2.0
"""The shipped presence script, a radar on a pseudo-terminal, and a real broker."""

import json
import os
import threading
import tty
import unittest

from deskd_fixture import DeskdCase, PATIENCE, SOURCE

VECTORS = os.path.join(os.path.abspath(SOURCE), "tests", "vectors", "presence_ld2410.json")


class Radar:
    """Repeats one report ten times a second, as the sensor does."""

    def __init__(self):
        self.fd, self.far = os.openpty()
        tty.setraw(self.far)
        self.port = os.ttyname(self.far)
        self.report = b""
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.ended.wait(0.1):
            os.write(self.fd, self.report)

    def end(self):
        self.ended.set()
        self.thread.join()
        os.close(self.fd)
        os.close(self.far)


class PresenceTest(DeskdCase):
    def test_shows_who_is_there(self):
        with open(VECTORS) as file:
            there, away = (bytes.fromhex(vector["hex"]) for vector in json.load(file))
        self.start_broker()
        radar = Radar()
        self.addCleanup(radar.end)
        os.symlink(os.path.join(os.path.abspath(SOURCE), "scripts", "presence-ld2410.js"),
                   os.path.join(self.scripts, "presence-ld2410.js"))
        with open(os.path.join(self.scripts, "presence-ld2410.toml"), "w") as file:
            file.write(f'port = "{radar.port}"\nhold_s = 1\ntitle = "Presence"\n')
        self.write_settings()
        self.start_daemon()
        topic = lambda rest: self.topic("presence-ld2410", rest)
        self.client.wait(topic("status"), "offline", deadline=20 * PATIENCE)
        radar.report = b"\x00" + there
        self.client.wait(topic("presence/state"), "ON", deadline=20 * PATIENCE)
        self.client.wait(topic("status"), "online", deadline=20 * PATIENCE)
        self.client.wait(topic("distance/state"), "0", deadline=20 * PATIENCE)
        mark = self.client.mark()
        radar.report = away
        self.client.wait(topic("presence/state"), "OFF", start=mark, deadline=20 * PATIENCE)
        radar.report = b""
        self.client.wait(topic("status"), "offline", start=mark, deadline=20 * PATIENCE)
        self.client.wait(f"homeassistant/binary_sensor/{self.NODE}/presence-ld2410_presence/config")


if __name__ == "__main__":
    unittest.main(verbosity=2)
