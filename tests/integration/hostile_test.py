# SPDX-License-Identifier: Apache-2.0
"""Scripts that loop, eat memory or crash end within their budget and 400 ms, say what and where, and start again, while
another script's 10 ms timer goes on."""

import ctypes
import os
import resource
import signal
import time
import unittest

from deskd_fixture import DeskdCase, PATIENCE
from witness import Witness

TURN_MS = 500
# From <linux/prctl.h> and <linux/capability.h>.
PR_CAPBSET_DROP = 24
CAP_SYS_NICE = 23
CAP_SYS_RESOURCE = 24


class HostileTest(DeskdCase):
    def start(self, broker=False):
        if broker:
            self.start_broker()
        self.write_settings(f"[limits]\nturn_ms = {TURN_MS}\nheap_mib = 32\nmemory_mib = 128\n", broker=broker)
        self.witness = Witness(self)
        self.start_daemon()
        self.witness.begin()

    def attack(self, source, what, where, prepare=None):
        """Runs the script; its failure has to name `what` and `where`, and a restart has to follow."""
        mark = self.daemon.lines.mark()
        self.write_script("hostile.js", source)
        if prepare:
            prepare()
        self.daemon.lines.wait(f"hostile: error: .*{what}", start=mark, deadline=30 * PATIENCE)
        if where:
            self.daemon.lines.wait(where, start=mark)
        self.daemon.lines.wait("starting it again", start=mark)
        second = self.daemon.lines.mark()
        self.daemon.lines.wait("hostile: ", start=second, deadline=30 * PATIENCE)
        self.daemon.lines.wait("witness: late", start=second)
        return mark

    def test_loop_at_load(self):
        self.start()
        self.witness.check(self.attack("while (true) {}", "turn took longer", r"hostile\.js:1"))

    def test_loop_in_a_timer(self):
        self.start()
        self.witness.check(self.attack("setTimeout(function spin() {\n while (true) {}\n}, 5);", "turn took longer",
                                       r"at spin \(.*hostile\.js:2"))

    def test_loop_in_a_promise_chain(self):
        self.start()
        self.witness.check(self.attack("function again() { Promise.resolve().then(again); }\nagain();",
                                       "turn took longer", r"at again \(.*hostile\.js:1"))

    def test_loop_of_awaits(self):
        self.start()
        self.witness.check(self.attack("async function spin() {\n for (;;)\n  await 1;\n}\nspin();",
                                       "turn took longer", r"at spin \(.*hostile\.js:[23]"))

    def test_loop_in_a_message_handler(self):
        self.start(broker=True)
        self.write_script("hostile.js",
                          "import {subscribe} from 'deskd:mqtt';\n"
                          "await subscribe('go', function handler() { while (true) {} });\n"
                          "console.log('armed');")
        self.daemon.lines.wait("hostile: armed")
        mark = self.daemon.lines.mark()
        self.client.publish("go", "1")
        self.daemon.lines.wait("hostile: error: turn took longer", start=mark)
        self.daemon.lines.wait(r"at handler \(.*hostile\.js:2", start=mark)
        self.daemon.lines.wait("starting it again", start=mark)
        self.daemon.lines.wait("hostile: armed", start=mark)
        self.witness.check(mark)

    def test_array_of_doubles_beyond_all_limits(self):
        self.start()
        self.witness.check(self.attack("function fill() {\n return new Array(3e7).fill(1.5);\n}\nfill();",
                                       "(out of memory|heap limit|turn took longer)", r"hostile\.js:2"))

    def test_built_in_that_cannot_be_interrupted(self):
        self.start()
        self.witness.check(self.attack("Array.prototype.indexOf.call({length: 2 ** 53 - 1}, 1);",
                                       "turn took longer.*cannot be interrupted", r"hostile\.js:1"))

    def test_endless_recursion(self):
        self.start()
        self.witness.check(self.attack("function deep() { return deep() + 1; }\ndeep();",
                                       "RangeError: Maximum call stack", r"at deep \(.*hostile\.js:1"))

    def test_heap_that_grows(self):
        self.start()
        self.witness.check(self.attack("const kept = [];\nfunction grow() { for (;;) kept.push({a: [1, 2, 3]}); }\ngrow();",
                                       "(heap limit|out of memory|turn took longer)", r"at grow \(.*hostile\.js:2"))

    def test_segmentation_fault(self):
        self.start()

        def crash():
            self.daemon.lines.wait("hostile: running")
            os.kill(self.children()["deskd:hostile"], signal.SIGSEGV)
        self.witness.check(self.attack("setInterval(() => {}, 1000);", r"killed by signal 11 \(SIGSEGV\)", None, crash))

    def test_ends_within_budget_and_400_ms(self):
        self.start()
        for source in ("while (true) {}", "Array.prototype.indexOf.call({length: 2 ** 53 - 1}, 1);"):
            self.write_script("hostile.js", f"console.log('begin');\n{source}")
            mark = self.daemon.lines.mark()
            begin, _ = self.daemon.lines.wait("hostile: begin", start=mark)
            end, _ = self.daemon.lines.wait("hostile: error: turn", start=mark)
            self.assertLess(end - begin, (TURN_MS + 400) / 1000 * PATIENCE)

    def test_unhandled_exception_and_rejection_name_their_place(self):
        self.start()
        self.attack("setTimeout(() => {\n null.x;\n}, 1);", "TypeError: Cannot read", r"hostile\.js:2:7")
        self.attack("async function f() {\n throw new RangeError('no');\n}\nf();", "RangeError: no", r"at f \(.*hostile\.js:2:8")

    def test_message_of_any_length_is_cut(self):
        self.start()
        unload = "import {onUnload} from 'deskd:script';\nonUnload(() => console.log('handler ran'));\n"
        mark = self.attack(unload + "throw new Error('begin ' + 'x'.repeat(300000));",
                           r"Error: begin x{1000,20000}\.\.\. \(cut\)$", r"hostile\.js:3:")
        self.daemon.lines.wait("hostile: handler ran", start=mark)

    def test_stack_of_any_length_is_cut(self):
        self.start()
        self.attack("const name = 'f'.repeat(300000);\n({[name]() { throw new Error('deep'); }})[name]();",
                    "Error: deep$", r"at Object\.f{1000,20000}\.\.\. \(cut\)$")


