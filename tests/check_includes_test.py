#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that check_includes.py passes a clean tree and names each kind of violation."""

import pathlib
import shutil
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import check_includes  # noqa: E402

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
HEADER = SPDX + "#pragma once\n"
CLEAN = {
    "hal/base/loop.h": HEADER + "#include <uv.h>\n",
    "hal/base/loop.cpp": SPDX + '#include "hal/base/loop.h"\n\n#include <vector>\n',
    "hal/gpio.h": HEADER,
    "bindings/gpio.cpp": SPDX + '#include <v8.h>\n\n#include "hal/gpio.h"\n',
    "bindings/js.h": HEADER + "#include <v8-platform.h>\n",
    "daemon/wire/message.h": HEADER,
    "daemon/host/host.cpp": SPDX + '#include "bindings/js.h"\n#include "daemon/wire/message.h"\n',
    "daemon/deskd/mqtt_client.cpp": SPDX + '#include <mqtt/async_client.h>\n#include <sys/socket.h>\n',
    "tests/daemon/message_test.cpp": SPDX + '#include "daemon/wire/message.h"\n\n#include <gtest/gtest.h>\n',
    "scripts/desk.js": SPDX + "import {open} from 'deskd:serial';\nimport './frames.js';\n",
    "packaging/tool": "#!/bin/bash\n# SPDX-License-Identifier: Apache-2.0\n",
}


class CheckIncludes(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="deskd-check-includes-"))
        self.addCleanup(shutil.rmtree, self.root)
        for path, text in CLEAN.items():
            self.write(path, text)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def violations(self):
        return check_includes.Check(self.root).run()

    def expect(self, path, text, *parts):
        """Writes one file, and expects exactly one violation, in it, with these words."""
        self.write(path, text)
        found = self.violations()
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(path + ":"), found)
        for part in parts:
            self.assertIn(part, found[0])

    def test_a_clean_tree_passes(self):
        self.assertEqual(self.violations(), [])

    def test_hal_may_not_include_bindings(self):
        self.expect("hal/serial.cpp", SPDX + '#include "bindings/js.h"\n', ":2:", "hal/ may not include")

    def test_hal_may_not_include_the_daemon(self):
        self.expect("hal/serial.cpp", SPDX + '#include "daemon/wire/message.h"\n', "hal/ may not include")

    def test_bindings_may_not_include_the_daemon(self):
        self.expect("bindings/mqtt.cpp", SPDX + '#include "daemon/wire/message.h"\n', "bindings/ may not include")

    def test_the_supervisor_may_not_include_bindings(self):
        self.expect("daemon/deskd/x.cpp", SPDX + '#include "bindings/js.h"\n', "daemon/deskd/ may not include")

    def test_the_wire_may_not_include_the_supervisor(self):
        self.write("daemon/deskd/x.h", HEADER)
        self.expect("daemon/wire/x.cpp", SPDX + '#include "daemon/deskd/x.h"\n', "daemon/wire/ may not include")

    def test_each_library_stays_in_its_files(self):
        for path, header, library in (
                ("hal/sim.cpp", "uv.h", "libuv"), ("hal/serial.cpp", "v8.h", "V8"), ("daemon/host/x.cpp", "v8-isolate.h", "V8"),
                ("daemon/deskd/x.cpp", "libplatform/libplatform.h", "V8"), ("hal/x.cpp", "mqtt/message.h", "Paho MQTT"),
                ("daemon/deskd/router.cpp", "MQTTAsync.h", "Paho MQTT"), ("hal/x.cpp", "systemd/sd-daemon.h", "libsystemd"),
                ("hal/x.cpp", "nlohmann/json.hpp", "nlohmann/json"), ("bindings/x.cpp", "gpiod.h", "libgpiod"),
                ("bindings/x.cpp", "termios.h", "termios"), ("daemon/sim/x.cpp", "asm/termbits.h", "terminal interface"),
                ("daemon/deskd/main.cpp", "toml++/toml.h", "toml++"), ("daemon/deskd/x.cpp", "sqlite3.h", "SQLite"),
                ("daemon/deskd/x.cpp", "CLI/CLI.hpp", "CLI11"), ("hal/x.cpp", "gtest/gtest.h", "GoogleTest")):
            with self.subTest(path=path, header=header):
                self.expect(path, SPDX + f"#include <{header}>\n", f"<{header}>", library)
                (self.root / path).unlink()

    def test_an_unknown_library_is_a_violation(self):
        self.expect("daemon/deskd/x.cpp", SPDX + "#include <boost/asio.hpp>\n", "in no list")

    def test_our_headers_are_in_quotes(self):
        self.expect("hal/x.cpp", SPDX + "#include <hal/gpio.h>\n", "write it in quotes")

    def test_includes_are_written_from_the_root(self):
        self.expect("hal/x.cpp", SPDX + '#include "gpio.h"\n', "from the root")

    def test_an_indented_include_counts(self):
        self.expect("hal/x.cpp", SPDX + "#if 1\n#  include <v8.h>\n#endif\n", ":3:", "V8")

    def test_the_own_header_comes_first(self):
        self.expect("hal/gpio.cpp", SPDX + '#include <vector>\n\n#include "hal/gpio.h"\n', "own header", '"hal/gpio.h"')

    def test_the_own_header_may_not_be_missing(self):
        self.expect("hal/gpio.cpp", SPDX, "own header")

    def test_headers_are_guarded(self):
        self.expect("hal/x.h", SPDX, "#pragma once")

    def test_every_kind_of_file_names_its_licence(self):
        for path, text in (("hal/x.h", "#pragma once\n"), ("scripts/x.js", "let a;\n"), ("packaging/x", "#!/bin/bash\n\n"),
                           ("hal/CMakeLists.txt", "add_library(x)\n"), ("systemd/x.service", "[Unit]\n")):
            with self.subTest(path=path):
                self.expect(path, text, "SPDX")
                (self.root / path).unlink()

    def test_shipped_scripts_import_only_what_deskd_gives(self):
        for text in ("import fs from 'node:fs';\n", "const fs = await import(\"fs\");\n", "import 'lodash';\n",
                     "export {a} from 'https://example.org/a.js';\n"):
            with self.subTest(text=text):
                self.expect("scripts/x.js", SPDX + text, ":2:", "import only")

    def test_the_program_exits_1_on_a_violation_and_on_nothing_to_check(self):
        self.assertEqual(check_includes.main([str(self.root)]), 0)
        self.write("hal/x.cpp", SPDX + "#include <v8.h>\n")
        self.assertEqual(check_includes.main([str(self.root)]), 1)
        self.assertEqual(check_includes.main([str(self.root / "nothing")]), 1)


if __name__ == "__main__":
    unittest.main(buffer=True)
