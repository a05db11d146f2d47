# SPDX-License-Identifier: Apache-2.0
"""The manual pages say what the programs do: every setting, option, error and method, and nothing else."""

import json
import re
import subprocess
import unittest

import manual_text
from deskctl_fixture import BUILD, DEADLINE, SOURCE, DeskctlCase

PAGES = {path.name: path.read_text() for path in sorted((SOURCE / "packaging" / "man").iterdir())}
ENTRY = re.compile(r"([\w.]+) \((.*); default: (.*)\)")


def sources(*directories, ending=".cpp"):
    for directory in directories:
        for path in sorted((SOURCE / directory).rglob("*" + ending)):
            yield path.name, path.read_text()


def program_output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE,
                          check=False).stdout


def options_of(help_text):
    """The long options that --help shows."""
    return set(re.findall(r"--[a-z][\w-]*", "\n".join(re.findall(r"^ {2,4}(-.*)", help_text, re.MULTILINE))))


class PagesTest(unittest.TestCase):
    maxDiff = None

    def test_they_are_there(self):
        self.assertEqual(list(PAGES), ["deskctl.1", "deskd-scripts.7", "deskd.8", "deskd.toml.5"])

    def test_groff_finds_no_mistake(self):
        for name in PAGES:
            result = subprocess.run(["groff", "-ww", "-z", "-man", "-Tutf8", SOURCE / "packaging" / "man" / name],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
            self.assertEqual((result.returncode, result.stderr), (0, ""), name)

    def test_they_fit_80_columns(self):
        for name in PAGES:
            shown = subprocess.run(["groff", "-man", "-Tutf8", "-P-cbou", "-rLL=78n", SOURCE / "packaging" / "man" / name],
                                   stdout=subprocess.PIPE, text=True, check=True).stdout
            for line in shown.splitlines():
                self.assertLessEqual(len(line), 80, f"{name}: {line}")

    def test_they_refer_to_pages_that_are_there(self):
        for name, page in PAGES.items():
            for other, number in re.findall(r"(deskd[\w.-]*|deskctl) ?\((\d)\)", manual_text.text_of(page)):
                self.assertIn(f"{other}.{number}", PAGES, name)

    def test_examples_can_be_copied(self):
        """A terminal shows ' and - in examples as they are typed only if they are escaped."""
        for name, page in PAGES.items():
            for block in re.findall(r"^\.EX\n(.*?)^\.EE$", page, re.MULTILINE | re.DOTALL):
                self.assertNotRegex(block, r"['`^~]|(?<!\\)-", name)


class SettingsTest(DeskctlCase):
    def documented(self):
        """{key: (type, default)} of deskd.toml(5): those of deskd.toml, and those of NAME.toml."""
        page = PAGES["deskd.toml.5"]
        return [{found[1]: (found[2], found[3])
                 for found in (ENTRY.fullmatch(name) for name, _ in manual_text.entries(manual_text.section(page, title)))
                 if found} for title in ("KEYS OF DESKD.TOML", "KEYS OF NAME.TOML")]

    def known(self):
        """The keys that settings.cpp reads: of deskd.toml, and of NAME.toml."""
        keys = ([], [])
        which, prefix = 0, ""
        source = (SOURCE / "daemon/deskd/settings.cpp").read_text()
        for function, table, key in re.findall(
                r"^\S.* (\w+)\(.*\) \{$|root\.table\(\s*\"(\w+)\"|"
                r"(?:root|table)\.(?:texts?|number|boolean|choice<\w+>)\(\s*\"(\w+)\"", source, re.MULTILINE):
            if function:
                which = 1 if function in ("loadScriptSettings", "readPermissions") else 0
                prefix = {"readMqtt": "mqtt.", "readLimits": "limits.", "readPermissions": "permissions."}.get(function, "")
            elif table:
                prefix = table + "."
            elif function != "scriptDevice":
                keys[which].append(prefix + key)
        return keys

    def test_every_key_is_in_the_manual(self):
        known = self.known()
        self.assertIn("mqtt.url", known[0])
        self.assertIn("permissions.i2c", known[1])
        documented = self.documented()
        self.assertEqual(sorted(documented[0]), sorted(set(known[0]) - {"device"}))
        self.assertEqual(sorted(documented[1]), sorted(known[1]))

    def test_types_and_ranges_are_those_that_deskd_expects(self):
        wrong = {"text": ("1", "a text in quotes"), "absolute path": ('"x"', "an absolute path"),
                 "true or false": ('"x"', "true or false"), "array of texts": ("1", "an array of texts")}
        of_deskd, of_script = self.documented()

        def mistakes(keys, *command):
            values = {key: wrong.get(type, ['"x"'])[0] for key, (type, _) in keys.items()}
            file = self.write("wrong.toml", "".join(f"{key} = {value}\n" for key, value in values.items()))
            printed = program_output(BUILD / "deskd", *command, file)
            return dict(re.findall(r":\d+:\d+: ([\w.]+): expected (.*), found ", printed)), printed

        for keys, command in ((of_deskd, ("--check", "--config")), (of_script, ("--print-script-settings",))):
            found, printed = mistakes(keys, *command)
            for key, (type, _) in keys.items():
                expected = "a " + type if type.startswith("whole number") else wrong.get(type, ("", "one of " + type))[1]
                self.assertEqual(found.get(key), expected, printed)

    def test_defaults_are_those_of_deskd(self):
        of_deskd, _ = self.documented()
        empty = self.write("empty.toml", "")
        settings = json.loads(program_output(BUILD / "deskd", "--config", empty, "--print-settings"))
        meanings = {"none": "", "the system's": "", "5, else 3.1.1": "", "true": True,
                    "the host's name": settings["node"], "deskd-NODE": "deskd-" + settings["node"]}
        for key, (_, default) in of_deskd.items():
            if key == "scripts.library":
                continue  # beside the program in a build tree
            table, _, name = key.rpartition(".")
            value = settings[f"{table}_{name}"] if table in ("scripts", "state") else (settings[table] if table else settings)[name]
            self.assertEqual(value, int(default) if default.isdigit() else meanings.get(default, default), key)

    def test_other_files_name_only_keys_that_there_are(self):
        keys = set(self.documented()[0]) | set(self.documented()[1])
        section = ""
        for line in (SOURCE / "packaging/deskd.toml").read_text().splitlines():
            if line.startswith("["):
                section = line.strip("[]") + "."
            elif match := re.match(r"#(\w+) = ", line):
                self.assertIn(section + match[1], keys)
        texts = [("README.md", (SOURCE / "README.md").read_text()), *((name, manual_text.text_of(page)) for name, page in PAGES.items())]
        for name, text in texts:
            for key in re.findall(r"\b((?:mqtt|scripts|state|limits|permissions)\.(?!toml\b|js)[a-z]\w+)", text):
                self.assertIn(key, keys | {"mqtt.password", "limits.heap_mb", "scripts.json"}, name)

    def test_its_examples_are_right(self):
        found = re.findall(r"^\.EX\n(.*?)^\.EE$", manual_text.section(PAGES["deskd.toml.5"], "EXAMPLES"), re.MULTILINE | re.DOTALL)
        of_deskd, of_script = ("\n".join(map(manual_text.plain, text.splitlines())) + "\n" for text in found)
        self.write("secret", "pass\n").chmod(0o600)
        self.write("scripts/counter.js", "")
        self.write("scripts/counter.toml", of_script)
        config = self.write("deskd.toml", of_deskd.replace("/etc/deskd/mqtt-password", str(self.directory / "secret")) +
                            f'[scripts]\ndirectory = "{self.directory}/scripts"\n')
        self.assertIn("settings and 1 script are fine", program_output(BUILD / "deskd", "--check", "--config", config))


class OptionsTest(DeskctlCase):
    def check(self, page, help_text):
        documented = set()
        for name, _ in manual_text.entries(page):
            documented |= set(re.findall(r"--[a-z][\w-]*", name))
        self.assertEqual(documented | {"--help"}, options_of(help_text) | {"--help"})

    def test_deskd(self):
        page = PAGES["deskd.8"]
        self.check(manual_text.section(page, "OPTIONS"), program_output(BUILD / "deskd", "--help"))
        others = re.split(r"^\.SS ", manual_text.section(page, "THE OTHER PROGRAMS"), flags=re.MULTILINE)[1:]
        by_name = {manual_text.plain(text.split("\n")[0]): text for text in others}
        for program in ("deskd-guard", "deskd-host"):
            self.check(by_name[program], program_output(BUILD / program, "--help"))
        self.assertIn("deskd-sim", by_name)

    def test_deskctl(self):
        page = PAGES["deskctl.1"]
        text = self.deskctl("--help").out
        commands = re.findall(r"^  ([a-z0-9]+) ", text[text.index("Subcommands:"):], re.MULTILINE)
        self.check(manual_text.section(page, "OPTIONS"), text)
        documented = {}
        for title in ("COMMANDS THAT ASK DESKD", "COMMANDS THAT NEED NO DAEMON"):
            for name, below in manual_text.entries(manual_text.section(page, title)):
                documented[name.split()[0]] = f"{name} {below}"
        self.assertEqual(sorted(documented), sorted(commands))
        for command in commands:
            options = options_of(self.deskctl(command, "--help").out)
            for option in options - {"--help"}:
                short = {"--lines": "-n"}.get(option, option)
                self.assertIn(short, documented[command], command)
            for option in re.findall(r"--[a-z][\w-]*", documented[command]):
                self.assertIn(option, options, command)


class ErrorsTest(unittest.TestCase):
    maxDiff = None

    def test_every_code_of_an_error_is_in_the_manual(self):
        thrown = set()
        for text in [text for ending in (".cpp", ".h", ".js") for _, text in
                     sources("hal", "bindings", "daemon", "scripts", ending=ending)]:
            code = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
            thrown |= set(re.findall(r"[\"'`](ERR_[A-Z0-9_]+)", code))
        moves = (SOURCE / "bindings/js/desk_entities.js").read_text()
        reasons = re.search(r"const failures = \{(.*?)\};", moves, re.DOTALL)[1]
        thrown.remove("ERR_MOVE_")
        thrown |= {f"ERR_MOVE_{reason.upper()}" for reason in re.findall(r"^  (\w+):", reasons, re.MULTILINE)}
        documented = []
        for name, _ in manual_text.entries(manual_text.section(PAGES["deskd-scripts.7"], "ERRORS")):
            documented += re.findall(r"\bERR_\w+", name)
        self.assertEqual(sorted(documented), sorted(thrown))
        for page in PAGES.values():
            self.assertLessEqual(set(re.findall(r"\bERR_\w+", page)), thrown)

    def titles(self, page):
        names = [name for name, _ in manual_text.entries(manual_text.section(PAGES[page], "DIAGNOSTICS"))]
        return " ".join(" ".join(names).split())

    def test_every_text_of_deskctl_is_in_the_manual(self):
        titles = self.titles("deskctl.1")
        found = 0
        for name, source in sources("daemon/deskctl"):
            for call in (r"CommandError", r"runtime_error", r"invalid_argument", r"throwErrno", r"fprintf"):
                for arguments in manual_text.call_arguments(source, call):
                    for part in [] if arguments.startswith("stdout") else manual_text.constant_parts(arguments):
                        if re.fullmatch(r"deskctl( \w+)?", part):  # stands before them all
                            continue
                        found += 1
                        self.assertIn(part, titles, f"{name}: DIAGNOSTICS of deskctl(1)")
        self.assertGreater(found, 30)

    def test_every_text_of_the_journal_is_in_the_manual(self):
        titles = self.titles("deskd.8")
        found = 0
        for name, source in sources("daemon/deskd"):
            for arguments in [*manual_text.call_arguments(source, "log"), *manual_text.call_arguments(source, "warn")]:
                if name != "switchboard.cpp" and not re.search(r"Priority::(error|warning|notice)", arguments):
                    continue
                for part in manual_text.constant_parts(arguments):
                    if part == "SCRIPT":  # the field
                        continue
                    found += 1
                    self.assertIn(part, titles, f"{name}: DIAGNOSTICS of deskd(8)")
        self.assertGreater(found, 50)

    def test_every_error_of_dbus_is_in_the_manual(self):
        kinds = {"NotAllowed"}
        texts = []
        for name, source in sources("daemon/deskd"):
            for arguments in manual_text.call_arguments(source, r"throw ManagerError"):
                kind, *parts = manual_text.constant_parts(arguments)
                kinds.add(kind)
                texts += parts
            if name == "dbus_authorization.cpp":
                for arguments in [*manual_text.call_arguments(source, "answer"), *re.findall(r"refusal = (.*);", source)]:
                    texts += manual_text.constant_parts(arguments)
        page = manual_text.section(PAGES["deskd.8"], "D-BUS")
        documented = [name for name, _ in manual_text.entries(page) if name.startswith("org.deskd.Error.")]
        self.assertEqual(sorted(documented), sorted(f"org.deskd.Error.{kind}" for kind in kinds))
        known = self.titles("deskctl.1") + manual_text.text_of(page)
        self.assertGreater(len(texts), 6)
        for text in texts:
            self.assertIn(text, known)

    def test_every_method_and_property_of_dbus_is_in_the_manual(self):
        source = (SOURCE / "daemon/deskd/dbus_interface.cpp").read_text()
        page = manual_text.section(PAGES["deskd.8"], "D-BUS")
        for interface, function in (("org.deskd.Manager1", "managerInterface"), ("org.deskd.Script1", "scriptInterface")):
            code = re.search(rf"^const DbusInterface& {function}\(\) \{{$(.*?)^\}}$", source, re.MULTILINE | re.DOTALL)[1]
            properties = re.findall(r'\{"([A-Z]\w+)", "\w+", (?:never|signalled|unsignalled)', code)
            methods = re.findall(r'\{"([A-Z]\w+)",\s*\{(?:"\w+")?\}', code)
            self.assertGreater(min(len(properties), len(methods)), 5)
            part = re.search(rf"^\.SS {re.escape(interface)}\n(.*?)(?=^\.SS |\Z)", page, re.MULTILINE | re.DOTALL)[1]
            documented = {"Methods": [], "Properties": []}
            for name, text in manual_text.entries(part):
                documented[name.split()[0]] += [word for word in re.findall(r"\b([A-Z]\w+)", text) if word not in ("SIGHUP",)]
            self.assertEqual(sorted(documented["Properties"]), sorted(properties))
            self.assertEqual(sorted(documented["Methods"]), sorted(methods))


class ExamplesTest(DeskctlCase):
    def setUp(self):
        super().setUp()
        self.examples = manual_text.examples(PAGES["deskd-scripts.7"])
        for name, text in self.examples.items():
            self.write(name, text)

    def test_there_are_some(self):
        self.assertLessEqual({"counter.js", "counter.toml", "lamp.js", "lamp.test.js", "pump.js"}, set(self.examples))

    def test_they_are_right(self):
        names = [name for name in self.examples if name.endswith(".js")]
        result = self.deskctl("check", *names)
        self.assertEqual((result.code, result.err), (0, ""))

    def test_the_test_passes(self):
        result = self.deskctl("test", "lamp.test.js")
        self.assertEqual((result.code, result.out), (0, "ok the lamp is on after a minute\n1 of 1 passed\n"), result.err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
