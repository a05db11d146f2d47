# SPDX-License-Identifier: Apache-2.0
"""What a person and systemd see of the daemon: options, settings errors, the script directory, notifications."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

from deskd_fixture import DeskdCase, PATIENCE, program


class CommandLineTest(DeskdCase):
    def deskd(self, *arguments):
        return subprocess.run([program("deskd"), *arguments], capture_output=True, text=True, timeout=60 * PATIENCE)

    def test_version_names_all_libraries(self):
        out = self.deskd("--version").stdout
        for library in ("deskd", "V8", "libuv", "libgpiod", "Paho MQTT C++"):
            self.assertRegex(out, rf"(?m)^{re.escape(library)} \d+\.\d+")

    def test_help_fits_80_columns(self):
        for line in self.deskd("--help").stdout.splitlines():
            self.assertLessEqual(len(line), 80, line)

    def test_check_names_file_line_column_key_and_the_nearest_known_key(self):
        path = os.path.join(self.directory, "deskd.toml")
        with open(path, "w") as file:
            file.write('[mqtt]\nulr = "mqtt://127.0.0.1"\n')
        result = self.deskd("--config", path, "--check")
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, re.escape(path) + r":2:1: .*ulr.*url")

    def test_check_names_all_files_that_cannot_be_used_and_goes_on_to_the_scripts(self):
        with open(os.path.join(self.directory, "empty.pem"), "w"):
            pass
        path = os.path.join(self.directory, "deskd.toml")
        with open(path, "w") as file:
            file.write(f'nod = "x"\n[scripts]\ndirectory = "{self.scripts}"\n[mqtt]\nurl = "mqtts://127.0.0.1"\n'
                       f'ca_file = "{self.directory}/none.pem"\ncert_file = "{self.directory}/empty.pem"\n'
                       f'key_file = "{self.directory}/empty.pem"\npassword_file = "{self.directory}/none"\n')
        self.write_script("bad.js", "const a = 1;\nconst = 2;\n")
        result = self.deskd("--config", path, "--check")
        self.assertEqual(result.returncode, 1)
        for place, text in (("1:1: nod", "did you mean node"), ("6:1: mqtt.ca_file", "No such file"),
                            ("7:1: mqtt.cert_file", "expected a certificate in PEM form"),
                            ("8:1: mqtt.key_file", "expected a private key in PEM form"),
                            ("9:1: mqtt.password_file", "write the password into it")):
            self.assertRegex(result.stderr, re.escape(f"{path}:{place}: ") + ".*" + re.escape(text))
        self.assertIn("bad.js:2:7", result.stderr)

    def test_start_names_a_missing_password_file_and_its_key(self):
        path = os.path.join(self.directory, "deskd.toml")
        with open(path, "w") as file:
            file.write(f'[mqtt]\nurl = "mqtt://127.0.0.1"\npassword_file = "{self.directory}/none"\n')
        result = self.deskd("--config", path)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, re.escape(f"{path}:3:1: mqtt.password_file: {self.directory}/none does not exist"))

    def test_check_accepts_good_settings_and_scripts(self):
        self.write_settings(broker=False)
        self.write_script("good.js", "import {log} from 'deskd:script'; log.info('x');")
        result = self.deskd("--config", self.config, "--check")
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_check_names_the_place_of_a_syntax_error(self):
        self.write_settings(broker=False)
        self.write_script("bad.js", "const a = 1;\nconst = 2;\n")
        result = self.deskd("--config", self.config, "--check")
        self.assertEqual(result.returncode, 1)
        self.assertIn("bad.js:2:7", result.stderr)

    def test_missing_config_is_an_error_only_if_asked_for(self):
        result = self.deskd("--config", os.path.join(self.directory, "none.toml"), "--check")
        self.assertEqual(result.returncode, 1)
        self.assertIn("none.toml", result.stderr)


class DirectoryTest(DeskdCase):
    def setUp(self):
        super().setUp()
        self.write_settings(broker=False)
        self.start_daemon()
        self.lines = self.daemon.lines

    def expect(self, pattern, mark):
        return self.lines.wait(pattern, start=mark)

    def test_plain_write_rename_over_and_delete(self):
        mark = self.lines.mark()
        with open(os.path.join(self.scripts, "a.js"), "w") as file:
            file.write("console.log('one'); setInterval(() => {}, 1000);")
        self.expect("a: one", mark)
        mark = self.lines.mark()
        self.write_script("a.js", "console.log('two'); setInterval(() => {}, 1000);")
        self.expect("a: two", mark)
        mark = self.lines.mark()
        os.unlink(os.path.join(self.scripts, "a.js"))
        self.expect("a: removed", mark)

    def test_links_and_their_targets(self):
        target = os.path.join(self.directory, "elsewhere")
        os.mkdir(target)
        with open(os.path.join(target, "real.js"), "w") as file:
            file.write("console.log('linked'); setInterval(() => {}, 1000);")
        mark = self.lines.mark()
        os.symlink(os.path.join(target, "real.js"), os.path.join(self.scripts, "link.js"))
        self.expect("link: linked", mark)
        mark = self.lines.mark()
        with open(os.path.join(target, "real.js"), "w") as file:
            file.write("console.log('target changed'); setInterval(() => {}, 1000);")
        self.expect("link: target changed", mark)

    def test_what_editors_leave_behind_is_no_script(self):
        for name in (".a.js.swp", "a.js~", "#a.js#", ".#a.js", "4913", "a.js.part", ".hidden.js"):
            with open(os.path.join(self.scripts, name), "w") as file:
                file.write("console.log('never');")
        mark = self.lines.mark()
        self.write_script("b.js", "console.log('b is here');")
        self.expect("b: b is here", mark)
        self.assertNotIn("never", self.lines.text())

    def test_broken_new_version_leaves_the_running_one_alone(self):
        self.write_script("a.js", "console.log('fine'); setInterval(() => console.log('tick'), 20);")
        self.lines.wait("a: tick")
        for broken, message in (("const = 1;", r"SyntaxError: .*"), ("import './none.js';", "cannot import"),
                                ("import 'deskd:nothing';", "no built-in module")):
            mark = self.lines.mark()
            self.write_script("a.js", broken)
            self.expect(message, mark)
            self.expect("the running version goes on", mark)
            self.expect("a: tick", self.lines.mark())
        mark = self.lines.mark()
        self.write_script("a.js", "console.log('mended');")
        self.expect("a: mended", mark)

    def test_settings_reach_the_script_and_reload_it(self):
        with open(os.path.join(self.scripts, "s.toml"), "w") as file:
            file.write('depth = 3\n[colours]\nled = "red"\n')
        mark = self.lines.mark()
        self.write_script("s.js", "import {settings} from 'deskd:script'; console.log(JSON.stringify(settings));")
        self.expect(r's: \{"colours":\{"led":"red"\},"depth":3\}', mark)
        mark = self.lines.mark()
        with open(os.path.join(self.scripts, "s.toml"), "w") as file:
            file.write("depth = 4\n")
        self.expect(r's: \{"depth":4\}', mark)
        mark = self.lines.mark()
        with open(os.path.join(self.scripts, "s.toml"), "w") as file:
            file.write("[limits]\nturn = 5\n")
        self.expect(r"s\.toml:2:1: .*turn_ms", mark)

    def write_file(self, name, text):
        path = os.path.join(self.scripts, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def test_file_that_scripts_import(self):
        self.write_file("lib/h.js", "import {n} from '../beside.js'; export const text = 'one ' + n;")
        self.write_file("beside.js", "export const n = 1; setInterval(() => {}, 1000);")
        for name in ("a", "b"):
            self.write_script(f"{name}.js", "import {text} from './lib/h.js'; console.log(text); setInterval(() => {}, 1000);")
            self.lines.wait(f"{name}: one 1")
            self.lines.wait(f"{name}: running")
        mark = self.lines.mark()
        self.write_file("lib/h.js", "import {n} from '../beside.js'; export const text = 'two ' + n;")
        for name in ("a", "b"):
            self.expect(f"{name}: two 1", mark)
            self.expect(f"{name}: running", mark)
        mark = self.lines.mark()
        self.write_file("beside.js", "export const n = 2; setInterval(() => {}, 1000);")
        for name in ("a", "b"):
            self.expect(f"{name}: two 2", mark)
        # A mistake in it leaves the running versions alone; mending it, there or by a file that was missing, is enough.
        mark = self.lines.mark()
        self.write_file("lib/h.js", "import {k} from './k.js'; export const text = 'three ' + k;")
        self.expect("cannot import", mark)
        self.expect("the running version goes on", mark)
        mark = self.lines.mark()
        self.write_file("lib/k.js", "export const k = 'k';")
        for name in ("a", "b"):
            self.expect(f"{name}: three k", mark)

    def test_directory_that_comes_later(self):
        shutil.rmtree(self.scripts)
        mark = self.lines.mark()
        os.mkdir(self.scripts)
        self.write_script("late.js", "console.log('late but here');")
        self.expect("late: late but here", mark)

    def test_sighup_reads_settings_again(self):
        self.write_script("a.js", "console.log('loaded'); setInterval(() => {}, 1000);")
        self.lines.wait("a: loaded")
        mark = self.lines.mark()
        self.daemon.send_signal(signal.SIGHUP)
        self.expect("settings read again", mark)
        self.expect("a: loaded", mark)
        with open(self.config, "a") as file:
            file.write("nonsense = 1\n")
        mark = self.lines.mark()
        self.daemon.send_signal(signal.SIGHUP)
        self.expect("the settings stay as they were", mark)

    def test_unload_handlers_run_and_are_bounded(self):
        self.write_script("u.js", "import {onUnload} from 'deskd:script';\n"
                                  "onUnload(async () => { await new Promise(r => setTimeout(r, 20)); console.log('bye'); });\n"
                                  "console.log('up'); setInterval(() => {}, 1000);")
        self.lines.wait("u: up")
        mark = self.lines.mark()
        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(), 0)
        self.expect("u: bye", mark)


class IdleTest(DeskdCase):
    def switches(self):
        """How often each thread of the daemon has gone to sleep by itself: once for each time it woke up."""
        found = {}
        for name, pid in {"deskd": self.daemon.pid, **self.children()}.items():
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/status") as file:
                    count = int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", file.read(), re.M)[1])
                found[f"{name} {task}"] = count
        return found

    def test_without_work_nobody_wakes_up(self):
        self.write_settings(broker=False)
        self.write_script("idle.js", "import {onUnload} from 'deskd:script'; onUnload(() => {}); console.log('idle');")
        self.start_daemon()
        self.daemon.lines.wait("idle: running")
        # What starting leaves behind ends first: garbage collection, the watch over the first turn.
        until = time.monotonic() + 30 * PATIENCE
        before = self.switches()
        while time.monotonic() < until:
            time.sleep(2)  # the span over which is counted
            now = self.switches()
            if now == before:
                return
            before = now
        self.fail("still wakes up: " + str(before))


class NotifyTest(DeskdCase):
    def test_tells_systemd_ready_status_watchdog_reloading_and_stopping(self):
        path = os.path.join(self.directory, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
            receiver.bind(path)
            receiver.settimeout(15 * PATIENCE)
            self.write_settings(broker=False)
            self.write_script("a.js", "setInterval(() => {}, 1000);")
            self.start_daemon(environment={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"})

            def until(wanted):
                seen = ""
                while wanted not in seen:
                    seen += receiver.recv(4096).decode() + "\n"
                return seen
            until("READY=1")
            until("STATUS=1 of 1 script runs, no broker")
            until("WATCHDOG=1")
            self.daemon.send_signal(signal.SIGHUP)
            until("RELOADING=1\nMONOTONIC_USEC=")
            until("READY=1")
            self.daemon.send_signal(signal.SIGTERM)
            until("STOPPING=1")
        self.assertEqual(self.daemon.wait(), 0)


class SimulationTest(DeskdCase):
    def test_sim_gives_every_serial_port_a_desk(self):
        self.start_broker()
        self.write_settings()
        os.symlink(os.path.join(os.environ.get("DESKD_SOURCE_DIR", "."), "scripts", "jiecang.js"),
                   os.path.join(self.scripts, "jiecang.js"))
        self.start_daemon("--sim")
        self.client.wait(self.topic("jiecang", "height/state"), lambda text: float(text) > 0, deadline=20 * PATIENCE)


class StaleTest(DeskdCase):
    def test_deleted_script_leaves_nothing_behind(self):
        self.start_broker()
        self.write_settings()
        self.write_script("lamp.js", "import {device} from 'deskd:hub';\n"
                                     "const d = device({name: 'Lamp'});\n"
                                     "d.sensor('level', {unit: 'lx'}).set(5);\n"
                                     "setInterval(() => {}, 1000);")
        self.start_daemon()
        config = f"homeassistant/sensor/{self.NODE}/lamp_level/config"
        self.client.wait(config, lambda text: "lamp" in text)
        self.client.wait(self.topic("lamp", "level/state"), "5")
        self.client.wait(self.topic("lamp", "status"), "online")
        mark = self.client.mark()
        os.unlink(os.path.join(self.scripts, "lamp.js"))
        for topic in (config, self.topic("lamp", "level/state"), self.topic("lamp", "status")):
            self.client.wait(topic, "", start=mark)


if __name__ == "__main__":
    unittest.main(verbosity=2)
