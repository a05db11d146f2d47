# SPDX-License-Identifier: Apache-2.0
"""A private broker, simulated desk and daemon for each test, and a client that waits for messages.

Every wait has a deadline and ends with the event; nothing sleeps and hopes. Ports are free ones, directories private,
and only processes that were started here are ended.
"""

import os
import queue
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import paho.mqtt.client as paho

BUILD = os.environ.get("DESKD_BUILD_DIR", "build/release")
SOURCE = os.environ.get("DESKD_SOURCE_DIR", ".")
# Sanitizers and busy machines make everything slower; the events stay the same.
PATIENCE = float(os.environ.get("DESKD_PATIENCE", "1"))
DEADLINE = 15 * PATIENCE


def program(name):
    return os.path.join(os.path.abspath(BUILD), name)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Lines:
    """Lines that a process prints, kept, and waited for."""

    def __init__(self, stream):
        self.seen = []
        self._new = threading.Condition()
        self._closed = False
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream):
        for raw in stream:
            with self._new:
                self.seen.append((time.monotonic(), raw.decode(errors="replace").rstrip("\n")))
                self._new.notify_all()
        stream.close()
        with self._new:
            self._closed = True
            self._new.notify_all()

    def mark(self):
        """A place to wait from."""
        with self._new:
            return len(self.seen)

    def wait(self, pattern, start=0, deadline=None):
        """The first line from `start` on that matches, with the time it was read."""
        wanted = re.compile(pattern)
        until = time.monotonic() + (deadline or DEADLINE)
        with self._new:
            while True:
                for when, line in self.seen[start:]:
                    if wanted.search(line):
                        return when, line
                left = until - time.monotonic()
                if left <= 0 or self._closed:
                    raise AssertionError(f"no line matches {pattern!r}; there were:\n" + self.text(start))
                self._new.wait(left)

    def count(self, pattern):
        return sum(1 for _, line in list(self.seen) if re.search(pattern, line))

    def text(self, start=0):
        return "\n".join(line for _, line in self.seen[start:])


