#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs packaging/engine with stand-ins for apt: what it takes, what it refuses, what it leaves alone.

The stand-ins answer from a small archive of real packages (made by dpkg-deb) in a private directory, and note each call.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]

# All stand-ins: $STATE is the directory the tests fill.
APT_GET = r"""
words=(); simulate=
while [ $# != 0 ]; do
  case $1 in
    -s) simulate=1 ;;
    -o | --format) shift ;;
    -*) ;;
    *) words+=("$1") ;;
  esac
  shift
done
case "${words[0]}" in
  indextargets) cat "$STATE/indextargets" ;;
  update)
    echo update >>"$STATE/calls"
    [ ! -e "$STATE/after-update" ] || cp "$STATE/after-update/"* "$STATE"
    ;;
  download)
    echo "download ${words[1]}" >>"$STATE/calls"
    cp "$STATE/archive/${words[1]%%=*}_${words[1]#*=}_all.deb" .
    ;;
  install)
    if [ -n "$simulate" ]; then
      cat "$STATE/simulation" 2>/dev/null
      [ ! -e "$STATE/unmet" ]
    else
      echo "install ${words[*]:1}" >>"$STATE/calls"
      for word in "${words[@]:1}"; do echo "${word%%=*}" >>"$STATE/installed"; done
    fi
    ;;
esac
"""
APT_CACHE = r"""
case $1 in
  madison) cat "$STATE/madison-$2" ;;
  show) cat "$STATE/show-$2" ;;
esac
"""
DPKG_QUERY = r"""
case $1 in
  -S) echo "$(cat "$STATE/owner"): $2" ;;
  -W)
    grep -qx "${!#}" "$STATE/installed" || exit 1
    case $3 in *Status*) printf installed ;; *) printf 1.0 ;; esac
    ;;
esac
"""
STAND_INS = {"apt-get": APT_GET, "apt-cache": APT_CACHE, "dpkg-query": DPKG_QUERY, "sudo": 'exec "$@"\n',
             "dpkg": "echo all\n", "ldd": "cat \"$STATE/ldd\" 2>/dev/null\n"}


