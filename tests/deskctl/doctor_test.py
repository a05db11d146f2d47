# SPDX-License-Identifier: Apache-2.0
"""deskctl doctor: each finding on a directory that looks like a machine."""

import json
import re
import socket
import unittest

from deskctl_fixture import DeskctlCase

GROUPS = "dialout:x:20:deskd\ngpio:x:997:pi,deskd\ni2c:x:998:deskd,pi\n"


class DoctorTest(DeskctlCase):
    def setUp(self):
        super().setUp()
        self.root = self.directory / "root"
        (self.directory / "scripts").mkdir()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.listener.close)
        self.port = self.listener.getsockname()[1]
        self.settings(self.port)
        self.make_healthy()

    def settings(self, port, more=""):
        url = f'url = "mqtt://127.0.0.1:{port}"\n' if port else ""
        self.config = self.write("deskd.toml", f'node = "test"\n[scripts]\ndirectory = "{self.directory}/scripts"\n[mqtt]\n{url}{more}')

    def put(self, path, text=""):
        self.write(f"root{path}", text)

    def remove(self, path):
        (self.directory / f"root{path}").unlink()

    def make_healthy(self):
        self.put("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\ndeskd:x:990:990::/:/usr/sbin/nologin\n")
        self.put("/etc/group", GROUPS)
        for device in ("gpiochip0", "gpiochip1", "i2c-1", "ttyAMA0", "watchdog0"):
            self.put(f"/dev/{device}")
        self.put("/boot/firmware/config.txt", "dtparam=i2c_arm=on\ndtparam=strict_gpiod\n")
        self.put("/boot/firmware/cmdline.txt", "console=tty1 root=PARTUUID=1 rootwait\n")
        self.put("/sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs", "N\n")
        self.put("/sys/kernel/security/lsm", "lockdown,capability,landlock,yama\n")
        self.put("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n")
        self.put("/proc/sys/kernel/seccomp/actions_avail", "kill_process kill_thread\n")
        self.put("/proc/sys/kernel/osrelease", "6.12.25+rpt-rpi-v8\n")
        self.put("/run/systemd/timesync/synchronized")

    def examine(self):
        result = self.deskctl("doctor", "--json", "--root", self.root)
        self.assertEqual(result.err, "")
        return result.code, json.loads(result.out)

    def expect(self, subject, level, text, command):
        code, findings = self.examine()
        found = [finding for finding in findings if finding["subject"] == subject and finding["level"] == level]
        self.assertEqual(len(found), 1, findings)
        self.assertIn(text, found[0]["text"])
        self.assertIn(command, found[0]["command"])
        self.assertEqual(code, 1 if level == "wrong" else 0)
        self.assertEqual([finding["subject"] for finding in findings if finding["level"] != "ok"], [subject])

    def text(self):
        """What a terminal shows, without what differs between machines."""
        result = self.deskctl("doctor", "--root", self.root)
        # Where those break depends on how long the private directory's name and the versions are.
        text = re.sub(r"^\S+ +(settings|scripts|versions) .*\n( {17}.*\n)*",
                      lambda match: re.sub(r"\n {17}", " ", match.group()), result.out, flags=re.MULTILINE)
        text = re.sub(r"libgpiod \S+, libuv \S+", "libgpiod V, libuv V", text)
        return result.code, text.replace(f":{self.port} ", ":PORT ")

    def test_a_healthy_machine(self):
        code, text = self.text()
        self.assertEqual(code, 0, text)
        self.check_golden("doctor", text)
        self.assertEqual({finding["level"] for finding in self.examine()[1]}, {"ok"})

    def test_a_machine_with_nothing_right(self):
        for path in ("/etc/group", "/dev/gpiochip0", "/dev/gpiochip1", "/dev/i2c-1", "/dev/ttyAMA0", "/dev/watchdog0",
                     "/sys/kernel/security/lsm", "/sys/fs/cgroup/cgroup.controllers",
                     "/proc/sys/kernel/seccomp/actions_avail", "/run/systemd/timesync/synchronized",
                     "/sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs"):
            self.remove(path)
        self.put("/boot/firmware/config.txt")
        self.put("/boot/firmware/cmdline.txt", "console=serial0,115200 console=tty1\n")
        self.listener.close()
        self.write("scripts/bad.js", "const = 1;\n")
        code, text = self.text()
        self.assertEqual(code, 1)
        self.check_golden("doctor-wrong", text)
        levels = {finding["subject"]: finding["level"] for finding in self.examine()[1]}
        self.assertEqual({subject for subject, level in levels.items() if level == "wrong"},
                         {"scripts", "broker", "groups", "gpio", "console", "clock", "seccomp"})
        self.assertEqual({subject for subject, level in levels.items() if level == "hint"},
                         {"i2c", "serial", "outputs", "landlock", "memory", "watchdog"})
        for finding in self.examine()[1]:
            if finding["level"] != "ok":
                self.assertNotEqual(finding["command"], "", finding)

    def test_settings(self):
        self.settings(self.port, "usrname = 'x'\n")
        self.expect("settings", "wrong", "deskd.toml:6:1: mqtt.usrname: is no setting; did you mean mqtt.username?",
                    f"deskd --check --config {self.config}")

    def test_a_script_that_does_not_compile(self):
        self.write("scripts/bad.js", "const = 1;\n")
        self.expect("scripts", "wrong", "bad.js:1:7: SyntaxError", "deskd --check")

    def test_a_broker_that_is_not_there(self):
        self.listener.close()
        self.expect("broker", "wrong", "takes no connection: Connection refused", "sudo systemctl start mosquitto")

    def test_a_broker_that_nobody_has_named(self):
        self.settings(None)
        self.expect("broker", "hint", "no broker is set", "sudoedit /etc/deskd/deskd.toml")

    def test_the_user(self):
        self.put("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        self.expect("user", "wrong", "expected a user deskd", "sudo systemd-sysusers")

    def test_a_group_that_it_is_not_in(self):
        self.put("/etc/group", GROUPS.replace("998:deskd,pi", "998:pi"))
        self.expect("groups", "wrong", "expected deskd in the group i2c", "sudo usermod -aG i2c deskd")
        # The unit file may give it, too.
        self.put("/usr/lib/systemd/system/deskd.service", "[Service]\nSupplementaryGroups=dialout gpio i2c\n")
        self.assertEqual(self.examine()[0], 0)

    def test_a_group_that_there_is_not(self):
        self.put("/etc/group", GROUPS.replace("gpio", "spi"))
        self.expect("groups", "wrong", "found no gpio", "sudo systemd-sysusers")

    def test_gpio_chips(self):
        self.remove("/dev/gpiochip0")
        self.remove("/dev/gpiochip1")
        self.expect("gpio", "wrong", "found no GPIO chip", "sudo apt full-upgrade")

    def test_buses_and_ports(self):
        self.remove("/dev/i2c-1")
        self.expect("i2c", "hint", "found no /dev/i2c-1", "sudo raspi-config nonint do_i2c 0")
        self.put("/dev/i2c-1")
        self.remove("/dev/ttyAMA0")
        self.expect("serial", "hint", "found no serial port", "sudo raspi-config nonint do_serial_hw 0")

    def test_a_console_on_the_serial_port(self):
        for console in ("serial0", "ttyAMA0", "ttyS0", "ttyAMA10"):
            self.put("/boot/firmware/cmdline.txt", f"dwc=1 console={console},115200 console=tty1 rootwait\n")
            self.expect("console", "wrong", f"the kernel has a console on {console} ", "sudo raspi-config nonint do_serial_cons 1")

    def test_outputs_that_nobody_holds(self):
        self.put("/sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs", "Y\n")
        self.expect("outputs", "hint", "until the next start", "sudo reboot")
        self.put("/boot/firmware/config.txt", "#dtparam=strict_gpiod\n")
        self.expect("outputs", "hint", "persist_gpio_outputs is on", "echo dtparam=strict_gpiod | sudo tee -a")
        self.put("/boot/firmware/cmdline.txt", "pinctrl_bcm2835.persist_gpio_outputs=n rootwait\n")
        self.remove("/sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs")
        self.assertEqual({finding["level"] for finding in self.examine()[1]}, {"ok"})

    def test_another_board_has_no_such_firmware(self):
        self.remove("/boot/firmware/config.txt")
        subjects = [finding["subject"] for finding in self.examine()[1]]
        self.assertNotIn("console", subjects)
        self.assertNotIn("outputs", subjects)

    def test_the_clock(self):
        self.remove("/run/systemd/timesync/synchronized")
        self.expect("clock", "wrong", "not synchronised", "sudo timedatectl set-ntp true")

    def test_the_kernel(self):
        self.put("/sys/kernel/security/lsm", "capability,yama\n")
        self.expect("landlock", "hint", "no Landlock", "lsm=landlock")
        self.put("/sys/kernel/security/lsm", "landlock\n")
        self.remove("/proc/sys/kernel/seccomp/actions_avail")
        self.expect("seccomp", "wrong", "no seccomp filters", "sudo apt full-upgrade")
        self.put("/proc/sys/kernel/seccomp/actions_avail")
        self.put("/sys/fs/cgroup/cgroup.controllers", "cpu io pids\n")
        self.expect("memory", "hint", "memory controller is off", "cgroup_enable=memory")
        self.put("/sys/fs/cgroup/cgroup.controllers", "memory\n")
        self.remove("/dev/watchdog0")
        self.expect("watchdog", "hint", "no hardware watchdog", "dtparam=watchdog=on")

    def test_this_machine_can_be_examined(self):
        result = self.deskctl("doctor")
        self.assertIn(result.code, (0, 1))
        self.assertEqual(result.err, "")
        for line in result.out.splitlines():
            if not line.startswith("         "):  # a command is not broken
                self.assertLessEqual(len(line), 80)


if __name__ == "__main__":
    unittest.main(verbosity=2)
