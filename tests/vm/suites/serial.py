#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""deskd:serial on the kernel's 8250 driver: both ends of a cable. Second witness: the other end, by termios."""

import os
import pathlib
import select
import subprocess
import termios
import time
import tty

import guest

MINE, THEIRS = guest.SERIAL_PORTS


class SerialTest(guest.GuestTest):
    imports = "import * as serial from 'deskd:serial';"

    def setUp(self):
        self.end = os.open(THEIRS, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.addCleanup(os.close, self.end)
        tty.setraw(self.end)
        attributes = termios.tcgetattr(self.end)
        attributes[4] = attributes[5] = termios.B115200
        termios.tcsetattr(self.end, termios.TCSANOW, attributes)
        termios.tcflush(self.end, termios.TCIOFLUSH)

    def read(self, count):
        data = b""
        end = time.monotonic() + guest.DEADLINE_S
        while len(data) < count and time.monotonic() < end:
            select.select([self.end], [], [], 1)
            try:
                data += os.read(self.end, count - len(data))
            except BlockingIOError:
                pass
        return data

    def write(self, data):
        while data:
            select.select([], [self.end], [])
            data = data[os.write(self.end, data):]


class Ports(SerialTest):
    def test_every_byte_passes_both_ways(self):
        script = self.script(f"""
            const port = await serial.open({{path: '{MINE}', baudRate: 115200, framing: {{type: 'fixed', length: 256}}}});
            await step('open');
            const [frame] = await Promise.all([port.once('frame'), port.write(Uint8Array.from({{length: 256}}, (_, i) => i))]);
            await step([...frame]);
            port.close();""")
        self.assertEqual(script.next(), "open")
        script.go_on()
        self.assertEqual(self.read(256), bytes(range(256)))
        self.write(bytes(reversed(range(256))))
        self.assertEqual(script.next(), list(reversed(range(256))))
        script.finish()

    def test_a_request_gets_its_answer(self):
        script = self.script(f"""
            const port = await serial.open({{path: '{MINE}', framing: {{type: 'delimiter', bytes: [10]}}}});
            const answer = await port.request('height?\\n', {{timeout: 60000}});
            await step(new TextDecoder().decode(answer));
            port.close();""")
        self.assertEqual(self.read(8), b"height?\n")
        self.write(b"731\n")
        self.assertEqual(script.next(), "731")
        script.finish()

    def test_a_rate_beyond_the_hardware_is_refused(self):
        # Of rates between its divisors this driver does not tell that it misses them.
        script = self.script(f"await step(await failureOf(serial.open({{path: '{MINE}', baudRate: 250000}})));")
        failure = script.next()
        self.assertEqual(failure["code"], "EINVAL")
        self.assertIn("250000", failure["message"])
        script.finish()

    def test_the_driver_has_the_settings(self):
        script = self.script(f"""
            const port = await serial.open({{path: '{MINE}', baudRate: 19200, dataBits: 7, parity: 'even', stopBits: 2,
                                             exclusive: false}});
            await step('open');
            port.close();""")
        script.next()
        text = guest.run("stty", "-a", "-F", MINE).split()
        for setting in ("19200", "cs7", "parenb", "-parodd", "cstopb", "-icanon", "-opost"):
            self.assertIn(setting, text)
        script.go_on()

    def test_nobody_else_gets_an_exclusive_port(self):
        script = self.script(f"const port = await serial.open({{path: '{MINE}'}}); await step('open'); port.close();")
        script.next()
        other = self.script(f"await step(await failureOf(serial.open({{path: '{MINE}'}})));")
        failure = other.next()
        self.assertEqual(failure["code"], "EBUSY")
        self.assertIn(str(script.pid), failure["message"])
        denied = subprocess.run([*guest.AS_DESKD, "sh", "-c", f": <{MINE}"], stderr=subprocess.PIPE, text=True)
        self.assertNotEqual(denied.returncode, 0, "TIOCEXCL keeps out programs that know nothing of locks")
        other.finish()
        script.finish()

    def test_a_port_that_goes_away_and_comes_back(self):
        driver, device = driver_of(MINE)
        script = self.script(f"""
            const port = await serial.open({{path: '{MINE}', baudRate: 115200, framing: {{type: 'delimiter', bytes: [10]}}}});
            tell('open');
            await port.once('disconnect');
            tell(await failureOf(port.write('lost')));
            await port.once('reconnect');
            tell('back');
            const frame = await port.once('frame');
            await step(new TextDecoder().decode(frame));
            port.close();""")
        self.assertEqual(script.next(), "open")
        (driver / "unbind").write_text(device)
        self.addCleanup(bind, driver, device)
        self.assertEqual(script.next()["code"], "ERR_DISCONNECTED")
        bind(driver, device)
        self.assertEqual(script.next(), "back")
        self.write(b"still here\n")
        self.assertEqual(script.next(), "still here")
        script.finish()


def driver_of(path):
    """The driver of a port, a directory of sysfs, and the port's name there."""
    device = pathlib.Path("/sys/class/tty", os.path.basename(path), "device").resolve()
    while not (device / "driver" / "unbind").exists():
        device = device.parent
    return (device / "driver").resolve(), device.name


def bind(driver, device):
    if not (driver / device).exists():
        (driver / "bind").write_text(device)
        guest.run("udevadm", "settle")


if __name__ == "__main__":
    guest.main()
