# SPDX-License-Identifier: Apache-2.0
"""The shipped scripts and templates use what scripts/deskd.d.ts declares, and that is declared without a mistake."""

import json
import pathlib
import shutil
import tempfile
import unittest

import typescript
from typescript import OPTIONS, SOURCE

SCRIPTS = SOURCE / "scripts"

# Scripts whose last line is a mistake.
MISTAKES = [
    "import {ouput} from 'deskd:gpio';",
    "import * as gpio from 'deskd:gpoi';",
    "import * as gpio from 'deskd:gpio';\nawait gpio.output({line: 'GPIO17', initial: false});",
    "import * as serial from 'deskd:serial';\nawait serial.open({path: '/dev/serial0', baudrate: 9600});",
    "import {device} from 'deskd:hub';\ndevice().switch('a').set('ON');",
    "import {schedule} from 'deskd:cron';\nschedule('@daily');",
    "console.log(document.title);",
    "await fetch('http://localhost/');",
]


class ScriptsTest(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="deskd-types-"))
        self.addCleanup(shutil.rmtree, self.directory)

    def check(self, include, **options):
        """What the compiler says of these files, as (file, line) and in words."""
        project = self.directory / "jsconfig.json"
        # The declarations, too, are checked: jsconfig.json is not on its own.
        project.write_text(json.dumps({"compilerOptions": {**OPTIONS, "skipLibCheck": False, **options}, "include": include}))
        complaints = typescript.check_project(project)
        return [(path, line) for path, line, _ in complaints], "\n".join(map(str, complaints))

    def test_shipped_scripts_and_templates_are_right(self):
        found, text = self.check([f"{SCRIPTS}/**/*.js", f"{SCRIPTS}/deskd.d.ts"])
        self.assertEqual(found, [], text)

    def test_declarations_are_right_beside_a_browser_s(self):
        # An editor without jsconfig.json takes those, too; then it does not check declarations.
        found, text = self.check([f"{SCRIPTS}/**/*.js", f"{SCRIPTS}/deskd.d.ts"], lib=["es2022", "dom"], skipLibCheck=True)
        self.assertEqual(found, [], text)

    def test_each_of_some_mistakes_is_found(self):
        for index, text in enumerate(MISTAKES):
            (self.directory / f"mistake{index}.js").write_text(text)
        found, words = self.check(["*.js", f"{SCRIPTS}/deskd.d.ts"])
        for index, text in enumerate(MISTAKES):
            lines = {line for path, line in found if path == self.directory / f"mistake{index}.js"}
            self.assertEqual(lines, {text.count("\n") + 1}, f"{text}\n{words}")

    def test_no_mistake_is_hidden(self):
        for script in SCRIPTS.rglob("*.js"):
            for word in ("@ts-ignore", "@ts-nocheck", "@ts-expect-error"):
                self.assertNotIn(word, script.read_text(), script)


if __name__ == "__main__":
    typescript.require()
    unittest.main(verbosity=2)
