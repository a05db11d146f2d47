# SPDX-License-Identifier: Apache-2.0
"""Scripts on a simulated board: deskd:sim, `deskd-host --board`, `deskd --sim` and `deskd --board`."""

import os
import re
import signal
import socket
import unittest

from deskd_fixture import DEADLINE, PATIENCE, SOURCE, DeskdCase, Process, program

CASES = os.path.join(os.path.abspath(SOURCE), "tests", "scripts", "cases")


class SimulatedBoard:
    """deskd-sim --board, and a client of its protocol."""

    def __init__(self, directory, *arguments):
        self.path = os.path.join(directory, "board")
        self.record_path = os.path.join(directory, "record")
        self.process = Process([program("deskd-sim"), "--board", self.path, "--no-desk", "--record", self.record_path,
                                *arguments])
        self.process.lines.wait("^ready")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(self.path)

    def say(self, command):
        self.socket.send(command.encode())
        return self.socket.recv(128 * 1024).decode()

    def end(self):
        self.socket.close()
        self.process.end()


class SimCase(DeskdCase):
    def start_board(self, *arguments):
        self.board = SimulatedBoard(self.directory, *arguments)
        self.addCleanup(self.board.end)

    def run_host(self, *arguments):
        host = Process([program("deskd-host"), "--library", os.path.abspath(SOURCE), *arguments])
        self.addCleanup(host.end)
        return host


class ScriptTest(SimCase):
    def test_a_script_drives_the_board(self):
        self.start_board()
        host = self.run_host("--board", self.board.path, os.path.join(CASES, "sim_board.js"))
        code = host.wait(60 * PATIENCE)
        self.assertEqual(code, 0, host.lines.text())
        with open(self.board.record_path) as file:
            self.assertIn("GPIO17 1", file.read())

    def test_without_a_board_there_is_no_module(self):
        self.write_script("sim.js", "import 'deskd:sim';\n")
        host = self.run_host(os.path.join(self.scripts, "sim.js"))
        self.assertEqual(host.wait(), 1)
        host.lines.wait("expected a simulated board .*found this machine's hardware")

    def test_the_readme_s_demo_bounces(self):
        self.start_board()
        with open(os.path.join(os.path.abspath(SOURCE), "README.md")) as file:
            demo = re.findall(r"^```js\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)[1]
        self.write_script("demo.js", demo)
        host = self.run_host("--board", self.board.path, os.path.join(self.scripts, "demo.js"))
        self.assertEqual(host.wait(), 0, host.lines.text())
        self.assertEqual(host.lines.count(r"^[0-9.]+ GPIO17 (true|false)$"), 7, host.lines.text())

    def test_a_board_that_is_not_there_is_named(self):
        self.write_script("sim.js", "import * as sim from 'deskd:sim';\n"
                                    "try { await sim.level('GPIO17'); } catch (error) { console.log(error.code, error.message); }\n")
        host = self.run_host("--board", "/no/such/board", os.path.join(self.scripts, "sim.js"))
        host.lines.wait("ENOENT connect to the simulated board /no/such/board: No such file or directory")

    def test_a_recording_of_a_board_that_is_gone_is_closed(self):
        self.start_board()
        self.write_script("sim.js", "import * as sim from 'deskd:sim';\n"
                                    "const recording = await sim.record();\n"
                                    "recording.on('close', async () => {\n"
                                    "  console.log('closed');\n"
                                    "  await sim.level('GPIO17').catch((error) => console.log(error.code));\n"
                                    "});\n"
                                    "console.log('records');\n")
        host = self.run_host("--board", self.board.path, os.path.join(self.scripts, "sim.js"))
        host.lines.wait("records")
        self.board.process.end(signal.SIGKILL)
        host.lines.wait("closed")
        host.lines.wait("ENODEV")
        self.assertEqual(host.wait(), 0)


class DaemonTest(SimCase):
    def test_sim_gives_scripts_a_board(self):
        self.write_settings(broker=False)
        self.write_script("probe.js", "import * as serial from 'deskd:serial';\n"
                                      "import * as sim from 'deskd:sim';\n"
                                      "import {simulated} from 'deskd:script';\n"
                                      "await sim.drive('GPIO17', true);\n"
                                      "const path = await sim.serial.add('adapter');\n"
                                      "const port = await serial.open({path});\n"
                                      "await port.write('to the adapter');\n"
                                      "const desk = await serial.open({path: '/dev/ttyUSB0'});\n"
                                      "const text = new TextDecoder().decode(await sim.serial.take('adapter'));\n"
                                      "console.log(`simulated ${simulated} ${await sim.level('GPIO17')} ${text}`);\n"
                                      "setInterval(() => {}, 1000);\n")
        self.start_daemon("--sim")
        self.daemon.lines.wait("simulated true true to the adapter")

    def test_a_board_outlives_a_killed_daemon(self):
        self.start_board()
        self.write_settings(broker=False)
        self.write_script("probe.js", "import * as sim from 'deskd:sim';\n"
                                      "await sim.drive('GPIO17', true);\n"
                                      "console.log('driven');\n"
                                      "setInterval(() => {}, 1000);\n")
        self.start_daemon("--board", self.board.path)
        self.daemon.lines.wait("driven")
        self.daemon.end(signal.SIGKILL)
        self.assertEqual(self.board.say("sim level GPIO17"), "ok 1")

    def test_sim_and_board_exclude_each_other(self):
        self.write_settings(broker=False)
        daemon = self.start_daemon("--sim", "--board", "/no/such/board")
        self.assertEqual(daemon.wait(), 2)
        daemon.lines.wait("--board: expected without --sim")


if __name__ == "__main__":
    unittest.main(verbosity=2)
