# SPDX-License-Identifier: Apache-2.0
"""What stays at the broker, and what does not, when scripts fail, are deleted or renamed, and when deskd is killed."""

import os
import signal
import unittest

from deskd_fixture import DeskdCase, PATIENCE

LAMP = """
import {device} from 'deskd:hub';
import {publish} from 'deskd:mqtt';
await publish('lamp/kept', 'yes', {retain: true});
device({name: 'Lamp'}).sensor('level', {unit: 'lx'}).set(5);
setInterval(() => {}, 1000);
"""
FAILING = "throw new Error('no adapter');"
# What this publishes sooner or later shows that what came before it has been done.
OTHER = "import {device} from 'deskd:hub'; device({name: 'Other'}).sensor('level').set(%d); setInterval(() => {}, 1000);"


class RemovalTest(DeskdCase):
    def setUp(self):
        super().setUp()
        self.start_broker()
        self.write_settings()
        for name in ("lamp", "gone", "old", "new", "second"):
            self.write_toml(f"{name}.toml", "")

    def discovery(self, device):
        return f"homeassistant/sensor/{self.NODE}/{device}_level/config"

    def topics(self, device):
        return [self.discovery(device), self.topic(device, "level/state"), self.topic(device, "attributes/state"),
                self.topic(device, "status")]

    def wait_online(self, device="lamp", start=0):
        self.client.wait(self.topic(device, "status"), "online", start=start, deadline=20 * PATIENCE)

    def wait_cleared(self, topics, start, deadline=None):
        for topic in topics:
            self.client.wait(topic, "", start=start, deadline=deadline)

    def write_toml(self, name, text):
        with open(os.path.join(self.scripts, name), "w") as file:
            file.write(text + '[permissions]\npublish = ["lamp/kept"]\n')

    def unlink(self, name):
        os.unlink(os.path.join(self.scripts, name))

    def kill_daemon(self):
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()

    def test_script_deleted_while_it_waits_to_be_started_again(self):
        self.write_toml("lamp.toml", 'device = "ceiling"\n')
        self.write_script("lamp.js", LAMP + "setTimeout(() => { throw new Error('broken'); }, 100);")
        self.start_daemon()
        self.wait_online("ceiling")
        # The third pause is two seconds long.
        for _ in range(3):
            self.daemon.lines.wait("starting it again in", start=self.daemon.lines.mark())
        mark = self.client.mark()
        self.unlink("lamp.js")
        self.wait_cleared([*self.topics("ceiling"), "lamp/kept"], mark)

    def test_script_deleted_that_never_started(self):
        self.write_script("lamp.js", LAMP)
        self.start_daemon()
        self.wait_online()
        self.kill_daemon()
        self.write_script("lamp.js", FAILING)
        self.start_daemon()
        self.daemon.lines.wait("starting it again in")
        mark = self.client.mark()
        self.unlink("lamp.js")
        self.wait_cleared(self.topics("lamp"), mark)

    def test_new_version_that_publishes_no_more_leaves_it_to_the_script(self):
        self.write_script("lamp.js", LAMP)
        self.start_daemon()
        self.client.wait("lamp/kept", "yes")
        mark = self.daemon.lines.mark()
        self.write_script("lamp.js", "console.log('second'); setInterval(() => {}, 1000);")
        self.daemon.lines.wait("lamp: second", start=mark)
        mark = self.client.mark()
        self.unlink("lamp.js")
        self.wait_cleared(["lamp/kept", *self.topics("lamp")], mark)

    def test_renamed_script_keeps_its_device(self):
        self.write_toml("new.toml", 'device = "lamp"\n')
        self.write_toml("old.toml", 'device = "lamp"\n')
        # Slow to leave: the new one declares its device while the old one still has it.
        self.write_script("old.js", LAMP + "import {onUnload} from 'deskd:script';\n"
                                           "onUnload(() => new Promise((done) => { setTimeout(done, 700); }));")
        self.start_daemon()
        self.wait_online()
        mark = self.client.mark()
        lines = self.daemon.lines.mark()
        self.write_script("renaming", LAMP.replace(".set(5)", ".set(6)"))
        os.unlink(os.path.join(self.scripts, "old.js"))
        os.rename(os.path.join(self.scripts, "renaming"), os.path.join(self.scripts, "new.js"))
        self.client.wait(self.topic("lamp", "level/state"), "6", start=mark)
        self.daemon.lines.wait('new: warning: the device "lamp" belongs to the script old;', start=lines)
        self.wait_online(start=mark)
        self.assertEqual(self.client.last(self.discovery("lamp")), self.client.wait(self.discovery("lamp")))

    def test_two_scripts_that_want_one_device(self):
        self.write_toml("second.toml", 'device = "lamp"\n')
        self.write_script("lamp.js", LAMP)
        self.start_daemon()
        self.wait_online()
        self.client.wait(self.topic("lamp", "level/state"), "5")
        mark = self.client.mark()
        self.write_script("second.js", LAMP.replace(".set(5)", ".set(7)"))
        self.daemon.lines.wait('second: warning: the device "lamp" belongs to the script lamp;')
        self.daemon.lines.wait("second: running")
        self.assertEqual(self.client.count(self.topic("lamp", "level/state"), start=mark), 0)
        self.unlink("lamp.js")
        self.client.wait(self.topic("lamp", "level/state"), "7", start=mark)
        self.wait_online(start=mark)

    def test_settings_that_name_another_device_leave_nothing_of_the_former(self):
        self.write_script("lamp.js", LAMP)
        self.start_daemon()
        self.wait_online()
        mark = self.client.mark()
        self.write_toml("lamp.toml", 'device = "ceiling"\n')
        self.wait_online("ceiling", start=mark)
        self.wait_cleared(self.topics("lamp"), mark)

    def test_killed_daemon_leaves_no_device_online_and_failing_scripts_keep_theirs(self):
        for name in ("lamp.js", "gone.js"):
            self.write_script(name, LAMP)
        self.start_daemon()
        self.wait_online("lamp")
        self.wait_online("gone")
        self.kill_daemon()
        self.client.wait(f"deskd/{self.NODE}/status", "offline")
        self.unlink("gone.js")
        self.write_script("lamp.js", FAILING)
        mark = self.client.mark()
        self.start_daemon()
        self.client.wait(f"deskd/{self.NODE}/status", "online", start=mark)
        self.assertEqual(self.client.last(self.topic("lamp", "status")), "offline")
        # A minute after the start: what belongs to no script goes, what belongs to one that fails stays.
        self.wait_cleared(self.topics("gone"), mark, deadline=75 * PATIENCE)
        self.write_script("other.js", OTHER % 1)
        self.client.wait(self.topic("other", "level/state"), "1", start=mark)
        for topic in self.topics("lamp"):
            self.assertTrue(self.client.last(topic), topic)
        mark = self.client.mark()
        self.write_script("lamp.js", LAMP)
        self.wait_online(start=mark)


if __name__ == "__main__":
    unittest.main(verbosity=2)