class ProcessTest(DeskdCase):
    def setUp(self):
        super().setUp()
        self.write_settings(broker=False)
        self.write_script("beat.js", "setInterval(() => console.log('beat'), 20);")
        self.start_daemon()
        self.daemon.lines.wait("beat: beat")

    def test_dead_zygote_is_replaced_and_scripts_go_on(self):
        mark = self.daemon.lines.mark()
        os.kill(self.children()["deskd-zygote"], signal.SIGKILL)
        self.daemon.lines.wait("zygote killed by signal 9", start=mark)
        self.daemon.lines.wait("beat: beat", start=self.daemon.lines.mark())
        self.write_script("second.js", "console.log('here')")
        self.daemon.lines.wait("second: here")
        self.assertEqual(self.daemon.lines.text(mark).count("beat: running"), 0)

    @staticmethod
    def runs(pid):
        try:
            with open(f"/proc/{pid}/stat") as file:
                return file.read().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            return False

    def test_hosts_die_with_a_killed_supervisor(self):
        hosts = list(self.children().values())
        self.daemon.end(signal.SIGKILL)
        until = time.monotonic() + 5 * PATIENCE
        alive = hosts
        while alive and time.monotonic() < until:
            alive = [pid for pid in alive if self.runs(pid)]
        self.assertEqual(alive, [])

    def test_limits_are_set_on_the_host(self):
        pid = self.children()["deskd:beat"]
        with open(f"/proc/{pid}/limits") as file:
            limits = file.read()
        self.assertRegex(limits, r"Max core file size +0 ")
        if "address" not in os.environ.get("DESKD_SANITIZE", ""):
            self.assertRegex(limits, rf"Max data size +{128 << 20} ")
        with open(f"/proc/{pid}/status") as file:
            self.assertRegex(file.read(), r"NoNewPrivs:\s+1")
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, pid), 5)
        with open(f"/proc/{pid}/oom_score_adj") as file:
            self.assertEqual(file.read().strip(), "300")


class LimitedDaemonTest(DeskdCase):
    """A daemon that cannot give its scripts' processes what it has not got itself."""

    @staticmethod
    def without_privileges(prepare):
        def run():
            prepare()
            # Not given to the program that is started next, even if it belongs to root.
            libc = ctypes.CDLL(None, use_errno=True)
            for capability in (CAP_SYS_NICE, CAP_SYS_RESOURCE):
                libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
        return run

    def test_scripts_keep_less_precedence_than_they_are_to_have(self):
        def prepare():
            os.nice(10)
            with open("/proc/self/oom_score_adj", "w") as file:
                file.write("500")
        self.write_settings(broker=False)
        self.write_script("beat.js", "setInterval(() => console.log('beat'), 20);")
        self.start_daemon(preexec_fn=self.without_privileges(prepare))
        self.daemon.lines.wait("beat: beat")
        pid = self.children()["deskd:beat"]
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, pid), os.getpriority(os.PRIO_PROCESS, self.daemon.pid))
        with open(f"/proc/{pid}/oom_score_adj") as file:
            self.assertEqual(file.read().strip(), "500")

    @unittest.skipIf("address" in os.environ.get("DESKD_SANITIZE", ""), "memory is not limited then")
    def test_limit_that_cannot_be_set_is_a_failure_with_its_reason(self):
        self.write_settings("[limits]\nmemory_mib = 3072\n", broker=False)
        self.write_script("beat.js", "console.log('beat');")
        self.start_daemon(preexec_fn=self.without_privileges(
            lambda: resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))))
        self.daemon.lines.wait("beat: error: cannot set up its process: limit memory: Operation not permitted")
        self.daemon.lines.wait("starting it again")


if __name__ == "__main__":
    unittest.main(verbosity=2)
