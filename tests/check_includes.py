#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what includes what, and what every source file must have.

Usage: check_includes.py [ROOT]

Directories depend in one direction (hal <- bindings <- daemon), each C or C++ library appears only in the files that wrap
it, headers are guarded, a source includes its own header first, and every file names its licence. Prints one line for
each violation, FILE:LINE: what is wrong, and exits 1 if there is any.
"""

import fnmatch
import pathlib
import re
import sys

# Which directories of ours the files below a directory may include. The longest match counts.
DIRECTIONS = {
    "hal/": ("hal/",),
    "bindings/": ("bindings/", "hal/"),
    "daemon/wire/": ("daemon/wire/", "hal/"),
    "daemon/sim/": ("daemon/sim/", "hal/"),
    "daemon/guard/": ("daemon/guard/", "daemon/wire/", "hal/"),
    "daemon/deskd/": ("daemon/deskd/", "daemon/sim/", "daemon/wire/", "hal/"),
    "daemon/deskctl/": ("daemon/deskctl/", "daemon/wire/", "hal/"),
    "daemon/host/": ("daemon/host/", "daemon/wire/", "bindings/", "hal/"),
    "tests/hal/": ("tests/", "hal/"),
    "tests/": ("tests/", "daemon/", "bindings/", "hal/"),
}

# Which files may include a library's headers.
LIBRARIES = {
    "libuv": (("uv.h", "uv/*"), ("hal/base/loop.h", "hal/base/loop.cpp")),
    "the kernel's terminal interface": (("asm/termbits.h", "asm/ioctls.h"), ("hal/serial_termios.cpp",)),
    "termios": (("termios.h",), ("hal/*", "daemon/sim/*", "tests/*")),
    "libgpiod": (("gpiod.h", "gpiod.hpp"), ("hal/gpio*.cpp", "hal/library_versions.cpp")),
    "i2c-dev": (("linux/i2c*.h",), ("hal/i2c_dev*.cpp", "tests/hal/i2c_dev_test.cpp")),
    "date": (("date/*",), ("hal/cron/time_zone.cpp",)),
    "V8": (("v8.h", "v8-*.h", "libplatform/*", "cppgc/*"), ("bindings/*", "tests/bindings/*")),
    "Paho MQTT": (("mqtt/*", "MQTT*.h"), ("daemon/deskd/mqtt_client.cpp", "daemon/deskd/mqtt_session.cpp",
                                              "daemon/deskd/mqtt_version.cpp", "tests/bench/*")),
    "toml++": (("toml++/*", "toml.hpp"), ("daemon/deskd/*settings*.cpp", "daemon/deskd/toml_*.cpp")),
    "libsystemd": (("systemd/*",), ("daemon/deskd/notify.cpp", "daemon/deskd/journal.cpp", "daemon/deskd/dbus_*.cpp",
                                   "daemon/deskctl/bus.cpp", "tests/fakes/polkit.cpp")),
    "libseccomp": (("seccomp.h",), ("daemon/host/syscall_filter.cpp",)),
    "SQLite": (("sqlite3.h",), ("daemon/deskd/storage*.cpp", "tests/fakes/lossy_disk.cpp")),
    "nlohmann/json's names": (("nlohmann/json_fwd.hpp",), ("daemon/deskd/*", "daemon/deskctl/*", "tests/*")),
    "nlohmann/json": (("nlohmann/*",), ("daemon/deskd/*.cpp", "daemon/deskctl/*.cpp", "tests/*")),
    "CLI11": (("CLI/*",), ("daemon/*/main.cpp", "daemon/*/options.cpp", "daemon/deskctl/*")),
    "GoogleTest": (("gtest/*", "gmock/*"), ("tests/*",)),
    "Google Benchmark": (("benchmark/*",), ("tests/*",)),
}

# Headers of the C library and the kernel that anybody may use. What is in no list is a new dependency: think first.
SYSTEM = ("sys/*", "linux/*", "netinet/*", "net/*", "arpa/*", "cxxabi.h", "dirent.h", "dlfcn.h", "fcntl.h", "getopt.h",
          "glob.h", "grp.h", "ifaddrs.h", "malloc.h", "netdb.h", "poll.h", "pthread.h", "pty.h", "pwd.h", "sched.h",
          "signal.h", "spawn.h", "stdlib.h", "string.h", "strings.h", "syslog.h", "termios.h", "time.h", "ucontext.h",
          "unistd.h")

SOURCES = ("hal", "bindings", "daemon", "tests")
LICENSED = SOURCES + ("scripts", "systemd", "packaging", ".ci")
SPDX = "SPDX-License-Identifier: Apache-2.0"
# Files that cannot carry a comment, or whose first line belongs to somebody else.
UNLICENSED = ("*.json", "*.md", "*.txt", "*.tsv", "*.csv", "*.bin", "*.hex", "*.pem", "*.key", "*.crt", "packaging/debian/*",
              "packaging/build-dependencies", "tests/vectors/*", "tests/fuzz/corpus/*", "tests/corpus/*")
SKIPPED = {"node_modules", "__pycache__", "build", ".git"}

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')
IMPORT = re.compile(r"""(?:^\s*(?:import|export)\b[^;]*?\bfrom\s*|^\s*import\s*|\bimport\s*\(\s*)(['"])([^'"]+)\1""")


def matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def longest_prefix(path, prefixes):
    found = [prefix for prefix in prefixes if path.startswith(prefix)]
    return max(found, key=len) if found else None


class Check:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.violations = []
        self.files = 0

    def complain(self, path, line, text):
        self.violations.append(f"{path}:{line}: {text}")

    def run(self):
        for top in LICENSED:
            for file in sorted((self.root / top).rglob("*")):
                path = file.relative_to(self.root).as_posix()
                if file.is_file() and not file.is_symlink() and not SKIPPED & set(path.split("/")):
                    self.check(path, file)
        for path in ("CMakeLists.txt",):
            if (self.root / path).exists():
                self.check(path, self.root / path)
        return self.violations

    def check(self, path, file):
        if matches(path, UNLICENSED) and not path.endswith("CMakeLists.txt"):
            return
        self.files += 1
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            self.complain(path, 1, "is not text")
            return
        # The second line may hold it where the first has to be something else, such as #!.
        if not any(SPDX in line for line in lines[:2]):
            self.complain(path, 1, f"the first line lacks '{SPDX}'")
        if path.startswith(tuple(f"{top}/" for top in SOURCES)) and path.endswith((".h", ".cpp")):
            self.check_cpp(path, lines)
        elif path.startswith("scripts/") and path.endswith((".js", ".ts")):
            self.check_script(path, lines)

    def check_cpp(self, path, lines):
        if path.endswith(".h") and "#pragma once" not in lines:
            self.complain(path, 1, "the header lacks '#pragma once'")
        first = None
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            ours, theirs = match.groups()
            first = first or (number, ours)
            if ours:
                self.check_ours(path, number, ours)
            else:
                self.check_theirs(path, number, theirs)
        own = path.removesuffix(".cpp") + ".h"
        if path.endswith(".cpp") and (self.root / own).exists() and (first is None or first[1] != own):
            self.complain(path, first[0] if first else 1, f'the first include has to be its own header, "{own}"')

    def check_ours(self, path, number, name):
        if not (self.root / name).exists():
            self.complain(path, number, f'"{name}" is no file; includes are written from the root of the source tree')
            return
        directory = longest_prefix(path, DIRECTIONS)
        if directory is None:
            self.complain(path, number, "is in a directory for which no direction is stated")
        elif not name.startswith(DIRECTIONS[directory]):
            self.complain(path, number, f'{directory} may not include "{name}", only {", ".join(DIRECTIONS[directory])}')

    def check_theirs(self, path, number, name):
        if name.startswith(tuple(f"{top}/" for top in SOURCES)):
            self.complain(path, number, f"<{name}> is ours: write it in quotes")
            return
        for library, (headers, users) in LIBRARIES.items():
            if matches(name, headers):
                if not matches(path, users):
                    self.complain(path, number, f"<{name}> belongs to {library}, which only {', '.join(users)} may include")
                return
        if ("." in name or "/" in name) and not matches(name, SYSTEM):
            self.complain(path, number, f"<{name}> is in no list of check_includes.py")

    def check_script(self, path, lines):
        for number, line in enumerate(lines, 1):
            for match in IMPORT.finditer(line):
                name = match.group(2)
                if not name.startswith(("deskd:", "./", "../")):
                    self.complain(path, number, f"'{name}': scripts import only deskd: modules and files beside them")


def main(arguments):
    root = arguments[0] if arguments else pathlib.Path(__file__).resolve().parents[1]
    check = Check(root)
    violations = check.run()
    for line in violations:
        print(line)
    if not check.files:
        print(f"{root} holds no source files")
        return 1
    print(f"{check.files} files, {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
