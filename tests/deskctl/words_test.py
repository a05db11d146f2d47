# SPDX-License-Identifier: Apache-2.0
"""Help, completions and the manual page speak of the same commands."""

import os
import pathlib
import re
import subprocess
import unittest

from deskctl_fixture import DEADLINE, SOURCE, DeskctlCase

COMPLETIONS = SOURCE / "packaging" / "completions"


class WordsTest(DeskctlCase):
    def commands(self):
        text = self.deskctl("--help").out
        found = re.findall(r"^  ([a-z0-9]+) ", text[text.index("Subcommands:"):], re.MULTILINE)
        self.assertIn("version", found)
        return found

    def test_help_fits_80_columns(self):
        for arguments in ([], *([command] for command in self.commands())):
            result = self.deskctl(*arguments, "--help")
            self.assertEqual(result.code, 0)
            for line in result.out.splitlines():
                self.assertLessEqual(len(line), 80, line)

    def test_every_command_is_completed(self):
        bash = re.search(r'commands="(.*?)"', (COMPLETIONS / "deskctl.bash").read_text(), re.DOTALL).group(1).split()
        zsh = re.findall(r"^    '([a-z0-9]+):", (COMPLETIONS / "_deskctl").read_text(), re.MULTILINE)
        fish = re.findall(r"__fish_use_subcommand -a ([a-z0-9]+)", (COMPLETIONS / "deskctl.fish").read_text())
        for command in self.commands():
            for completed in (bash, zsh, fish):
                self.assertIn(command, completed)

    def test_every_template_is_completed(self):
        templates = " ".join(sorted(path.stem for path in (SOURCE / "scripts" / "templates").glob("*.js")))
        for name in ("deskctl.bash", "_deskctl", "deskctl.fish"):
            self.assertIn(templates, (COMPLETIONS / name).read_text())

    def complete(self, *words):
        """What bash offers after them, where tools/ comes first in PATH."""
        script = (f"source {COMPLETIONS}/deskctl.bash; COMP_WORDS=({' '.join(words)} ''); "
                  f"COMP_CWORD={len(words)}; _deskctl; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        result = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                check=False, cwd=self.directory, timeout=DEADLINE,
                                env={**os.environ, "PATH": f"{self.directory}/tools:{os.environ['PATH']}"})
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout.split()

    def test_bash_completes(self):
        self.assertLessEqual(set(self.commands()), set(self.complete("deskctl")))
        self.assertIn("blink", self.complete("deskctl", "new", "lamp", "--template"))
        self.write("lamp.js", "")
        self.assertEqual(self.complete("deskctl", "--json", "check"), ["lamp.js"])

    def test_bash_completes_scripts_that_deskd_knows(self):
        tool = self.write("tools/deskctl", "#!/bin/sh\nprintf 'desk    running\\nlamp-2  disabled\\n'\n")
        tool.chmod(0o755)
        for command in ("disable", "enable", "logs", "reload", "restart", "start", "stop"):
            self.assertEqual(self.complete("deskctl", command), ["desk", "lamp-2"])
        self.assertEqual(self.complete("deskctl", "status"), [])

    def test_bash_completes_without_deskd(self):
        tool = self.write("tools/deskctl", "#!/bin/sh\necho 'deskctl list: deskd does not run' >&2\nexit 5\n")
        tool.chmod(0o755)
        there = pathlib.Path("/etc/deskd/scripts")
        names = {path.stem for path in there.glob("*.js") if not path.name.endswith(".test.js")}
        self.assertEqual(set(self.complete("deskctl", "stop")), names)

    def test_the_manual_speaks_of_every_command_and_exit_code(self):
        page = (SOURCE / "packaging" / "man" / "deskctl.1").read_text()
        for command in self.commands():
            self.assertRegex(page, rf"(?m)^\.BR? {command}( |$)")
        codes = (SOURCE / "daemon" / "deskctl" / "command.h").read_text()
        for code in re.findall(r"^  exit\w+ = (\d+),", codes, re.MULTILINE):
            self.assertRegex(page, rf"(?m)^\.B {code}$")


if __name__ == "__main__":
    unittest.main(verbosity=2)
