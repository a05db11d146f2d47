#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Installs the build into a private directory and checks that what is there works from there."""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
options = None


def run(*command):
    environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="deskd-install-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.prefix = cls.directory / "usr"
        result = run("cmake", "--install", options.build, "--prefix", cls.prefix)
        if result.returncode != 0:
            raise AssertionError(result.stdout)

    def test_every_part_is_where_it_belongs(self):
        for path in ("bin/deskd", "lib/deskd/deskd-guard", "lib/deskd/deskd-host", "lib/deskd/deskd-sim", "share/deskd/scripts/jiecang.js",
                     "share/deskd/scripts/deskd.d.ts", "share/deskd/scripts/lib/jiecang_frames.js",
                     "share/deskd/scripts/loctek.js", "share/deskd/scripts/presence-ld2410.js",
                     "share/deskd/scripts/relay-desk.js", "share/deskd/scripts/templates/blink.toml",
                     "bin/deskctl", "share/bash-completion/completions/deskctl",
                     "share/zsh/vendor-completions/_deskctl", "share/fish/vendor_completions.d/deskctl.fish",
                     "share/man/man1/deskctl.1", "share/man/man5/deskd.toml.5", "share/man/man7/deskd-scripts.7",
                     "share/man/man8/deskd.8",
                     "share/doc/deskd/README.md", "share/doc/deskd/LICENSE", "share/doc/deskd/deskd.toml",
                     "lib/systemd/system/deskd.service", "lib/sysusers.d/deskd.conf", "lib/tmpfiles.d/deskd.conf",
                     "lib/udev/rules.d/60-deskd.rules", "share/dbus-1/system.d/org.deskd.Manager1.conf",
                     "share/polkit-1/actions/org.deskd.policy"):
            self.assertTrue((self.prefix / path).is_file(), path)

    def test_the_host_finds_v8_by_its_run_path(self):
        result = run(self.prefix / "lib/deskd/deskd-host", "--version")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn(f"V8 {options.v8}", result.stdout)

    def test_the_host_does_not_look_into_the_build_directory(self):
        dynamic = run("readelf", "-d", self.prefix / "lib/deskd/deskd-host").stdout
        self.assertNotIn(str(SOURCE), dynamic)

    def test_deskd_finds_its_host_and_tells_all_versions(self):
        result = run(self.prefix / "bin/deskd", "--version")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn(f"V8 {options.v8}", result.stdout)

    def test_the_settings_that_come_along_are_valid_as_they_are_and_with_every_line_enabled(self):
        shown = (self.prefix / "share/doc/deskd/deskd.toml").read_text()
        enabled = "\n".join(line[1:] if line.startswith("#") and line[1:2].isalpha() else line for line in shown.splitlines())
        scripts = self.directory / "scripts"
        scripts.mkdir()
        secret = self.directory / "secret"
        secret.write_text("pass\n")
        secret.chmod(0o600)
        enabled = enabled.replace("/etc/deskd/mqtt-password", str(secret))
        self.assertIn("\nturn_ms", enabled)
        for name, text in (("as-is", shown), ("enabled", enabled)):
            config = self.directory / f"{name}.toml"
            config.write_text(f'{text}\n[scripts]\ndirectory = "{scripts}"\n[state]\ndirectory = "{self.directory}"\n')
            result = run(self.prefix / "bin/deskd", "--check", "--config", config)
            self.assertEqual(result.returncode, 0, result.stdout)

    def test_systemd_accepts_the_unit(self):
        unit = self.directory / "deskd.service"
        text = (self.prefix / "lib/systemd/system/deskd.service").read_text()
        self.assertIn("ExecStart=/usr/bin/deskd\n", text)
        unit.write_text(text.replace("/usr/bin/deskd", str(self.prefix / "bin/deskd")))
        result = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit)
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_systemd_accepts_the_users_and_directories(self):
        for tool, directory in (("systemd-sysusers", "sysusers.d"), ("systemd-tmpfiles", "tmpfiles.d")):
            root = self.directory / tool
            (root / "etc").mkdir(parents=True)
            for name in ("passwd", "group"):
                (root / "etc" / name).write_text("root:x:0:\n" if name == "group" else "root:x:0:0:root:/root:/bin/sh\n")
            action = ["--create"] if tool == "systemd-tmpfiles" else []
            result = run(tool, *action, f"--root={root}", self.prefix / f"lib/{directory}/deskd.conf")
            self.assertEqual(result.returncode, 0, result.stdout)
        self.assertTrue((self.directory / "systemd-tmpfiles/etc/deskd/scripts").is_dir())
        self.assertIn("\ndeskd:", (self.directory / "systemd-sysusers/etc/passwd").read_text())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--v8", required=True)
    options, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
