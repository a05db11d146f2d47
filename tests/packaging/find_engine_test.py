#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Configures a small project with FindNodeEngine.cmake against right and wrong pairs of headers and library."""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(probe LANGUAGES CXX)
list(APPEND CMAKE_MODULE_PATH {source}/packaging/cmake)
find_package(NodeEngine REQUIRED)
message(STATUS "version=${{NodeEngine_V8_VERSION}} library=${{NodeEngine_LIBRARY}} private=${{NodeEngine_PRIVATE}}")
add_executable(probe probe.cpp)
target_link_libraries(probe PRIVATE NodeEngine::NodeEngine)
"""
PROGRAM = """
#include <v8-initialization.h>
#include <cstdio>
int main() { std::puts(v8::V8::GetVersion()); }
"""
options = None


class FindEngine(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="deskd-find-engine-"))
        self.addCleanup(shutil.rmtree, self.directory)
        project = self.directory / "project"
        project.mkdir()
        (project / "CMakeLists.txt").write_text(PROJECT.format(source=SOURCE))
        (project / "probe.cpp").write_text(PROGRAM)
        self.root = self.directory / "root"

    def make_root(self, headers=True, library=True):
        """A private root like packaging/engine's, made of links to the V8 that this build uses."""
        include = self.root / "usr/include/node"
        include.mkdir(parents=True)
        if headers:
            for entry in pathlib.Path(options.headers).iterdir():
                (include / entry.name).symlink_to(entry)
        libraries = self.root / "usr/lib"
        libraries.mkdir(parents=True)
        if library:
            (libraries / "libnode.so").symlink_to(options.library)
        return include

    def replace(self, path, pattern, replacement):
        """Gives the link at path a text of its own."""
        text = path.read_text()
        changed = re.sub(pattern, replacement, text, flags=re.MULTILINE)
        self.assertNotEqual(text, changed, f"{path} has nothing like {pattern}")
        path.unlink()
        path.write_text(changed)

    def configure(self):
        return subprocess.run(
            ["cmake", "-G", "Ninja", "-S", self.directory / "project", "-B", self.directory / "build",
             f"-DDESKD_ENGINE_ROOT={self.root}"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    def expect_refusal(self, *texts):
        result = self.configure()
        self.assertNotEqual(result.returncode, 0, result.stdout)
        message = re.sub(r"\s+", " ", result.stdout)  # CMake breaks lines where it likes
        for text in (*texts, "packaging/engine"):
            self.assertIn(text, message)

    def test_a_matching_pair_is_found_and_its_program_runs(self):
        self.make_root()
        result = self.configure()
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn(f"version={options.version} library={options.library} private=TRUE", result.stdout)
        subprocess.run(["cmake", "--build", self.directory / "build"], check=True, stdout=subprocess.DEVNULL)
        output = subprocess.run([self.directory / "build/probe"], check=True, stdout=subprocess.PIPE, text=True)
        self.assertTrue(output.stdout.startswith(options.version + "-"), output.stdout)

    def test_the_check_runs_once_and_again_when_the_headers_change(self):
        include = self.make_root()
        program = self.directory / "build/CMakeFiles/NodeEngine/version.cpp"
        self.assertEqual(self.configure().returncode, 0)
        program.unlink()
        self.assertEqual(self.configure().returncode, 0)
        self.assertFalse(program.exists(), "the pair was checked a second time")
        self.replace(include / "v8-version.h", r"(V8_PATCH_LEVEL) \d+", r"\1 9999")
        self.expect_refusal("9999")

    def test_headers_of_another_version_are_refused_with_both_versions(self):
        include = self.make_root()
        self.replace(include / "v8-version.h", r"(V8_BUILD_NUMBER) \d+", r"\1 4711")
        parts = options.version.split(".")
        parts[2] = "4711"
        self.expect_refusal("different versions", f"{include} (V8 {'.'.join(parts)})",
                            f"{options.library} (V8 {options.version})")

    def test_headers_of_a_node_package_without_library_are_refused_even_with_the_same_version(self):
        include = self.make_root()
        self.replace(include / "config.gypi", r"'node_shared': '?true'?", "'node_shared': 'false'")
        self.expect_refusal("Node.js without a library", str(include), options.library)

    def test_a_library_that_is_none_is_refused(self):
        self.make_root(library=False)
        (self.root / "usr/lib/libnode.so").write_text("not a library\n")
        self.expect_refusal("does not work with the headers", str(self.root))

    def test_missing_headers_are_named(self):
        self.make_root(headers=False)
        self.expect_refusal("not complete", "NodeEngine_INCLUDE_DIR-NOTFOUND", str(self.root / "usr/include/node"))

    def test_a_missing_library_is_named(self):
        self.make_root(library=False)
        self.expect_refusal("not complete", "NodeEngine_LIBRARY-NOTFOUND", str(self.root / "usr/lib"))

    def test_a_missing_directory_is_named(self):
        self.expect_refusal("not complete", str(self.root))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("headers", "library", "version"):
        parser.add_argument(f"--{name}", required=True)
    options, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
