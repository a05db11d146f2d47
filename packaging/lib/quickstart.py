#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs deskd with a simulated desk and a private broker: a live view in the terminal, or --check without one.

Started by packaging/quickstart, which has built deskd before. Everything lives in a private directory that goes away at
the end, and every process started here ends with this one, however it ends.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("DESKD_BUILD_DIR", SOURCE / "build/release"))
NODE, DEVICE = "demo", "jiecang"
BASE = f"deskd/{NODE}/{DEVICE}/"
PRESETS = {"sit": 72, "perch": 85, "stand": 105, "tall": 115}
PATIENCE_S = 18


class Failed(Exception):
    """Something that ends the quick start; the text says what."""


class Ended(Exception):
    """A signal asks to end."""


def program(name):
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin")
    if not found:
        raise Failed(f"{name} is not installed (run packaging/quickstart, which installs it)")
    return found


class Bench:
    """A private broker, deskd with a simulated desk, and what is said on the broker."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="deskd-quickstart-"))
        self.children = []
        self.states = {}
        self.port = None
        self.daemon = None
        self.listener = None
        self._rest = b""

    def start(self):
        self.port = self.start_broker()
        self.write_settings()
        self.listener = self.spawn(
            [program("mosquitto_sub"), "-h", "127.0.0.1", "-p", str(self.port), "-F", "%j", "-t", "deskd/#"],
            stdout=subprocess.PIPE)
        os.set_blocking(self.listener.stdout.fileno(), False)
        with open(self.directory / "deskd.log", "wb") as log:
            self.daemon = self.spawn([BUILD / "deskd", "--sim", "--config", self.directory / "deskd.toml"],
                                     stdout=log, stderr=subprocess.STDOUT)

    def spawn(self, command, identity=(), **options):
        """Starts a process that ends when this one does, even by SIGKILL."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options}
        # A group of its own: Ctrl-C comes to this process alone, which then ends the others in order.
        child = subprocess.Popen([program("setpriv"), *identity, "--pdeathsig", "TERM", *command],
                                 start_new_session=True, **options)
        self.children.append(child)
        return child

    def start_broker(self):
        for _ in range(5):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            # Without a settings file mosquitto serves this machine only, and stores nothing. As root it would change its
            # user by itself, which makes the kernel forget that it is to end with this process.
            user = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []
            broker = self.spawn([program("mosquitto"), "-p", str(port)], user, stderr=subprocess.PIPE)
            for line in broker.stderr:
                if b" running" in line:
                    return port
            broker.wait()  # somebody else took the port in between
        raise Failed("mosquitto does not start on a free port of 127.0.0.1")

    def write_settings(self):
        for name in ("scripts", "state"):
            (self.directory / name).mkdir()
        (self.directory / "scripts/jiecang.js").symlink_to(SOURCE / "scripts/jiecang.js")
        presets = "".join(f"{name} = {heightCm * 10}\n" for name, heightCm in PRESETS.items())
        (self.directory / "scripts/jiecang.toml").write_text(f"[presets]\n{presets}")
        (self.directory / "deskd.toml").write_text(
            f'node = "{NODE}"\n'
            f'[mqtt]\nurl = "mqtt://127.0.0.1:{self.port}"\n'
            f'[scripts]\ndirectory = "{self.directory}/scripts"\nlibrary = "{SOURCE}/scripts"\n'
            f'[state]\ndirectory = "{self.directory}/state"\n')

    def publish(self, property_name, payload):
        self.spawn([program("mosquitto_pub"), "-h", "127.0.0.1", "-p", str(self.port), "-q", "1",
                    "-t", f"{BASE}{property_name}/set", "-m", payload])

    def read_messages(self):
        """What has come since the last time: pairs of topic and payload."""
        try:
            self._rest += os.read(self.listener.stdout.fileno(), 65536)
        except BlockingIOError:
            return []
        *lines, self._rest = self._rest.split(b"\n")
        messages = []
        for line in lines:
            message = json.loads(line)
            topic, payload = message["topic"], str(message.get("payload", ""))
            messages.append((topic, payload))
            if topic == BASE + "status":
                self.states["status"] = payload
            elif topic.startswith(BASE) and topic.endswith("/state"):
                self.states[topic[len(BASE):-len("/state")]] = payload
        return messages

    def verify_alive(self):
        for name, child in (("deskd", self.daemon), ("mosquitto_sub", self.listener)):
            if child.poll() is not None:
                raise Failed(f"{name} ended by itself (status {child.returncode})")

    def log(self, lines):
        path = self.directory / "deskd.log"
        return path.read_text(errors="replace").splitlines()[-lines:] if path.exists() else []

    def end(self):
        """Deskd first: it stops the desk and says goodbye to the broker."""
        for child in [self.daemon, *reversed(self.children)]:
            if child is None or child.poll() is not None:
                continue
            child.terminate()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def clock():
    now = time.time()
    return time.strftime("%H:%M:%S", time.localtime(now)) + f".{int(now % 1 * 1000):03d}"


