# SPDX-License-Identifier: Apache-2.0
"""Runs deskctl in a private directory, and compares what it prints with golden/NAME.txt.

A golden file holds what a user sees, at 80 columns, with the private directory as DIR. DESKD_GOLDEN=write writes them
anew; look at the difference before you commit it.
"""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ.get("DESKD_BUILD_DIR", "build/release")).absolute()
SOURCE = pathlib.Path(os.environ.get("DESKD_SOURCE_DIR", ".")).absolute()
PATIENCE = float(os.environ.get("DESKD_PATIENCE", "1"))
DEADLINE = 30 * PATIENCE
GOLDEN = SOURCE / "tests" / "deskctl" / "golden"
COLUMNS = 80


class Result:
    def __init__(self, completed):
        self.code = completed.returncode
        self.out = completed.stdout
        self.err = completed.stderr


class DeskctlCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="deskctl-test-"))
        self.addCleanup(shutil.rmtree, self.directory)
        # Settings of the machine that the test runs on are not its own.
        self.config = self.write("deskd.toml", f'node = "test"\n[state]\ndirectory = "{self.directory}"\n')

    def write(self, name, text):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def deskctl(self, *arguments, environment=None):
        """What it does with these settings; what it prints is bytes-exact."""
        return Result(subprocess.run([BUILD / "deskctl", "--config", self.config, *arguments], cwd=self.directory,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                     timeout=DEADLINE, check=False, env={**os.environ, **(environment or {})}))

    def check_golden(self, name, text, columns=COLUMNS):
        text = text.replace(str(self.directory), "DIR")
        for line in text.splitlines():
            self.assertLessEqual(len(line), columns, line)
        file = GOLDEN / f"{name}.txt"
        if os.environ.get("DESKD_GOLDEN") == "write":
            file.write_text(text)
        self.assertEqual(text, file.read_text())

    def start_board(self, *arguments):
        """A simulated board; say() talks to it."""
        self.board = self.directory / "board"
        process = subprocess.Popen([BUILD / "deskd-sim", "--no-desk", "--board", self.board, *arguments],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def end():
            process.terminate()
            process.communicate(timeout=DEADLINE)

        self.addCleanup(end)
        self.assertTrue(process.stdout.readline().startswith("ready"))
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.addCleanup(self.link.close)
        self.link.settimeout(DEADLINE)
        self.link.connect(str(self.board))

    def say(self, command):
        self.link.send(command.encode())
        answer = self.link.recv(128 * 1024).decode()
        self.assertTrue(answer.startswith("ok"), answer)
        return answer
