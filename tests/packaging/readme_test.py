#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Does what README.md tells a newcomer to do, with the very text of it."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/integration"))
from deskd_fixture import DeskdCase, program  # noqa: E402

README = (SOURCE / "README.md").read_text()


def snippet(language, number=0):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)[number]


class Readme(DeskdCase):
    def test_the_first_script_counts(self):
        self.start_broker()
        settings = snippet("toml", 1)
        for place, ours in (("127.0.0.1:1883", f"127.0.0.1:{self.broker.port}"), ("/home/pi/try", self.directory)):
            self.assertIn(place, settings)
            settings = settings.replace(place, ours)
        self.config = os.path.join(self.directory, "deskd.toml")
        pathlib.Path(self.config).write_text(settings)
        self.write_script("counter.toml", snippet("toml", 0))
        self.write_script("counter.js", snippet("js"))
        check = subprocess.run([program("deskd"), "--check", "--config", self.config], text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, check=False)
        self.assertEqual(check.returncode, 0, check.stdout)

        self.start_daemon()
        self.client.wait("deskd/office/counter/presses/state", "10")
        self.client.wait("deskd/office/counter/status", "online")
        self.client.publish("deskd/office/counter/press/set", "PRESS")
        self.client.wait("deskd/office/counter/presses/state", "11")
        self.daemon.lines.wait("pressed 11 times")
        mark = self.client.mark()
        self.write_script("counter.js", snippet("js").replace("count += 1", "count += 100"))
        self.client.wait("deskd/office/counter/presses/state", "10", start=mark)
        self.client.publish("deskd/office/counter/press/set", "PRESS")
        self.client.wait("deskd/office/counter/presses/state", "110")

    def test_every_file_and_program_it_names_is_there(self):
        for name in re.findall(r"`((?:packaging|tests|scripts|build/release|hal|bindings|daemon|systemd)/[\w./-]*)", README):
            path = SOURCE / name.replace("build/release", os.environ.get("DESKD_BUILD_DIR", "build/release"))
            if name != "build/engine":
                self.assertTrue(path.exists(), name)

    def test_the_settings_it_shows_are_right(self):
        secret = os.path.join(self.directory, "secret")
        pathlib.Path(secret).write_text("pass\n")
        os.chmod(secret, 0o600)
        settings = snippet("toml", 2)
        self.assertIn("/etc/deskd/mqtt-password", settings)
        config = os.path.join(self.directory, "shown.toml")
        pathlib.Path(config).write_text(settings.replace("/etc/deskd/mqtt-password", secret) +
                                        f'[scripts]\ndirectory = "{self.scripts}"\n')
        self.write_script("lamp.js", "")
        self.write_script("lamp.toml", snippet("toml", 3))
        check = subprocess.run([program("deskd"), "--check", "--config", config], text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, check=False)
        self.assertEqual(check.returncode, 0, check.stdout)


if __name__ == "__main__":
    unittest.main()