def number(payload):
    """A state as a number; none if there is none yet, or while it is unknown (published as "None")."""
    try:
        return float(payload)
    except (TypeError, ValueError):
        return None


class Check:
    """--check: moves the desk once by a message and watches it arrive."""

    def __init__(self, bench):
        self.bench = bench
        self.deadline = time.monotonic() + PATIENCE_S

    def run(self):
        bench = self.bench
        bench.start()
        print(f"{clock()} broker on 127.0.0.1:{bench.port}, deskd --sim started", flush=True)
        self.wait(lambda: bench.states.get("status") == "online" and self.height() is not None,
                  f"{BASE}status online and a height")
        begin = self.height()
        target = begin + 6 if begin < 100 else begin - 6
        print(f"{clock()} > {BASE}target/set {target:.1f}", flush=True)
        bench.publish("target", f"{target:.1f}")
        self.wait(lambda: bench.states.get("moving") == "ON", f"{BASE}moving/state ON")
        self.wait(lambda: bench.states["moving"] == "OFF" and self.is_at(target),
                  f"{BASE}height/state {target:.1f} at rest")
        print(f"{clock()} arrived at {bench.states['height']} cm (from {begin:.1f}, asked for {target:.1f})", flush=True)

    def height(self):
        return number(self.bench.states.get("height"))

    def is_at(self, target):
        height = self.height()
        return height is not None and abs(height - target) < 0.15

    def wait(self, fulfilled, what):
        while not fulfilled():
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise Failed(f"waited for {what}; the last states are {self.bench.states or 'none'}")
            select.select([self.bench.listener.stdout], [], [], min(left, 0.2))
            for topic, payload in self.bench.read_messages():
                if topic.endswith(("/state", "/status")):
                    print(f"{clock()} {topic} {payload}", flush=True)
            self.bench.verify_alive()


class Terminal:
    """The terminal in single-key mode, with a screen of its own, given back as it was."""

    def __enter__(self):
        self.before = termios.tcgetattr(0)
        mode = termios.tcgetattr(0)
        mode[3] &= ~(termios.ICANON | termios.ECHO)
        mode[6][termios.VSUSP] = b"\0"  # a stopped view would leave the terminal like this
        termios.tcsetattr(0, termios.TCSADRAIN, mode)
        self.write("\x1b[?1049h\x1b[?25l\x1b[2J")
        self.shown = []
        return self

    def __exit__(self, *_):
        self.write("\x1b[?25h\x1b[?1049l")
        termios.tcsetattr(0, termios.TCSADRAIN, self.before)

    @staticmethod
    def write(text):
        data = text.encode()
        while data:
            data = data[os.write(1, data):]

    def show(self, lines):
        """Writes only the lines that differ from what is there."""
        size = os.get_terminal_size(1)
        lines = lines[:size.lines]
        output = ""
        for row, line in enumerate(lines + [""] * (len(self.shown) - len(lines))):
            line = line[:size.columns]
            if row >= len(self.shown) or self.shown[row] != line:
                output += f"\x1b[{row + 1};1H{line}\x1b[K"
        self.shown = lines
        if output:
            self.write(output)

    def forget(self):
        self.write("\x1b[2J")
        self.shown = []


