# SPDX-License-Identifier: Apache-2.0
"""deskctl check: mistakes with their places, and nothing runs."""

import shutil
import subprocess
import unittest

from deskctl_fixture import BUILD, DEADLINE, SOURCE, DeskctlCase


class CheckTest(DeskctlCase):
    def test_every_shipped_script_is_right(self):
        scripts = sorted((SOURCE / "scripts").glob("*.js"))
        result = self.deskctl("check", *scripts)
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertEqual(result.out, "".join(f"{path}: ok\n" for path in scripts))

    def test_each_mistake_is_named_with_its_place(self):
        self.write("export.js", "import {log} from 'deskd:script';\nimport {outptu} from 'deskd:gpio';\n")
        self.write("file.js", "\nimport {a} from './none.js';\n")
        self.write("syntax.js", "const = 1;\n")
        self.write("module.js", "import 'deskd:gpoi';\n")
        self.write("lib.js", "export const speed = 1;\n")
        self.write("own.js", "import {sped} from './lib.js';\n")
        self.write("settings.js", "")
        self.write("settings.toml", "device = 'UP'\n[limits]\nheap_mb = 2\n")
        result = self.deskctl("check", "export.js", "file.js", "syntax.js", "module.js", "own.js", "settings.js", "lib.js",
                              "none.js", "settings.toml")
        self.assertEqual((result.code, result.out), (1, "lib.js: ok\n"))
        self.check_golden("check", result.err, columns=400)

    def test_nothing_runs(self):
        self.write("loud.js", "console.log('ran'); while (true) {}\n")
        result = self.deskctl("check", "loud.js")
        self.assertEqual((result.code, result.out, result.err), (0, "loud.js: ok\n", ""))

    def test_a_deskd_that_crashes_is_told_in_words(self):
        tools = self.directory / "tools"
        tools.mkdir()
        shutil.copy(BUILD / "deskctl", tools)  # its programs are looked for beside it
        self.write("tools/deskd", "#!/bin/sh\nkill -SEGV $$\n").chmod(0o755)
        self.write("lamp.js", "")
        text = "expected JSON from deskd, found something else; it ended with code 139\n"
        for command, printed in ((["check", "lamp.js"], text), (["run", "lamp.js"], "deskctl run: " + text),
                                 (["doctor"], "deskctl doctor: " + text)):
            result = subprocess.run([tools / "deskctl", *command], cwd=self.directory, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True, timeout=DEADLINE, check=False)
            self.assertEqual((result.returncode, result.stdout), (1, printed))

    def test_without_a_file_the_command_line_is_wrong(self):
        self.assertEqual(self.deskctl("check").code, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