class Process:
    def __init__(self, arguments, **options):
        self.child = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, **options)
        self.lines = Lines(self.child.stdout)
        self.pid = self.child.pid

    def send_signal(self, number):
        self.child.send_signal(number)

    def wait(self, deadline=None):
        return self.child.wait(deadline or DEADLINE)

    def end(self, number=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(number)
            try:
                self.child.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.child.stdin.close()


class Broker:
    """mosquitto on a free loopback port; may be killed and started again."""

    def __init__(self, directory):
        self.port = free_port()
        self.config = os.path.join(directory, "mosquitto.conf")
        with open(self.config, "w") as file:
            file.write(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
                       "set_tcp_nodelay true\n")
        self.process = None
        self.start()

    def start(self):
        mosquitto = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self.process = Process([mosquitto, "-c", self.config])
        self.process.lines.wait("mosquitto version .* running")

    def kill(self):
        self.process.end(signal.SIGKILL)

    def end(self):
        self.process.end()


class Client:
    """Sees every message of the broker."""

    def __init__(self, port, topic="#"):
        self.messages = []
        self._new = threading.Condition()
        self._ready = threading.Event()
        if hasattr(paho, "CallbackAPIVersion"):
            self._client = paho.Client(paho.CallbackAPIVersion.VERSION1)
        else:
            self._client = paho.Client()
        self._client.on_message = self._message
        self._client.on_connect = lambda *_: self._client.subscribe(topic, 1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if not self._ready.wait(DEADLINE):
            raise AssertionError("the test's own client cannot subscribe")

    def _message(self, _client, _data, message):
        with self._new:
            self.messages.append((message.topic, message.payload.decode(errors="replace"), bool(message.retain)))
            self._new.notify_all()

    def mark(self):
        with self._new:
            return len(self.messages)

    def publish(self, topic, payload, retain=False):
        self._client.publish(topic, payload, 1, retain).wait_for_publish()

    def publish_later(self, topic, payload):
        """Without waiting for the broker."""
        self._client.publish(topic, payload, 0)

    def wait(self, topic, payload=None, start=0, deadline=None):
        """The first message of the topic from `start` on whose payload is, or fulfils, `payload`."""
        fits = payload if callable(payload) else lambda text: payload is None or text == payload
        until = time.monotonic() + (deadline or DEADLINE)
        with self._new:
            while True:
                for name, text, _ in self.messages[start:]:
                    if name == topic and fits(text):
                        return text
                left = until - time.monotonic()
                if left <= 0:
                    seen = "\n".join(f"{name} {text}" for name, text, _ in self.messages[start:])
                    raise AssertionError(f"no fitting message on {topic}; there were:\n{seen}")
                self._new.wait(left)

    def last(self, topic):
        with self._new:
            fitting = [text for name, text, _ in self.messages if name == topic]
        return fitting[-1] if fitting else None

    def count(self, topic, start=0):
        with self._new:
            return sum(1 for name, _, _ in self.messages[start:] if name == topic)

    def end(self):
        self._client.disconnect()
        self._client.loop_stop()


class SimulatedDesk:
    """deskd-sim with its trace: what really arrived on the wire, and how the desk moved."""

    def __init__(self, directory, *arguments):
        self.port = os.path.join(directory, "desk-port")
        self.trace_path = os.path.join(directory, "desk-trace")
        open(self.trace_path, "w").close()
        self.process = Process([program("deskd-sim"), "--link", self.port, "--trace", self.trace_path, *arguments])
        self.process.lines.wait("^ready")

    def trace(self):
        with open(self.trace_path) as file:
            return [line.split(" ", 2) for line in file.read().splitlines() if line.count(" ") >= 2]

    def received(self):
        return [rest for _, kind, rest in self.trace() if kind == "rx"]

    def height(self):
        heights = [rest for _, kind, rest in self.trace() if kind == "height"]
        return float(heights[-1]) if heights else None

    def violations(self):
        return [rest for _, kind, rest in self.trace() if kind == "violation"]

    def wait(self, fits, what, deadline=None):
        """Until fits(self) is true; the trace is a file, so it is looked at whenever it has grown."""
        until = time.monotonic() + (deadline or DEADLINE)
        size = -1
        while time.monotonic() < until:
            now = os.path.getsize(self.trace_path)
            if now != size:
                size = now
                if fits(self):
                    return
            select.select([], [], [], 0.005)
        raise AssertionError(f"the simulated desk never {what}; its trace ends:\n" +
                             "\n".join(" ".join(line) for line in self.trace()[-30:]))

    def say(self, line):
        self.process.child.stdin.write((line + "\n").encode())
        self.process.child.stdin.flush()

    def end(self):
        self.process.end()


class DeskdCase(unittest.TestCase):
    NODE = "test"
    bus = "none"  # or an address

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="deskd-test-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.scripts = os.path.join(self.directory, "scripts")
        self.state = os.path.join(self.directory, "state")
        os.mkdir(self.scripts)
        os.mkdir(self.state)
        self.daemon = None

    # --- parts of the bench

    def start_broker(self):
        self.broker = Broker(self.directory)
        self.addCleanup(self.broker.end)
        self.client = Client(self.broker.port)
        self.addCleanup(self.client.end)

    def start_desk(self, *arguments):
        self.desk = SimulatedDesk(self.directory, *arguments)
        self.addCleanup(self.desk.end)

    def write_settings(self, extra="", broker=True):
        self.config = os.path.join(self.directory, "deskd.toml")
        with open(self.config, "w") as file:
            file.write(f'node = "{self.NODE}"\n')
            if broker:
                file.write(f'[mqtt]\nurl = "mqtt://127.0.0.1:{self.broker.port}"\n')
            file.write(f'[scripts]\ndirectory = "{self.scripts}"\n'
                       f'[state]\ndirectory = "{self.state}"\n{extra}')

    def start_daemon(self, *arguments, environment=None, **options):
        self.daemon = Process([program("deskd"), "--config", self.config, "--bus", self.bus, *arguments],
                              env={**os.environ, **(environment or {})}, start_new_session=True, **options)
        self.addCleanup(self.daemon.end)
        return self.daemon

    def write_script(self, name, text):
        """Written aside and renamed, as careful editors do."""
        path = os.path.join(self.scripts, name)
        with open(path + ".part", "w") as file:
            file.write(text)
        os.rename(path + ".part", path)

    def use_jiecang(self, settings=""):
        os.symlink(os.path.join(os.path.abspath(SOURCE), "scripts", "jiecang.js"),
                   os.path.join(self.scripts, "jiecang.js"))
        with open(os.path.join(self.scripts, "jiecang.toml"), "w") as file:
            file.write(f'port = "{self.desk.port}"\n{settings}')

    def topic(self, device, rest):
        return f"deskd/{self.NODE}/{device}/{rest}"

    def children(self):
        """Process ids of the daemon's children, by name; of those with one name the newest."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", errors="replace") as file:  # names are cut anywhere
                    name, rest = file.read().rsplit(")", 1)
            except OSError:
                continue
            fields = rest.split()
            if int(fields[1]) == self.daemon.pid:
                found.append((int(fields[19]), int(pid), name.split("(", 1)[1]))
        names = {}
        for _, pid, name in sorted(found):
            # A spare guard that is just being started has the guard's name still.
            if name != "deskd-guard" or name not in names:
                names[name] = pid
        return names