class Engine(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="deskd-engine-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.state = self.directory / "state"
        (self.state / "archive").mkdir(parents=True)
        commands = self.directory / "bin"
        commands.mkdir()
        for name, text in STAND_INS.items():
            (commands / name).write_text("#!/bin/bash\n" + text)
            (commands / name).chmod(0o755)
        self.engine = self.directory / "engine"
        identity = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
        self.distribution = identity["ID"].strip('"')
        self.write("indextargets", f"index http://a.example/d/ stable/main {self.distribution.capitalize()}\n"
                                   "index http://b.example/n/ nodistro/main Vendor\n")
        self.write("installed", "libexample1\nlibuv1-dev\n")
        self.write("owner", "libnode-dev")
        self.write("calls", "")
        self.offer("1.0")

    def write(self, name, text):
        (self.state / name).write_text(text)

    def offer(self, version, archive="http://a.example/d stable/main all Packages"):
        """Puts libnode-dev and libnode999 of this version into the archive, as the only ones."""
        for package, file, depends in (
                ("libnode-dev", "usr/include/node/v8-version.h", f"libuv1-dev (>= 1), libnode999 (= {version})"),
                ("libnode999", "usr/lib/somewhere/libnode.so.999", "libexample1 (>= 2) | other, node-acorn (>= 1)")):
            tree = self.directory / f"tree-{package}-{version}"
            (tree / "DEBIAN").mkdir(parents=True)
            (tree / "DEBIAN/control").write_text(
                f"Package: {package}\nVersion: {version}\nArchitecture: all\nMaintainer: Test <test@example.org>\n"
                f"Description: test\n")
            (tree / file).parent.mkdir(parents=True)
            (tree / file).write_text(f"{version}\n")
            built = self.state / f"archive/{package}_{version}_all.deb"
            subprocess.run(["dpkg-deb", "-b", tree, built], check=True, stdout=subprocess.DEVNULL)
            self.write(f"show-{package}={version}",
                       f"Package: {package}\nVersion: {version}\nDepends: {depends}\n"
                       f"SHA256: {hashlib.sha256(built.read_bytes()).hexdigest()}\n")
        self.write("madison-libnode-dev", f"libnode-dev | {version} | {archive}\n")

    def run_engine(self, *arguments):
        environment = dict(os.environ, PATH=f"{self.directory / 'bin'}:{os.environ['PATH']}", STATE=str(self.state))
        return subprocess.run([SOURCE / "packaging/engine", "--root", self.engine, *arguments], env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    def calls(self):
        return (self.state / "calls").read_text().split("\n")[:-1]

    def expect(self, result, status, *texts):
        self.assertEqual(result.returncode, status, result.stdout)
        for text in texts:
            self.assertIn(text, result.stdout)

    def unpacked(self):
        header = self.engine / "root/usr/include/node/v8-version.h"
        return header.read_text().strip() if header.exists() else None

    def test_private_unpacks_both_packages_and_leaves_nothing_else(self):
        self.expect(self.run_engine("--private"), 0, "libnode-dev 1.0")
        self.assertEqual(self.unpacked(), "1.0")
        self.assertTrue((self.engine / "root/usr/lib/somewhere/libnode.so.999").exists())
        self.assertEqual([entry.name for entry in self.engine.iterdir()], ["root"])
        self.assertEqual(self.calls(), ["download libnode-dev=1.0", "download libnode999=1.0"])

    def test_a_second_run_does_nothing(self):
        self.run_engine("--private")
        self.write("calls", "")
        self.expect(self.run_engine("--private"), 0, "libnode-dev 1.0")
        self.assertEqual(self.calls(), [])

    def test_a_newer_version_replaces_the_old_one(self):
        self.run_engine("--private")
        self.offer("1.1")
        self.expect(self.run_engine("--private"), 0, "libnode-dev 1.1")
        self.assertEqual(self.unpacked(), "1.1")
        self.assertEqual([entry.name for entry in self.engine.iterdir()], ["root"])

    def test_missing_shared_libraries_come_by_apt_and_node_packages_do_not(self):
        self.write("installed", "")
        self.expect(self.run_engine("--private"), 0)
        self.assertIn("install libexample1 libuv1-dev", self.calls())
        self.assertNotIn("node-acorn", " ".join(self.calls()))

    def test_a_package_with_another_hash_is_refused_and_the_old_tree_stays(self):
        self.run_engine("--private")
        self.offer("1.1")
        file = self.state / "archive/libnode999_1.1_all.deb"
        file.write_bytes((self.state / "archive/libnode999_1.0_all.deb").read_bytes())
        self.expect(self.run_engine("--private"), 1, "libnode999 1.1", "expected SHA256", "nothing was unpacked")
        self.assertEqual(self.unpacked(), "1.0")
        self.assertEqual([entry.name for entry in self.engine.iterdir()], ["root"])

    def test_a_library_that_misses_others_is_refused(self):
        self.write("ldd", "\tlibexample.so.1 => not found\n")
        self.expect(self.run_engine("--private"), 1, "misses shared libraries", "libexample.so.1")
        self.assertIsNone(self.unpacked())

    def test_a_version_from_another_archive_does_not_count(self):
        self.offer("9.0", "http://b.example/n nodistro/main all Packages")
        self.expect(self.run_engine(), 1, "offer no libnode-dev")
        self.assertNotIn("download", " ".join(self.calls()))

    def test_apt_lists_are_updated_once_if_they_know_nothing(self):
        (self.state / "after-update").mkdir()
        shutil.move(self.state / "madison-libnode-dev", self.state / "after-update")
        self.write("madison-libnode-dev", "")
        self.expect(self.run_engine("--private"), 0)
        self.assertEqual(self.calls().count("update"), 1)
        self.assertEqual(self.unpacked(), "1.0")

    def test_where_apt_can_install_apt_does(self):
        self.write("simulation", "Inst libnode-dev\n")
        result = self.run_engine()
        self.expect(result, 0, "installed by apt")
        self.assertIn("install libnode-dev=1.0", self.calls())
        self.assertIsNone(self.unpacked())

    def test_where_apt_would_remove_something_a_private_copy_is_made(self):
        self.write("simulation", "Remv nodejs [20]\nInst libnode-dev\n")
        self.expect(self.run_engine(), 0, "apt would remove nodejs", "private copy")
        self.assertEqual(self.unpacked(), "1.0")

    def test_where_dependencies_are_unmet_a_private_copy_is_made(self):
        self.write("unmet", "")
        self.expect(self.run_engine(), 0, "unmet dependencies", "private copy")
        self.assertEqual(self.unpacked(), "1.0")

    def test_system_refuses_where_apt_cannot(self):
        self.write("simulation", "Remv nodejs [20]\n")
        self.expect(self.run_engine("--system"), 1, "apt would remove nodejs", "--private")
        self.assertNotIn("install", " ".join(self.calls()))

    def test_headers_of_another_package_are_left_alone(self):
        self.write("owner", "nodejs")
        if os.path.exists("/usr/include/node/v8.h"):
            self.expect(self.run_engine(), 0, "/usr/include/node belongs to nodejs", "private copy")
        else:  # nobody's headers are there to be left alone
            self.expect(self.run_engine(), 0, "installed by apt")

    def test_check_only_changes_nothing(self):
        self.expect(self.run_engine("--check-only"), 1, "no V8")
        self.assertFalse(self.engine.exists())
        self.run_engine("--private")
        self.write("calls", "")
        self.expect(self.run_engine("--check-only"), 0, "libnode-dev 1.0")
        self.assertEqual(self.calls(), [])

    def test_an_unknown_option_is_refused(self):
        self.expect(self.run_engine("--everything"), 1, "unknown option '--everything'", "Usage:")


if __name__ == "__main__":
    unittest.main()
