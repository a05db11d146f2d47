# SPDX-License-Identifier: Apache-2.0
"""deskd as it is installed: systemd runs its unit, with the settings and scripts of a test."""

import os
import pathlib
import re
import shutil
import signal
import tempfile

import guest

MINE, THEIRS = guest.SERIAL_PORTS
DIRECTORY = pathlib.Path("/etc/deskd")
SCRIPTS = DIRECTORY / "scripts"
PROCESSES = pathlib.Path("/sys/fs/cgroup/system.slice/deskd.service/cgroup.procs")


def configure(settings):
    """Settings in deskd.toml, and no scripts."""
    DIRECTORY.joinpath("deskd.toml").write_text(f'node = "vm"\n{settings}')
    for path in SCRIPTS.iterdir():
        path.unlink()


def override(test, name, settings):
    """Settings of systemd's unit, until the test ends."""
    path = pathlib.Path("/run/systemd/system/deskd.service.d", f"{name}.conf")
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"[Service]\n{settings}")
    test.addCleanup(guest.run, "systemctl", "daemon-reload")
    test.addCleanup(path.unlink)
    guest.run("systemctl", "daemon-reload")


def start(test):
    """Ends with the test."""
    test.addCleanup(guest.run, "systemctl", "stop", "deskd")
    guest.run("systemctl", "start", "deskd")


def journal():
    return guest.run("journalctl", "-u", "deskd", "-o", "cat", "--no-pager")


def processes():
    """Process ids by name: deskd, deskd-guard, guard-spare, deskd-zygote, deskd:SCRIPT; of those with one name the newest."""
    found = []
    for pid in PROCESSES.read_text().split() if PROCESSES.exists() else []:
        try:
            name, rest = pathlib.Path(f"/proc/{pid}/stat").read_text().split("(", 1)[1].rsplit(")", 1)
        except OSError:
            continue  # it has ended in between
        found.append((int(rest.split()[19]), int(pid), name))
    names = {}
    for _, pid, name in sorted(found):
        # What is just being started, a spare guard or another child of deskd, has the name of another one still.
        if name not in ("deskd", "deskd-guard") or name not in names:
            names[name] = pid
    return names


def kill_all():
    """So that none of its processes sees another one's end."""
    pids = processes().values()
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            os.kill(pid, number)


class DeskTest(guest.GuestTest):
    """A Jiecang desk, simulated, at the other end of the cable, at 72.0 cm and known to the hub."""

    TOPIC = "deskd/vm/jiecang"

    def setUp(self):
        directory = tempfile.mkdtemp(prefix="desk-")
        self.addCleanup(shutil.rmtree, directory)
        self.trace = pathlib.Path(directory, "trace")
        desk = guest.Process(self, ["/usr/lib/deskd/deskd-sim", "--device", THEIRS, "--trace", str(self.trace)])
        self.assertEqual(desk.line(0), f"ready {THEIRS}")
        self.hub = guest.Process(self, ["mosquitto_sub", "-v", "-t", "deskd/#"])
        configure('[mqtt]\nurl = "mqtt://127.0.0.1:1883"\n')
        os.symlink("/usr/share/deskd/scripts/jiecang.js", SCRIPTS / "jiecang.js")
        (SCRIPTS / "jiecang.toml").write_text(f'port = "{MINE}"\n')
        try:
            start(self)
            self.hub.wait(f"^{self.TOPIC}/status online$")
        except AssertionError:
            print(journal())
            raise
        self.hub.wait(f"^{self.TOPIC}/height/state 72.0$")

    def publish(self, name, payload):
        guest.run("mosquitto_pub", "-q", "1", "-t", f"{self.TOPIC}/{name}/set", "-m", payload)

    def wait_for_trace(self, pattern):
        return guest.until(lambda: re.search(pattern, self.trace.read_text(), re.MULTILINE),
                           lambda: f"{pattern} in\n{self.trace.read_text()}")

    def height(self):
        return float(re.findall(r"height ([\d.]+)$", self.trace.read_text(), re.MULTILINE)[-1])