class View:
    """The live view."""

    KEYS = {"u": ("cover", "OPEN"), "\x1b[A": ("cover", "OPEN"), "\x1bOA": ("cover", "OPEN"),
            "d": ("cover", "CLOSE"), "\x1b[B": ("cover", "CLOSE"), "\x1bOB": ("cover", "CLOSE"),
            "s": ("stop", "PRESS"), " ": ("stop", "PRESS"),
            **{str(number): ("preset", name) for number, name in enumerate(PRESETS, 1)}}

    def __init__(self, bench):
        self.bench = bench
        self.messages = collections.deque(maxlen=8)
        self.wake_read, self.wake_write = os.pipe()
        os.set_blocking(self.wake_write, False)
        self.resized = False

    def run(self):
        self.bench.start()
        signal.set_wakeup_fd(self.wake_write)
        signal.signal(signal.SIGWINCH, self.resize)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # wakes the loop, which looks whether deskd lives
        try:
            with Terminal() as terminal:
                self.loop(terminal)
        finally:
            signal.set_wakeup_fd(-1)

    def resize(self, *_):
        self.resized = True

    def loop(self, terminal):
        keys = ""
        while True:
            terminal.show(self.lines())
            ready, _, _ = select.select([0, self.wake_read, self.bench.listener.stdout], [], [])
            if self.wake_read in ready:
                os.read(self.wake_read, 4096)
            if self.resized:
                self.resized = False
                terminal.forget()
            for topic, payload in self.bench.read_messages():
                self.messages.append(f"{clock()[:8]}  {topic[len('deskd/'):]}  {payload}")
            self.bench.verify_alive()
            if 0 in ready:
                typed = os.read(0, 1024).decode(errors="replace")
                if not typed:
                    return
                keys = self.press(keys + typed)
                if keys is None:
                    return

    def press(self, keys):
        """Obeys the keys; returns what may be the beginning of another one, None to end."""
        while keys:
            if keys[0] in "q\x04":
                return None
            if keys[0] == "\x1b" and len(keys) < 3 and re.fullmatch("\x1b[[O]?", keys):
                return keys
            name = keys[:3] if keys[0] == "\x1b" else keys[0]
            keys = keys[len(name):]
            if name in self.KEYS:
                self.bench.publish(*self.KEYS[name])
        return ""

    def lines(self):
        states = self.bench.states
        known = number(states.get("height"))
        height = "--" if known is None else f"{known:.1f}"
        position = states.get("position", "")
        filled = round(int(position) * 40 / 100) if position.isdigit() else 0
        presets = "  ".join(f"{number} {name}" for number, name in enumerate(PRESETS, 1))
        last = list(self.messages) + [""] * (self.messages.maxlen - len(self.messages))
        return [
            f"deskd: a simulated Jiecang desk, moved over MQTT (broker on 127.0.0.1:{self.bench.port})",
            "",
            f"  Height   {height:>6} cm   [{'#' * filled}{'.' * (40 - filled)}]",
            f"  Cover    {states.get('cover', '--')}" + (f", {position} %" if position else ""),
            f"  Moving   {states.get('moving', '--'):<8} Fault  {states.get('fault', '--'):<8} "
            f"Script  {states.get('status', 'starting')}",
            "",
            "Last messages",
            *(f"  {line}" for line in last),
            "",
            "From another terminal:",
            f"  mosquitto_pub -h 127.0.0.1 -p {self.bench.port} -t {BASE}target/set -m 95",
            "",
            "Keys: u or up: raise   d or down: lower   s or space: stop   q: quit",
            f"      {presets}",
        ]


def ended(number, _frame):
    raise Ended(signal.Signals(number).name)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ended)
    bench = Bench()
    try:
        (Check if options.check else View)(bench).run()
        return 0
    except Ended as reason:
        return 1 if options.check or str(reason) != "SIGINT" else 0
    except (Failed, OSError) as error:
        print(f"quickstart: {error}", file=sys.stderr)
        for line in bench.log(40):
            print(f"  {line}", file=sys.stderr)
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # ending in order takes a moment; nothing may cut it short
        bench.end()


if __name__ == "__main__":
    sys.exit(main())
