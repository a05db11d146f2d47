# SPDX-License-Identifier: Apache-2.0
"""The jsconfig.json of `deskctl new`: with it an editor checks scripts, and completes what deskd gives them."""

import json
import pathlib
import sys
import unittest

import typescript
from typescript import SOURCE

sys.path.insert(0, str(SOURCE / "tests" / "deskctl"))
from deskctl_fixture import DeskctlCase  # pylint: disable=wrong-import-position

HERE = pathlib.Path(__file__).parent
TEMPLATES = sorted(path.stem for path in (SOURCE / "scripts" / "templates").glob("*.js"))


class NewTest(DeskctlCase):
    def setUp(self):
        super().setUp()
        for name in TEMPLATES:
            result = self.deskctl("new", name, "--template", name)
            self.assertEqual(result.code, 0, result.err)
        self.project = self.directory / "jsconfig.json"

    def check(self):
        return [(path and path.name, line, text) for path, line, text in typescript.check_project(self.project)]

    def completions(self, text):
        """What an editor offers behind the text."""
        script = self.write("unfinished.js", text)
        good, output = typescript.node(HERE / "complete.js", typescript.LIBRARY / "typescript.js", self.project, script)
        self.assertTrue(good, output)
        return json.loads(output)

    def test_what_is_created_has_no_mistake(self):
        self.assertEqual(self.check(), [])

    def test_it_is_what_the_declarations_say_is_to_be_written_by_hand(self):
        comment = (SOURCE / "scripts" / "deskd.d.ts").read_text().split("by hand it is")[1].split("}\n *\n")[0] + "}"
        by_hand = json.loads(comment.replace("\n *", "\n"))
        written = json.loads(self.project.read_text())
        self.assertEqual(by_hand["compilerOptions"], written["compilerOptions"])
        self.assertEqual(by_hand["include"], ["*.js", "/usr/share/deskd/scripts/deskd.d.ts"])
        self.assertEqual(written["include"], ["*.js", str(SOURCE / "scripts" / "deskd.d.ts")])

    def test_a_mistake_is_found_where_it_is(self):
        self.write("mine.js", "import {input} from 'deskd:gpio';\n\nawait input({line: 17});\n")
        self.assertEqual([(name, line) for name, line, _ in self.check()], [("mine.js", 3)])

    def test_what_is_no_mistake_is_not_found(self):
        # Other names than those of one's own files are not shared with them, and what begins as null may become something.
        self.write("a.js", "let timer = null;\ntimer = setTimeout(() => {}, 1000);\nclearTimeout(timer);\n")
        self.write("b.js", "let timer = 1;\nawait timer;\n")
        self.write("c.js", "import {settings} from 'deskd:script';\nfunction half(x) { return x / 2; }\n"
                           "console.log(half(settings.x), settings.list?.length);\n")
        self.assertEqual(self.check(), [])

    def test_an_editor_completes(self):
        for text, wanted in [
                ("import * as gpio from 'deskd:gpio';\ngpio.", ["input", "interlock", "lines", "output"]),
                ("import * as gpio from 'deskd:gpio';\nconst led = await gpio.output({line: 'GPIO17', initial: 0, safe: 0});\nled.",
                 ["set", "pulse", "value"]),
                ("import {device} from 'deskd:hub';\ndevice().", ["cover", "sensor", "switch"]),
                ("import * as x from 'deskd:", ["cron", "gpio", "hub", "serial"]),
                ("console.", ["log", "warn"]),
        ]:
            with self.subTest(text):
                found = [name.removeprefix("deskd:") for name in self.completions(text)]
                self.assertLessEqual(set(wanted), set(found))
        self.assertFalse({"document", "fetch", "require"} & set(self.completions("const x = ")))


if __name__ == "__main__":
    typescript.require()
    unittest.main(verbosity=2)
