#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The service as it is installed: systemd starts deskd, which moves a simulated Jiecang desk at the other end of the cable."""

import os
import pathlib
import re
import shutil
import tempfile

import guest

MINE, THEIRS = guest.SERIAL_PORTS
TOPIC = "deskd/vm/jiecang"
SETTINGS = """\
node = "vm"
[mqtt]
url = "mqtt://127.0.0.1:1883"
"""


class Desk(guest.GuestTest):
    def setUp(self):
        directory = tempfile.mkdtemp(prefix="desk-")
        self.addCleanup(shutil.rmtree, directory)
        self.trace = pathlib.Path(directory, "trace")
        desk = guest.Process(self, ["/usr/lib/deskd/deskd-sim", "--device", THEIRS, "--trace", str(self.trace)])
        self.assertEqual(desk.line(0), f"ready {THEIRS}")
        self.hub = guest.Process(self, ["mosquitto_sub", "-v", "-t", "deskd/#"])
        scripts = pathlib.Path("/etc/deskd/scripts")
        pathlib.Path("/etc/deskd/deskd.toml").write_text(SETTINGS)
        if not (scripts / "jiecang.js").exists():
            os.symlink("/usr/share/deskd/scripts/jiecang.js", scripts / "jiecang.js")
        (scripts / "jiecang.toml").write_text(f'port = "{MINE}"\n')
        self.addCleanup(guest.run, "systemctl", "stop", "deskd")
        try:
            guest.run("systemctl", "start", "deskd")
            self.hub.wait(f"^{TOPIC}/status online$")
        except AssertionError:
            print(guest.run("journalctl", "-u", "deskd", "--no-pager"))
            raise
        self.hub.wait(f"^{TOPIC}/height/state 72.0$")

    def publish(self, name, payload):
        guest.run("mosquitto_pub", "-q", "1", "-t", f"{TOPIC}/{name}/set", "-m", payload)

    def wait_for_trace(self, pattern):
        return guest.until(lambda: re.search(pattern, self.trace.read_text(), re.MULTILINE),
                           lambda: f"{pattern} in\n{self.trace.read_text()}")

    def height(self):
        return float(re.findall(r"height ([\d.]+)$", self.trace.read_text(), re.MULTILINE)[-1])

    def test_goes_to_a_height(self):
        self.publish("target", "80")
        self.hub.wait(f"^{TOPIC}/moving/state ON$")
        self.hub.wait(f"^{TOPIC}/height/state 80.0$")
        self.wait_for_trace(r"moving up\n(.*\n)*.*moving still$")
        self.assertEqual(self.height(), 800)
        self.assertNotIn("violation", self.trace.read_text())

    def test_stops_on_its_way(self):
        self.publish("cover", "OPEN")
        self.wait_for_trace("moving up$")
        self.publish("cover", "STOP")
        self.wait_for_trace("moving still$")
        self.assertLess(self.height(), 1270)

    def test_stops_when_the_service_does(self):
        self.publish("target", "125")
        self.wait_for_trace("moving up$")
        guest.run("systemctl", "stop", "deskd")
        self.wait_for_trace("moving still$")
        self.assertLess(self.height(), 1250)
        self.hub.wait(f"^{TOPIC}/status offline$")
        self.assertEqual(guest.run("systemctl", "show", "-P", "Result", "deskd").strip(), "success")


if __name__ == "__main__":
    guest.main()
