# SPDX-License-Identifier: Apache-2.0
"""A bus of its own for a test, with the policy that deskd brings, and busctl to talk to it."""

import json
import os
import subprocess

from deskd_fixture import DEADLINE, SOURCE, DeskdCase, Process

NAME = "org.deskd.Manager1"
ROOT = "/org/deskd/Manager1"
SCRIPT = "org.deskd.Script1"
NOBODY = 65534

# As the system's: nobody may own or call anything but what a policy file allows.
CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Properties"/>
  </policy>
  <policy user="{user}">
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Monitoring"/>
    <allow own="org.freedesktop.PolicyKit1"/>
    {extra}
  </policy>
  <policy context="default">
    <allow send_destination="org.freedesktop.PolicyKit1"/>
  </policy>
  {include}
</busconfig>
"""


class Bus:
    """dbus-daemon; may be ended and started again at the same address."""

    def __init__(self, directory, policy=True):
        os.chmod(directory, 0o755)  # others have to reach the socket
        self.socket = os.path.join(directory, "bus")
        self.address = f"unix:path={self.socket}"
        self.config = os.path.join(directory, "bus.conf")
        file = os.path.abspath(os.path.join(SOURCE, "systemd/org.deskd.Manager1.conf"))
        own = f'<allow own="{NAME}"/>' if policy and os.geteuid() != 0 else ""  # the policy names root and deskd
        with open(self.config, "w") as config:
            config.write(CONFIG.format(socket=self.socket, user=os.geteuid(), extra=own,
                                       include=f"<include>{file}</include>" if policy else ""))
        self.process = None
        self.start()

    def start(self):
        self.process = Process(["dbus-daemon", "--nofork", "--nopidfile", "--print-address",
                                f"--config-file={self.config}"])
        self.process.lines.wait("^unix:")

    def end(self):
        self.process.end()
        if os.path.exists(self.socket):
            os.unlink(self.socket)


class Signals:
    """What deskd signals, as busctl sees it."""

    def __init__(self, address):
        self._process = Process(["busctl", f"--address={address}", "monitor", "--json=short", NAME])
        self.lines = self._process.lines
        self.lines.wait("Monitoring bus message stream")

    def wait(self, *words, start=0):
        """A line that has all these words, in this order."""
        return self.lines.wait(".*".join(words), start=start)[1]

    def end(self):
        self._process.end()


class BusCase(DeskdCase):
    def start_bus(self, **options):
        self.private = Bus(self.directory, **options)
        self.addCleanup(self.private.end)
        self.bus = self.private.address

    def busctl(self, *arguments, user=None):
        """Exit code and what it printed."""
        other = [] if user is None else ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        done = subprocess.run([*other, "busctl", f"--address={self.bus}", *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=DEADLINE, check=False)
        return done.returncode, done.stdout.strip()

    def ask(self, *arguments):
        code, text = self.busctl("--json=short", *arguments)
        self.assertEqual(code, 0, text)
        return json.loads(text)["data"] if text else None

    def property(self, name, script=None):
        path, interface = (ROOT, NAME) if script is None else (self.path(script), SCRIPT)
        return self.ask("get-property", NAME, path, interface, name)

    def call(self, method, *arguments, script=None):
        path, interface = (ROOT, NAME) if script is None else (self.path(script), SCRIPT)
        return self.ask("call", NAME, path, interface, method, *(("s" * len(arguments), *arguments) if arguments else ()))

    @staticmethod
    def path(script):
        """As sd_bus_path_encode() escapes it."""
        escaped = "".join(c if c.isascii() and c.isalpha() or (c.isdigit() and i) else
                          "".join(f"_{byte:02x}" for byte in c.encode()) for i, c in enumerate(script))
        return f"{ROOT}/script/{escaped}"
