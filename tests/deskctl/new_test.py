# SPDX-License-Identifier: Apache-2.0
"""deskctl new: what it creates, what it refuses, and that every template does on a simulated board what it says."""

import json
import os
import pathlib
import subprocess
import threading
import time
import unittest

from deskctl_fixture import BUILD, DEADLINE, SOURCE, DeskctlCase

TEMPLATES = sorted(path.stem for path in (SOURCE / "scripts" / "templates").glob("*.js"))


class NewTest(DeskctlCase):
    def test_it_creates_a_script_its_settings_and_a_project_for_the_editor(self):
        result = self.deskctl("new", "lamp", "--template", "blink")
        self.assertEqual((result.code, result.err), (0, ""))
        self.check_golden("new", result.out)
        script = (self.directory / "lamp.js").read_text()
        self.assertTrue(script.startswith("// A light"), script)
        self.assertIn("line = ", (self.directory / "lamp.toml").read_text())
        project = json.loads((self.directory / "jsconfig.json").read_text())
        types = [pathlib.Path(path) for path in project["include"] if path.endswith(".d.ts")]
        self.assertEqual([path.name for path in types if path.is_file()], ["deskd.d.ts"])
        self.assertTrue(project["compilerOptions"]["checkJs"])

    def test_another_directory(self):
        (self.directory / "there").mkdir()
        self.assertEqual(self.deskctl("new", "lamp", "--template", "blink", "--directory", "there").code, 0)
        self.assertTrue((self.directory / "there" / "lamp.js").is_file())
        result = self.deskctl("new", "lamp", "--template", "blink", "--directory", "none")
        self.assertEqual((result.code, result.err), (1, "deskctl new: create none/lamp.toml: No such file or directory\n"))

    def test_what_exists_stays(self):
        for there in ("lamp.js", "lamp.toml"):
            self.write(there, "mine")
            result = self.deskctl("new", "lamp", "--template", "blink")
            self.assertEqual((result.code, result.out), (1, ""))
            self.assertEqual(result.err, f"deskctl new: {there} exists, and stays as it is\n")
            self.assertEqual((self.directory / there).read_text(), "mine")
            (self.directory / there).unlink()
        self.write("jsconfig.json", "mine")
        self.assertEqual(self.deskctl("new", "lamp", "--template", "blink").code, 0)
        self.assertEqual((self.directory / "jsconfig.json").read_text(), "mine")

    def test_a_template_that_there_is_not_is_answered_with_those_that_there_are(self):
        result = self.deskctl("new", "lamp", "--template", "blnik")
        self.assertEqual((result.code, result.out), (2, ""))
        self.check_golden("new-templates", result.err)
        self.assertEqual(self.deskctl("new", "lamp").code, 2)
        for name in TEMPLATES:
            self.assertIn(f"\n  {name} ", result.err)

    def test_a_name_that_cannot_be_a_script_s_is_refused(self):
        for name in ("a/b", "../up", "a b", "lamp.js"):
            result = self.deskctl("new", name, "--template", "blink")
            self.assertEqual(result.code, 2, name)
            self.assertIn("NAME: expected 1 to 64 letters", result.err)


