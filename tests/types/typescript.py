# SPDX-License-Identifier: Apache-2.0
"""TypeScript's compiler, as tests/types/compiler has made it available."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(os.environ.get("DESKD_SOURCE_DIR", ".")).absolute()
PLACES = [SOURCE / "build" / "typescript" / "node_modules" / "typescript" / "lib", pathlib.Path("/usr/share/nodejs/typescript/lib")]
NODE = shutil.which("node")
LIBRARY = next((place for place in PLACES if (place / "typescript.js").is_file()), None)
DEADLINE = 300
SKIPPED = 77  # for ctest

# What shipped scripts are checked with: stricter than what `deskctl new` has editors check.
OPTIONS = {"checkJs": True, "strict": True, "noImplicitAny": False, "strictPropertyInitialization": False,
           "useUnknownInCatchVariables": False, "target": "es2022", "module": "esnext",
           "moduleDetection": "force", "lib": ["es2022"], "types": [], "noEmit": True}


def require():
    """Ends the test as skipped where there is no compiler."""
    if NODE is None or LIBRARY is None:
        print("skipped: expected TypeScript's compiler, found none in " + ", ".join(map(str, PLACES)) +
              " or no node; tests/types/compiler gets it", file=sys.stderr)
        sys.exit(SKIPPED)


def node(script, *arguments):
    """What a program of JavaScript prints, and whether it exits with 0."""
    result = subprocess.run([NODE, script, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=DEADLINE, check=False)
    return result.returncode == 0, result.stdout


def check_project(file):
    """The compiler's complaints about a project, as (file, line, text)."""
    _, output = node(LIBRARY / "tsc.js", "--project", file, "--pretty", "false")
    complaints = []
    for line in output.splitlines():
        match = re.match(r"(?:(.*)\((\d+),\d+\): )?error TS\d+: (.*)", line)
        if match:
            path = pathlib.Path(os.path.normpath(file.parent / match[1])) if match[1] else None
            complaints.append((path, int(match[2] or 0), match[3]))
        elif not line.startswith(" "):
            raise RuntimeError("tsc: " + output)
    return complaints
