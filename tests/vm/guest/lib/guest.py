# SPDX-License-Identifier: Apache-2.0
"""What the suites share: scripts that run in step with a test, GPIO chips of gpio-sim, libgpiod's tools, the I2C stubs.

Nothing here measures time: the guest may be slow. Waits end with what they wait for; deadlines are for what never comes.
"""

import json
import os
import pathlib
import pty
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import tty
import unittest

DEADLINE_S = 60
HOST = "/usr/lib/deskd/deskd-host"
SERIAL_PORTS = ("/dev/ttyS1", "/dev/ttyS2")  # the ends of one cable
HERE = pathlib.Path(__file__).resolve().parent
# As the service runs: no root, and what its groups may open.
AS_DESKD = ["setpriv", "--reuid=deskd", "--regid=deskd", "--groups=dialout,gpio,i2c", "--no-new-privs"]


def until(fulfilled, what, deadline_s=DEADLINE_S):
    """Waits for something that no event tells of. Returns what `fulfilled` does."""
    end = time.monotonic() + deadline_s
    while True:
        value = fulfilled()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline_s} s for {what() if callable(what) else what}")
        time.sleep(0.002)


def run(*command, **options):
    """Runs a tool that must succeed; returns what it prints."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE_S, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: status {done.returncode}: {done.stdout}")
    return done.stdout


class Process:
    """A program whose lines are kept and waited for. Ends with the test."""

    def __init__(self, test, command, **options):
        self.name = os.path.basename(command[0])
        self.lines = []
        self._new = threading.Condition()
        self._ended = False
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
        self.pid = self.child.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        test.addCleanup(self.end)

    def _read(self):
        for raw in self.child.stdout:
            with self._new:
                self.lines.append(raw.decode(errors="replace").rstrip("\n"))
                self._new.notify_all()
        with self._new:
            self._ended = True
            self._new.notify_all()

    def line(self, index, deadline_s=DEADLINE_S):
        """The line with that index, once it is there."""
        with self._new:
            self._new.wait_for(lambda: self._ended or len(self.lines) > index, deadline_s)
            if len(self.lines) > index:
                return self.lines[index]
        said = "ended" if self._ended else f"said no more ({self.waits()})"
        raise AssertionError(f"{self.name} {said}; it had said:\n" + "\n".join(self.lines))

    def waits(self):
        """What its threads wait for in the kernel."""
        threads = pathlib.Path(f"/proc/{self.pid}/task").glob("*")
        return ", ".join(f"{(thread / 'comm').read_text().strip()}: {(thread / 'wchan').read_text()}" for thread in threads)

    def wait(self, pattern):
        """The first line that matches."""
        index = 0
        while not re.search(pattern, self.line(index)):
            index += 1
        return self.lines[index]

    def status(self):
        """How it ends by itself."""
        self.child.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        return self.child.returncode

    def end(self, number=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(number)
            try:
                self.child.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self.child.wait()
        self._reader.join(DEADLINE_S)
        self.child.stdout.close()


class Script(Process):
    """A device script, run by deskd-host as the user deskd.

    Its text stands in the test and sees step(), tell(), failure() and failureOf() of steps.js: `await step('on')` gives the
    test 'on', which next() returns, and waits for go_on(). So either side looks while the other waits.
    """

    def __init__(self, test, text, imports=""):
        directory = tempfile.mkdtemp(prefix="script-")
        test.addCleanup(shutil.rmtree, directory)
        os.chmod(directory, 0o755)
        self._control, terminal = pty.openpty()
        tty.setraw(terminal)
        path = os.ttyname(terminal)
        os.chown(path, pwd.getpwnam("deskd").pw_uid, -1)
        shutil.copy(HERE / "steps.js", directory)
        script = pathlib.Path(directory, "test.js")
        script.write_text(f"import {{failure, failureOf, finish, step, tell}} from './steps.js'; {imports}\n{text}\nfinish();\n")
        test.addCleanup(os.close, self._control)
        test.addCleanup(os.close, terminal)
        self._next = 0
        super().__init__(test, [*AS_DESKD, HOST, "--settings-json", json.dumps({"control": path}),
                                "--library", "/usr/share/deskd/scripts", "--turn-ms", "60000", "--foreground", str(script)])

    def next(self):
        """The next value that the script tells."""
        while True:
            line = self.line(self._next)
            self._next += 1
            if line.startswith("tell "):
                return json.loads(line[5:])

    def go_on(self, answer=None):
        os.write(self._control, json.dumps(answer).encode() + b"\n")

    def finish(self):
        """Lets it go on to its end, which must be a good one."""
        self.go_on()
        if self.status() != 0:
            raise AssertionError(f"the script ended with status {self.child.returncode}:\n" + "\n".join(self.lines))


class Chip:
    """A chip of gpio-sim: lines whose pulls and levels are files."""

    CONFIG = pathlib.Path("/sys/kernel/config/gpio-sim")

    def __init__(self, test, name="header", label="deskd-header", names=None, size=54):
        names = {offset: f"GPIO{offset}" for offset in range(28)} if names is None else names
        self._directory = self.CONFIG / name
        self._bank = self._directory / "bank"
        self._bank.mkdir(parents=True)
        (self._bank / "num_lines").write_text(str(size))
        (self._bank / "label").write_text(label)
        for offset, line in names.items():
            (self._bank / f"line{offset}").mkdir()
            (self._bank / f"line{offset}" / "name").write_text(line)
        (self._directory / "live").write_text("1")
        self.label = label
        self.name = (self._bank / "chip_name").read_text().strip()
        device = (self._directory / "dev_name").read_text().strip()
        self._lines = pathlib.Path("/sys/devices/platform", device, self.name)
        test.addCleanup(self.remove)
        run("udevadm", "settle")

    def level(self, offset):
        return (self._lines / f"sim_gpio{offset}" / "value").read_text().strip() == "1"

    def pull(self, offset, up):
        """What the world outside does to the line."""
        (self._lines / f"sim_gpio{offset}" / "pull").write_text("pull-up" if up else "pull-down")

    def pulled_up(self, offset):
        return (self._lines / f"sim_gpio{offset}" / "pull").read_text().strip() == "pull-up"

    def remove(self):
        if not self._directory.exists():
            return
        (self._directory / "live").write_text("0")
        for line in self._bank.glob("line*"):
            line.rmdir()
        self._bank.rmdir()
        self._directory.rmdir()


class Libgpiod:
    """libgpiod's tools. Their command lines differ between 1.6 and 2.x."""

    def __init__(self):
        self.version = re.search(r"v([\d.]+)", run("gpiodetect", "--version"))[1]
        self.first = self.version.startswith("1.")

    def chips(self):
        return run("gpiodetect")

    def get(self, chip, offset):
        """Reads a line, which makes it an input."""
        if self.first:
            return run("gpioget", chip.name, str(offset)).strip() == "1"
        return run("gpioget", "--numeric", "-c", chip.name, str(offset)).strip() == "1"

    def hold(self, test, chip, offset, value):
        """Drives a line until the returned process ends."""
        if self.first:
            command = ["gpioset", "--mode=signal", chip.name, f"{offset}={value}"]
        else:
            command = ["gpioset", "-C", "gpioset", "-c", chip.name, f"{offset}={value}"]
        process = Process(test, command)
        until(lambda: self.line(chip, offset)["consumer"], f"gpioset to hold line {offset}")
        return process

    def refusal(self, chip, offset):
        """What gpioget says of a line that it must not get."""
        arguments = [chip.name, str(offset)] if self.first else ["-c", chip.name, str(offset)]
        done = subprocess.run(["gpioget", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.stdout if done.returncode != 0 else ""

    def watch(self, test, chip, offset, count):
        """gpiomon, which says for each of `count` edges whether it is a rising one."""
        if self.first:
            command = ["gpiomon", f"--num-events={count}", "--format=%e", chip.name, str(offset)]
        else:
            command = ["gpiomon", "-C", "gpiomon", "-n", str(count), "-F", "%e", "-c", chip.name, str(offset)]
        process = Process(test, ["stdbuf", "-oL", *command])
        until(lambda: self.line(chip, offset)["consumer"], f"gpiomon to watch line {offset}")
        return process

    def line(self, chip, offset):
        """What gpioinfo says of a line."""
        text = run("gpioinfo", chip.name) if self.first else run("gpioinfo", "-c", chip.name)
        found = re.search(rf"^\s*line\s+{offset}:(.*)$", text, re.MULTILINE)[1]
        if self.first:
            name, consumer = re.findall(r'"[^"]*"|unnamed|unused|kernel', found)[:2]
            name, consumer = name.strip('"'), consumer.strip('"')
            consumer = "" if consumer == "unused" else consumer
        else:
            name = re.match(r'\s*(?:"([^"]*)"|unnamed)', found)[1] or "unnamed"
            held = re.search(r'consumer="?([^"\s]*)', found)
            consumer = held[1] if held else ""
        return {"name": name, "consumer": consumer, "output": bool(re.search(r"\boutput\b", found)),
                "active_low": "active-low" in found, "text": found}


class Bus:
    """One of the buses of i2c-stub, and i2c-tools on it."""

    def __init__(self, raw):
        wanted = "raw I2C stub" if raw else "SMBus stub"
        names = pathlib.Path("/sys/class/i2c-dev").glob("*/name")
        self.name = next(name.parent.name for name in names if wanted in name.read_text())
        self.number = self.name.removeprefix("i2c-")

    def get(self, address, register):
        return int(run("i2cget", "-y", self.number, hex(address), hex(register), "b"), 0)

    def set(self, address, register, *values):
        """Writes registers that follow each other."""
        run("i2cset", "-y", self.number, hex(address), hex(register), *map(hex, values), "i")


class GuestTest(unittest.TestCase):
    """A test with scripts. `imports` are what all of them import."""

    maxDiff = None
    imports = ""

    def script(self, text):
        return Script(self, text, self.imports)


class Result(unittest.TextTestResult):
    """Says at once why a test failed: the suite's time may end before its last test does."""

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.stream.writeln(self.failures[-1][1])

    def addError(self, test, error):
        super().addError(test, error)
        self.stream.writeln(self.errors[-1][1])

    def printErrors(self):
        pass


def main():
    """Every test of the suite must have run: there are none here that may be left out."""
    runner = unittest.TextTestRunner(verbosity=2, resultclass=Result)
    result = unittest.main(exit=False, argv=[os.path.basename(__file__)], module="__main__", testRunner=runner).result
    raise SystemExit(0 if result.wasSuccessful() and not result.skipped and result.testsRun > 0 else 1)