class TemplatesTest(DeskctlCase):
    def start(self, template, settings=None, board=True):
        """Creates and runs it on the test's own board; the script ends with the test."""
        if board:
            self.start_board()
        self.assertEqual(self.deskctl("new", "it", "--template", template).code, 0)
        if settings:
            text = (self.directory / "it.toml").read_text()
            for old, new in settings.items():
                self.assertIn(old, text)
                text = text.replace(old, new)
            (self.directory / "it.toml").write_text(text)
        process = subprocess.Popen([BUILD / "deskctl", "--config", self.config, "run", self.directory / "it.js", "--board",
                                    self.board], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

        def end():
            process.terminate()
            process.communicate(timeout=DEADLINE)

        self.addCleanup(end)
        return process

    def wait_for(self, command, wanted):
        until = time.monotonic() + DEADLINE
        while (answer := self.say(command)) != wanted:
            self.assertLess(time.monotonic(), until, f"{command}: {answer}, not {wanted}")
            time.sleep(0.005)

    def test_there_is_a_test_of_each(self):
        tested = [name.removeprefix("test_the_") for name in dir(self) if name.startswith("test_the_")]
        self.assertEqual(tested, TEMPLATES)

    def test_each_is_right_where_it_is_shipped(self):
        for name in TEMPLATES:
            self.assertEqual(self.deskctl("check", SOURCE / "scripts" / "templates" / f"{name}.js").code, 0, name)

    def test_the_blink(self):
        self.start("blink", {"= 500": "= 20"})
        for level in (1, 0, 1, 0):
            self.wait_for("sim level GPIO27", f"ok {level}")

    def test_the_button(self):
        process = self.start("button")
        self.wait_for("sim level GPIO17", "ok 1")  # pulled up: the script has it
        for light in ("on", "off"):
            self.say("sim drive GPIO17 0")
            self.assertEqual(process.stdout.readline(), f"the light is {light}\n")
            self.assertEqual(self.say("sim level GPIO27"), f"ok {1 if light == 'on' else 0}")
            self.say("sim drive GPIO17 z")
            time.sleep(0.05)  # longer than the debounce

    def test_the_desk(self):
        self.assertEqual(self.deskctl("new", "it", "--template", "desk").code, 0)
        with open(self.directory / "it.js", "a") as file:
            file.write("\nimport {settings} from 'deskd:script';\n"
                       "console.log(settings.title, 'runs');\nsetTimeout(() => {}, 100000);\n")
        with subprocess.Popen([BUILD / "deskctl", "--config", self.config, "run", "--sim", self.directory / "it.js"],
                              stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(self.directory)}) as process:
            self.assertEqual(process.stdout.readline(), "Desk runs\n")
            process.terminate()
            process.communicate(timeout=DEADLINE)
            self.assertEqual(process.returncode, 0)

    def test_the_schedule(self):
        # Every second, whenever the clock of the machine may be trusted or not.
        process = self.start("schedule", {'"0 7 * * mon-fri"': '"*/2 * * * * *"', '"30 22 * * *"': '"1-59/2 * * * * *"'})
        first = process.stdout.readline()
        if "expected a synchronised clock" in first:  # then it waits, and says so
            first = process.stdout.readline()
            self.assertRegex(first, "^on next: when the clock is right; off next: likewise\n$")
            return
        self.assertRegex(first, "^on next: .*; off next: ")
        for level in (1, 0, 1):
            self.wait_for("sim level GPIO27", f"ok {level}")

    def test_the_sensor(self):
        process = self.start("sensor", {"interval_s = 30": "interval_s = 0.02"})
        self.assertIn("no measurement: i2c-1 address 0x48: expected an acknowledgement", process.stdout.readline())
        self.say("sim i2c add i2c-1 0x48 lm75")
        self.say("sim i2c set i2c-1 0x48 temperature 21.5")
        while (line := process.stdout.readline()) != "21.5 degrees\n":
            self.assertTrue(line)

    def test_the_serial(self):
        self.start_board()
        path = self.say("sim serial add meter").removeprefix("ok ").strip()
        process = self.start("serial", {"/dev/ttyUSB0": path}, board=False)
        # What is sent before the port is open is lost.
        until = time.monotonic() + DEADLINE
        said = []
        threading.Thread(target=lambda: said.append(process.stdout.readline()), daemon=True).start()
        while not said:
            self.assertLess(time.monotonic(), until)
            self.say("sim serial send meter " + b"12.5\nwhat?\n".hex())
            time.sleep(0.02)
        self.assertEqual(said, ['expected a number, found "what?"\n'])


if __name__ == "__main__":
    unittest.main(verbosity=2)
