# SPDX-License-Identifier: Apache-2.0
"""deskctl run: a script in the foreground, on the machine's hardware or a simulated board."""

import os
import signal
import subprocess
import unittest

from deskctl_fixture import BUILD, DEADLINE, DeskctlCase


class RunTest(DeskctlCase):
    def test_it_runs_with_the_settings_beside_it(self):
        self.write("s.js", "import {name, settings} from 'deskd:script';\nconsole.log(name, settings.depth);\n")
        self.write("s.toml", "depth = 3\n")
        result = self.deskctl("run", "s.js")
        self.assertEqual((result.code, result.out, result.err), (0, "s 3\n", ""))
        result = self.deskctl("run", "s.js", "--settings-json", '{"depth": 4}')
        self.assertEqual((result.code, result.out), (0, "s 4\n"))

    def test_its_failure_is_named_with_its_place_and_is_the_exit_code(self):
        self.write("s.js", "\nthrow new Error('no');\n")
        result = self.deskctl("run", "s.js")
        self.assertEqual((result.code, result.out), (1, ""))
        self.assertEqual(result.err, f"Error: no\nat {self.directory}/s.js:2:7\n")

    def test_wrong_settings_stop_it(self):
        self.write("s.js", "console.log('ran');\n")
        self.write("s.toml", "depth = \n")
        result = self.deskctl("run", "s.js")
        self.assertEqual((result.code, result.out), (1, ""))
        self.assertIn("s.toml:1:", result.err)

    def test_a_limit_of_its_settings_holds(self):
        self.write("s.js", "while (true) {}\n")
        self.write("s.toml", "[limits]\nturn_ms = 50\n")
        result = self.deskctl("run", "s.js")
        self.assertEqual(result.code, 1)
        self.assertIn("turn took longer than 50 ms", result.err)

    def test_a_simulated_board_and_desk_come_and_go_with_it(self):
        self.write("s.js", "import * as sim from 'deskd:sim';\n"
                           "import * as serial from 'deskd:serial';\n"
                           "await sim.drive('GPIO17', true);\n"
                           "const own = await serial.open({path: await sim.serial.add('adapter')});\n"
                           "await own.write('x');\n"
                           "const desk = await serial.open({path: '/dev/serial0'});\n"
                           "console.log(await sim.level('GPIO17'), (await sim.serial.take('adapter')).length);\n"
                           "own.close(); desk.close();\n")
        result = self.deskctl("run", "s.js", "--sim", environment={"TMPDIR": str(self.directory)})
        self.assertEqual((result.code, result.out, result.err), (0, "true 1\n", ""))
        self.assertEqual(list(self.directory.glob("deskctl-*")), [])

    def test_a_signal_lets_the_script_unload(self):
        self.write("s.js", "import {onUnload} from 'deskd:script';\n"
                           "import * as sim from 'deskd:sim';\n"
                           "onUnload(async () => console.log('unloads', await sim.level('GPIO17')));\n"
                           "console.log('here'); setInterval(() => {}, 1000);\n")
        for number in (signal.SIGINT, signal.SIGTERM):
            with subprocess.Popen([BUILD / "deskctl", "--config", self.config, "run", self.directory / "s.js", "--sim"],
                                  stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(self.directory)}) as run:
                self.assertEqual(run.stdout.readline(), "here\n")
                run.send_signal(number)
                self.assertEqual(run.communicate(timeout=DEADLINE)[0], "unloads false\n")
                self.assertEqual(run.returncode, 0)
            self.assertEqual(list(self.directory.glob("deskctl-*")), [])

    def test_a_board_of_somebody_else_s(self):
        self.start_board()
        self.write("s.js", "import * as sim from 'deskd:sim';\nawait sim.drive('GPIO17', true);\n")
        self.assertEqual(self.deskctl("run", "s.js", "--board", self.board).code, 0)
        self.assertEqual(self.say("sim level GPIO17"), "ok 1")
        self.assertEqual(self.deskctl("run", "s.js", "--board", self.board, "--sim").code, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
