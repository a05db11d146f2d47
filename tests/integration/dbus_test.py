# SPDX-License-Identifier: Apache-2.0
"""deskd on a bus of its own: what it shows, what it signals, whom it obeys."""

import os
import random
import signal
import time
import unittest
import xml.etree.ElementTree as ElementTree

from deskd_fixture import Process, program
from private_bus import NAME, NOBODY, ROOT, SCRIPT, BusCase, Signals

GOOD = "console.log('up'); setInterval(() => {}, 1000);"
SENSOR = """import {device} from 'deskd:hub';
device().sensor('level', {name: 'Level'}).set(1);
console.log('up');
setInterval(() => {}, 1000);
"""
MANAGER_CHANGES = (("Reload",), ("Start", "s", "good"), ("Stop", "s", "good"), ("Restart", "s", "good"),
                   ("ReloadScript", "s", "good"), ("Enable", "s", "good"), ("Disable", "s", "good"),
                   ("SetLogLevel", "s", "debug"))
SCRIPT_CHANGES = (("Start",), ("Stop",), ("Restart",), ("Reload",), ("Enable",), ("Disable",), ("SetLogLevel", "s", "debug"))


class DbusTest(BusCase):
    def start(self, **scripts):
        for name, text in scripts.items():
            self.write_script(f"{name}.js", text)
        self.write_settings("", broker=False)
        self.start_daemon()
        self.lines = self.daemon.lines
        self.lines.wait("on D-Bus as org.deskd.Manager1")

    def start_with_bus(self, **scripts):
        self.start_bus()
        self.start(**scripts)
        for name in scripts:
            self.lines.wait(f"{name}: running, process")

    def signals(self):
        seen = Signals(self.bus)
        self.addCleanup(seen.end)
        return seen

    def test_properties_tell_of_deskd_and_its_scripts(self):
        before = time.time()
        self.start_with_bus(good=SENSOR)
        self.assertEqual(self.property("Node"), "test")
        self.assertRegex(self.property("Version"), r"^\d+\.\d+")
        self.assertEqual(self.property("BrokerUrl"), "")
        self.assertEqual((self.property("SafeMode"), self.property("ScriptCount"), self.property("GuardWorks")),
                         (False, 1, True))
        self.assertEqual(self.property("State", "good"), "running")
        self.assertGreater(self.property("Since", "good") / 1e6, before)
        self.assertLess(self.property("Since", "good") / 1e6, time.time() + 1)
        self.assertEqual(self.property("Entities", "good"), ["level"])
        self.assertEqual(self.property("Device", "good"), "good")
        self.assertEqual((self.property("Restarts", "good"), self.property("LastError", "good")), (0, ""))
        pid = self.property("Pid", "good")
        with open(f"/proc/{pid}/stat") as file:
            self.assertIn("(deskd:good)", file.read())
        self.assertTrue(500_000 < self.property("MemoryBytes", "good") < 100_000_000)
        self.assertTrue(0 < self.property("CpuUSec", "good") < 10_000_000)
        self.assertEqual(self.call("ListScripts"), [[["good", "running", self.path("good")]]])

    def test_the_last_error_has_its_place(self):
        self.start_with_bus()
        self.write_script("bad.js", "\n  throw new Error('not today');")
        self.lines.wait("bad: error: Error: not today")
        self.assertRegex(self.property("LastError", "bad"), r"^Error: not today \(.*/bad.js:2:9\)$")
        self.write_script("bad.js", GOOD)
        self.lines.wait("bad: running")
        self.assertEqual(self.property("LastError", "bad"), "")
        # The version that runs goes on; that there is a mistake in the new one can be seen all the same.
        self.write_script("bad.js", "let = ;")
        self.lines.wait("bad: error: SyntaxError")
        self.assertEqual(self.property("State", "bad"), "running")
        self.assertRegex(self.property("LastError", "bad"), r"^SyntaxError: .*/bad.js:1:\d+\)$")

    def test_signals_tell_what_changes(self):
        self.start_with_bus(good=GOOD)
        seen = self.signals()
        self.call("Stop", "good")
        seen.wait("PropertiesChanged", SCRIPT, '"State":{"type":"s","data":"stopping"')
        seen.wait("PropertiesChanged", SCRIPT, '"State":{"type":"s","data":"stopped"')
        seen.wait("PropertiesChanged", NAME, '"ScriptsRunning":{"type":"u","data":0')
        self.write_script("late.js", SENSOR)
        seen.wait("InterfacesAdded", self.path("late"))
        seen.wait("PropertiesChanged", SCRIPT, '"Entities":{"type":"as","data":\\["level"')
        os.unlink(os.path.join(self.scripts, "late.js"))
        seen.wait("InterfacesRemoved", self.path("late"))

    def test_introspection_describes_all_that_is_there(self):
        self.start_with_bus(good=GOOD)
        for path, interface in ((ROOT, NAME), (self.path("good"), SCRIPT)):
            xml = self.ask("call", NAME, path, "org.freedesktop.DBus.Introspectable", "Introspect")[0]
            described = ElementTree.fromstring(xml).find(f"interface[@name='{interface}']")
            members = described.findall("method") + described.findall("property")
            for member in members:
                text = member.find("annotation[@name='org.gtk.GDBus.DocString']").get("value")
                self.assertGreater(len(text), 10, member.get("name"))
            there = self.ask("call", NAME, path, "org.freedesktop.DBus.Properties", "GetAll", "s", interface)[0]
            self.assertEqual({item.get("name"): item.get("type") for item in described.findall("property")},
                             {name: value["type"] for name, value in there.items()})
            code, text = self.busctl("introspect", NAME, path)
            self.assertEqual(code, 0, text)
            for member in members:
                self.assertRegex(text, rf"\.{member.get('name')} ")
        code, text = self.busctl("tree", "--list", NAME)
        self.assertEqual(code, 0, text)
        self.assertIn(self.path("good"), text)
        managed = self.ask("call", NAME, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")[0]
        self.assertEqual(list(managed), [self.path("good")])

    def test_scripts_are_steered(self):
        self.start_with_bus(good=GOOD)
        first = self.property("Pid", "good")
        self.call("Start", "good")
        self.assertEqual(self.property("Pid", "good"), first, "it runs already")
        mark = self.lines.mark()
        self.call("Restart", script="good")
        self.lines.wait("good: running", start=mark)
        second = self.property("Pid", "good")
        self.assertNotEqual(second, first)
        mark = self.lines.mark()
        self.call("Reload", script="good")
        self.lines.wait("good: running", start=mark)
        self.assertNotEqual(self.property("Pid", "good"), second)
        seen = self.signals()
        self.call("Stop", script="good")
        seen.wait('"data":"stopped"')
        self.call("Reload")
        self.assertEqual(self.property("State", "good"), "stopped", "reading the settings again starts nothing")
        mark = self.lines.mark()
        self.call("Start", "good")
        self.lines.wait("good: running", start=mark)

    def test_disabled_stays_disabled(self):
        self.start_with_bus(good=GOOD)
        seen = self.signals()
        self.call("Disable", "good")
        seen.wait('"State":{"type":"s","data":"disabled"')
        self.daemon.end()
        self.start(other=GOOD)
        self.lines.wait("other: running")  # all have been found by then
        self.assertEqual(self.property("State", "good"), "disabled")
        self.write_script("good.js", GOOD + "// changed")
        self.write_script("third.js", GOOD)
        self.lines.wait("third: running")
        self.assertEqual(self.lines.count("good: up"), 0)
        code, text = self.busctl("call", NAME, ROOT, NAME, "Start", "s", "good")
        self.assertEqual((code, text), (1, "Call failed: the script good is disabled: deskctl enable good"))
        self.call("Enable", "good")
        self.lines.wait("good: running")

    def test_errors_have_names_and_say_what_to_do(self):
        self.start_with_bus(good=GOOD)
        self.assertEqual(self.busctl("call", NAME, ROOT, NAME, "Stop", "s", "god"),
                         (1, "Call failed: there is no script god; did you mean good?"))
        self.assertEqual(self.busctl("call", NAME, ROOT, NAME, "SetLogLevel", "s", "loud"),
                         (1, 'Call failed: log level: expected error, warning, notice, info or debug, found "loud"'))
        with open(self.config, "a") as file:
            file.write("nonsense = 1\n")
        code, text = self.busctl("call", NAME, ROOT, NAME, "Reload")
        self.assertEqual(code, 1)
        self.assertRegex(text, r"deskd.toml:\d+:\d+: .*nonsense")

    def test_a_script_has_a_log_level_of_its_own(self):
        self.start_with_bus(good="""import {log} from 'deskd:script';
setInterval(() => { log.debug('tiny'); log.info('plain'); }, 20);""")
        self.lines.wait("good: plain")
        self.assertEqual(self.lines.count("good: debug: tiny"), 0)
        self.call("SetLogLevel", "debug", script="good")
        self.lines.wait("good: debug: tiny")
        self.assertEqual((self.property("LogLevel", "good"), self.property("LogLevel")), ("debug", "info"))
        self.call("SetLogLevel", "error", script="good")
        mark = self.lines.mark()
        self.call("Restart", "good")
        self.lines.wait("good: running", start=mark)
        self.assertNotIn("good: plain", self.lines.text(mark))

    def test_whoever_is_not_allowed_reads_and_changes_nothing(self):
        self.start_with_bus(good=GOOD)
        if os.geteuid() != 0:
            # Nobody else is at hand; deskd's own user is allowed.
            self.call("SetLogLevel", "debug")
            return
        read = self.busctl("get-property", NAME, self.path("good"), SCRIPT, "State", user=NOBODY)
        self.assertEqual(read, (0, 's "running"'))
        self.assertEqual(self.busctl("call", NAME, ROOT, NAME, "ListScripts", user=NOBODY)[0], 0)
        pid = self.property("Pid", "good")
        for path, interface, methods in ((ROOT, NAME, MANAGER_CHANGES), (self.path("good"), SCRIPT, SCRIPT_CHANGES)):
            for method in methods:
                self.assertEqual(self.busctl("call", NAME, path, interface, *method, user=NOBODY),
                                 (1, "Call failed: only root may do this, and whom polkit allows org.deskd.manage"), method)
        self.assertEqual((self.property("Pid", "good"), self.property("State", "good"), self.property("LogLevel")),
                         (pid, "running", "info"))

    def test_polkit_decides_about_others(self):
        self.start_with_bus(good=GOOD)
        for verdict in ("forbid", "allow"):
            polkit = Process([os.path.join(program("tests"), "fake-polkit"), self.bus, verdict])
            self.addCleanup(polkit.end)
            polkit.lines.wait("^ready")
            if os.geteuid() != 0:
                self.call("SetLogLevel", "info")  # deskd's own user is allowed whatever polkit says
                self.assertEqual(polkit.lines.count("asked"), 0)
            else:
                code, text = self.busctl("call", NAME, ROOT, NAME, "SetLogLevel", "s", "debug", user=NOBODY)
                polkit.lines.wait(r"asked: system-bus-name name :\d+\.\d+ org.deskd.manage interactive=[01]$")
                self.assertEqual(code, 1 if verdict == "forbid" else 0, text)
                self.assertEqual(self.property("LogLevel"), "info" if verdict == "forbid" else "debug")
            polkit.end()

    def test_every_method_that_changes_something_is_known_to_that_test(self):
        self.start_with_bus(good=GOOD)
        for path, interface, known in ((ROOT, NAME, MANAGER_CHANGES), (self.path("good"), SCRIPT, SCRIPT_CHANGES)):
            xml = self.ask("call", NAME, path, "org.freedesktop.DBus.Introspectable", "Introspect")[0]
            methods = {item.get("name") for item in ElementTree.fromstring(xml).findall(f"interface[@name='{interface}']/method")}
            self.assertEqual(methods - {"ListScripts", "RecentMessages"}, {method[0] for method in known})

    def test_nobody_else_may_have_the_name(self):
        self.start_bus()
        if os.geteuid() != 0:
            return
        code, text = self.busctl("call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                 "RequestName", "su", NAME, "0", user=NOBODY)
        self.assertEqual((code, text), (1, "Call failed: Access denied"))

    def test_a_bus_that_comes_later_and_goes_and_comes_back(self):
        self.bus = f"unix:path={self.directory}/bus"
        self.write_script("good.js", GOOD)
        self.write_settings("", broker=False)
        self.start_daemon()
        self.lines = self.daemon.lines
        self.lines.wait(r"warning: D-Bus \(unix:path=.*\): connect: No such file or directory; deskd goes on without")
        self.lines.wait("good: running")
        self.start_bus()
        self.lines.wait("on D-Bus as")
        for end in (signal.SIGTERM, signal.SIGKILL):
            mark = self.lines.mark()
            self.private.process.end(end)
            self.lines.wait(r"warning: D-Bus .*lost", start=mark)
            if os.path.exists(self.private.socket):
                os.unlink(self.private.socket)
            self.private.start()
            self.lines.wait("on D-Bus as", start=mark)
            self.assertEqual(self.property("State", "good"), "running")
        self.assertEqual(self.lines.count("good: up"), 1)
        self.assertLessEqual(self.lines.count("warning: D-Bus"), 6)

    def test_a_bus_that_refuses_the_name(self):
        self.start_bus(policy=False)
        self.write_script("good.js", GOOD)
        self.write_settings("", broker=False)
        self.start_daemon()
        self.daemon.lines.wait("good: running")
        self.daemon.lines.wait(r"warning: D-Bus .*: the name org.deskd.Manager1 is refused: .*; deskd goes on without")

    def test_senseless_arguments_change_nothing(self):
        self.start_with_bus(good=GOOD)
        pid = self.property("Pid", "good")
        chance = random.Random(7)
        letters = ["a", "good", "/", "..", "\x01", "ü", "\U0001f600", "%s", "%n", "'", '"', "\\", " ", "x" * 300]
        methods = [method[0] for method in MANAGER_CHANGES[1:]]
        rounds = int(os.environ.get("DESKD_FUZZ_ROUNDS", "150"))
        for _ in range(rounds):
            text = "".join(chance.choice(letters) for _ in range(chance.randrange(6)))
            if text in ("good", "debug"):
                continue
            kinds = chance.choice([("s", text), ("s", text), ("s", text), ("i", "7"), ("as", "1", text), ("ss", text, text),
                                   ("v", "s", text), ("",), ("o", "/"), ("ay", "3", "0", "255", "1")])
            code, said = self.busctl("call", NAME, chance.choice((ROOT, self.path("good"), ROOT + "/script", "/")),
                                     chance.choice((NAME, SCRIPT)), chance.choice(methods), *kinds)
            if code == 0:
                # Methods of the script itself that take no arguments.
                self.assertEqual(kinds, ("",))
                continue
            self.assertRegex(said, "^(Call failed: |Failed to|Too many parameters|Invalid)", kinds)
        self.call("Enable", "good")
        self.call("Start", "good")
        self.daemon.lines.wait("good: running")
        self.assertEqual(self.daemon.child.poll(), None)
        self.assertIsInstance(pid, int)


class SafeModeTest(BusCase):
    def test_it_says_why_and_starts_what_it_is_told_to(self):
        self.start_bus()
        with open(os.path.join(self.state, "boots"), "w") as file:
            file.write("3\n")
        self.write_script("good.js", GOOD)
        self.write_settings("", broker=False)
        self.start_daemon()
        self.daemon.lines.wait('safe mode: .*no script is started until its file changes, by "deskctl start NAME"')
        self.daemon.lines.wait("on D-Bus as")
        self.daemon.lines.wait("good: not started: safe mode")
        self.assertTrue(self.property("SafeMode"))
        self.assertEqual(self.property("SafeModeReason"), "deskd ended 3 times in a row before it was ready")
        self.assertEqual(self.property("State", "good"), "stopped")
        self.call("Start", "good")
        self.daemon.lines.wait("good: running")


if __name__ == "__main__":
    unittest.main()
