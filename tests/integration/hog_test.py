# SPDX-License-Identifier: Apache-2.0
"""Scripts that want more than there is, of anything, by every way that JavaScript has: each ends within its budget and
says what and where; another script's timer goes on, the supervisor keeps its size and is not restarted."""

import os
import re
import unittest

from deskd_fixture import DeskdCase, PATIENCE
from witness import Witness

OVER = "(heap limit|out of memory|turn took longer)"
TURN = "turn took longer"
DEEP = "RangeError: Maximum call stack"

# Name: what the script is, what its failure names, and where.
HOGS = {
    "string-that-doubles": ("let s = 'x';\nfunction grow() { for (;;) s += s; }\ngrow();",
                            "(Invalid string length|out of memory)", r"at grow \(.*\.js:2"),
    "repeat-beyond-all-limits": ("function repeat() { return 'x'.repeat(2 ** 29); }\nrepeat();",
                                 "Invalid string length", r"at .*repeat \(.*\.js:1|\.js:1"),
    "repeat-made-flat": ("function flat() { return /y/.test('xy'.repeat(2 ** 28 - 20)); }\nflat();",
                         "(out of memory|heap limit|turn took longer|killed)", None),
    "join-of-holes": ("new Array(2 ** 32 - 1).join('x');", "(Invalid string length|turn took longer|out of memory)",
                      r"\.js:1"),
    "array-of-arrays": ("let a = [1];\nfunction double() { for (;;) a = [a, a, a].flat(); }\ndouble();",
                        OVER + "|Invalid array length", r"\.js:2"),
    "array-that-is-sorted": ("const a = Array.from({length: 2e5}, (_, i) => -i);\n"
                             "function sort() { for (;;) a.sort((x, y) => x < y ? 1 : -1); }\nsort();", OVER, r"\.js:[12]"),
    # The collector is at work when it is to end, and has no stack to show.
    "array-too-large-to-sort": ("const a = Array.from({length: 2e6}, (_, i) => -i);\n"
                                "for (;;) a.sort((x, y) => x < y ? 1 : -1);", OVER, None),
    "map-that-grows": ("const m = new Map();\nfunction fill() { for (let i = 0; ; ++i) m.set(i, {i}); }\nfill();",
                       OVER + "|Map maximum size", r"\.js:2"),
    "big-integer": ("let n = 3n;\nfunction square() { for (;;) n *= n; }\nsquare();",
                    "(Maximum BigInt size|turn took longer|out of memory)", r"at square \(.*\.js:2"),
    "regular-expression": ("function match() { return /^(a+)+$/.test('a'.repeat(60) + 'b'); }\nmatch();", TURN,
                           r"at match \(.*\.js:1"),
    "regular-expression-replace": ("'a'.repeat(60).replace(/(a|aa)+$(?=b)/, () => 'c');", TURN, r"\.js:1"),
    "recursion-in-a-getter": ("const o = {get x() { return this.x; }};\no.x;", DEEP, r"\.js:1"),
    "recursion-in-tostring": ("const o = {toString() { return `${this}`; }};\n`${o}`;", DEEP, r"\.js:1"),
    "recursion-in-tojson": ("const o = {toJSON() { return JSON.stringify(this); }};\nJSON.stringify(o);", DEEP, r"\.js:1"),
    "recursion-in-a-proxy": ("const p = new Proxy({}, {get(t, key, self) { return self[key]; }});\np.x;", DEEP, r"\.js:1"),
    "deep-json": ("JSON.parse('['.repeat(1e6));", "(SyntaxError|Maximum call stack)", r"\.js:1"),
    "recursion-in-a-replacer": ("const f = (k, v) => JSON.stringify({v}, f);\nJSON.stringify({a: 1}, f);", DEEP, r"\.js:1"),
    "promise-storm": ("function storm() {\n for (let i = 0; i < 2; ++i) Promise.resolve().then(storm);\n}\nstorm();", OVER,
                      r"\.js:[12]"),
    "promises-that-nobody-waits-for": ("const all = [];\nfunction make() { for (;;) all.push(new Promise(() => {})); }\nmake();",
                                       OVER, r"\.js:2"),
    "async-functions": ("async function f() { await null; f(); f(); }\nf();", OVER, r"\.js:1"),
    "microtasks": ("function again() { queueMicrotask(again); }\nagain();", TURN, r"\.js:1"),
    "a-million-timers": ("function arm() { for (let i = 0; i < 1e6; ++i) setTimeout(() => {}, 1e6); }\narm();",
                         "handles: expected at most 1000 open at a time", r"at arm \(.*\.js:1"),
    "a-million-intervals": ("for (let i = 0; i < 1e6; ++i) setInterval(() => {}, 1);",
                            "handles: expected at most 1000 open at a time", r"\.js:1"),
    "typed-arrays": ("const a = [];\nfunction hog() { for (;;) a.push(new Uint8Array(2 ** 22).fill(1)); }\nhog();",
                     "(Array buffer allocation failed|out of memory|turn took longer|heap limit)", r"\.js:2"),
    "shared-memory": ("const a = [];\nfunction hog() { for (;;) a.push(new Uint8Array(new SharedArrayBuffer(2 ** 22)).fill(1)); }\n"
                      "hog();", "(Array buffer allocation failed|out of memory|turn took longer|heap limit)", r"\.js:2"),
    "webassembly-memory": ("const m = new WebAssembly.Memory({initial: 1});\n"
                           "function grow() { for (;;) { m.grow(16); new Uint8Array(m.buffer).fill(1); } }\ngrow();",
                           "(Memory.grow|out of memory|turn took longer|killed|crash)", r"\.js:2"),
    "webassembly-loop": ("const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102,"
                         " 0, 0, 10, 9, 1, 7, 0, 3, 64, 12, 0, 11, 11]);\n"
                         "new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.f();", TURN, r"\.js:2"),
    "uninterruptible-includes": ("Array.prototype.includes.call({length: 2 ** 53 - 1}, 1);", TURN, r"\.js:1"),
    "uninterruptible-fill": ("Array.prototype.fill.call({length: 2 ** 53 - 1, set 0(v) {}}, 1);", OVER, r"\.js:1"),
    "uninterruptible-reverse": ("Array.prototype.reverse.call(new Proxy({length: 2 ** 53 - 1}, {}));", OVER, r"\.js:1"),
    "failure-whose-getters-hang": ("const e = new Error('x');\n"
                                   "Object.defineProperty(e, 'message', {get() { for (;;); }});\nthrow e;",
                                   "(turn took longer|Error)", r"\.js:[12]"),
    "failure-that-is-a-proxy": ("throw new Proxy(new Error('x'), {get() { for (;;); }});", "(turn took longer|Uncaught)", None),
    "module-that-waits-for-ever": ("setInterval(() => {}, 1);\nawait 0;\nfor (;;) await 0;", TURN, r"\.js:3"),
    "console-of-a-deep-object": ("let o = {};\nfor (let i = 0; i < 1e5; ++i) o = {o};\nconsole.log(o);\n"
                                 "throw new Error('over');", "Error: over", r"\.js:4"),
}

# Options with a getter that never returns, one for each module: the third line is where it hangs.
HANG = "const hang = (name, rest = {}) => Object.defineProperty({...rest}, name, {enumerable: true, get() {\n for (;;);\n}});\n"
GETTERS = {
    "gpio-output": ("import {output} from 'deskd:gpio';", "await output(hang('line', {initial: false, safe: false}));"),
    "gpio-input": ("import {input} from 'deskd:gpio';", "await input(hang('line'));"),
    "i2c": ("import {open} from 'deskd:i2c';", "await open(hang('address', {bus: 1}));"),
    "serial": ("import {open} from 'deskd:serial';", "await open(hang('path'));"),
    "mqtt": ("import {publish} from 'deskd:mqtt';", "await publish('x', '1', hang('retain'));"),
    "hub": ("import {device} from 'deskd:hub';", "device(hang('name')).sensor('x');"),
    "cron": ("import {schedule} from 'deskd:cron';", "schedule('@daily', () => {}, hang('timeZone'));"),
    "storage": ("import {set} from 'deskd:storage';", "await set('x', hang('y'));"),
    "script": ("import {onUnload} from 'deskd:script';", "onUnload(() => {}, hang('timeout'));"),
    "desk": ("import {Desk} from 'deskd:desk';", "new Desk({raise() {}, lower() {}, stop() {}, attach() {}}, hang('minMm'));"),
    "clone": ("", "structuredClone(hang('x'));"),
    "json": ("", "JSON.stringify(hang('x'));"),
}

# What is sent a hundred times in each of a hundred turns, and what comes of it.
FLOODS = {
    "log": ("console.log('x'.repeat(100));", r"suppressed \d+ lines"),
    "long-lines": ("console.log(big);", r"suppressed \d+ lines"),
    "publish": ("publish('deskd/test/flood-publish/x', `${n}`).catch(note);", "ERR_RATE"),
    "retained": ("publish(`deskd/test/flood-retained/${n}`, 'x', {retain: true}).catch(note);", "(ERR_RATE|ERR_QUOTA)"),
    "long-payloads": ("publish('deskd/test/flood-long-payloads/x', big).catch(note);", "(ERR_RATE|ERR_QUEUE_FULL)"),
    "others-topics": ("publish('home/x', '1').catch(note);", "(ERR_PERMISSION|ERR_RATE)"),
    "state": ("level.set(n);", "flooded"),
    "event": ("try { keys.fire('a'); } catch (error) { note(error); }", "(ERR_RATE|dropped|flooded)"),
    "subscribe": ("subscribe(`a/${n}`, () => {}).catch(note);", "(ERR_LIMIT|ERR_RATE)"),
    "subscribe-and-close": ("subscribe('a/b', () => {}).then((one) => one.close()).catch(note);", "(ERR_RATE|ERR_LIMIT)"),
    "storage": ("set(`k${n % 50}`, 'x'.repeat(1000)).catch(note);", "flooded"),
    "storage-quota": ("set(`k${n}`, medium).catch(note);", "(ERR_QUOTA|ERR_QUEUE_FULL)"),
}
FLOOD = """
import {publish, subscribe} from 'deskd:mqtt';
import {device} from 'deskd:hub';
import {set} from 'deskd:storage';
const flood = device({name: 'Flood'});
const level = flood.sensor('level');
const keys = flood.event('keys', {eventTypes: ['a']});
const big = 'x'.repeat(1e5), medium = 'x'.repeat(1e4);
const noted = new Set();
const note = (error) => { if (!noted.has(error.code)) { noted.add(error.code); later.push(error.code); } };
const later = [];
let n = 0;
await new Promise((resolve) => { setTimeout(resolve, 100); });
const timer = setInterval(() => {
  for (let i = 0; i < 100; ++i, ++n) { %s }
  if (n < 10000) return;
  clearInterval(timer);
  // When lines may be written again.
  setInterval(() => console.log(`flooded ${later.join()}`), 1500);
}, 1);
"""


class HogTest(DeskdCase):
    """All in one daemon, each under a name of its own: three failures of one are no quarantine of another."""

    def start(self, broker=False, limits=""):
        if broker:
            self.start_broker()
        self.write_settings(f"[limits]\nturn_ms = 500\nheap_mib = 32\nmemory_mib = 128\n{limits}", broker=broker)
        self.witness = Witness(self)
        self.start_daemon()
        self.witness.begin()
        self.before = self.private_kb()
        self.zygote = self.children()["deskd-zygote"]

    def private_kb(self):
        with open(f"/proc/{self.daemon.pid}/smaps_rollup") as file:
            return int(re.search(r"^Private_Dirty: +(\d+) kB", file.read(), re.M)[1])

    def remove(self, name):
        mark = self.daemon.lines.mark()
        os.unlink(os.path.join(self.scripts, name + ".js"))
        self.daemon.lines.wait(f"{name}: removed", start=mark)

    def attack(self, name, source, what, where):
        mark = self.daemon.lines.mark()
        self.write_script(name + ".js", source)
        self.daemon.lines.wait(f"{name}: error: .*({what})", start=mark, deadline=8 * PATIENCE)
        if where:
            self.daemon.lines.wait(where.replace(r"\.js", re.escape(name) + r"\.js"), start=mark)
        self.daemon.lines.wait("starting it again", start=mark)
        self.remove(name)
        self.witness.check(mark)

    def check_daemon(self):
        self.assertIsNone(self.daemon.child.poll())
        self.assertEqual(self.children()["deskd-zygote"], self.zygote)
        self.assertEqual(self.daemon.lines.count("deskd .* starts, node"), 1)
        self.assertEqual(self.daemon.lines.count("witness: running"), 1)
        self.assertLess(self.private_kb() - self.before, 2048)

    def test_hogs(self):
        self.start()
        for name, (source, what, where) in HOGS.items():
            with self.subTest(name):
                self.attack(name, source, what, where)
        self.check_daemon()

    def test_getters_that_never_return(self):
        self.start()
        for name, (imports, use) in GETTERS.items():
            with self.subTest(name):
                self.attack("getter-" + name, f"{imports} {HANG}{use}", TURN, r"\.js:2")
        self.check_daemon()

    def test_a_handler_closes_its_own_subscription(self):
        self.start(broker=True)
        self.write_script("closer.js", """
import {subscribe} from 'deskd:mqtt';
let seen = 0;
const mine = await subscribe('go', async () => {
  if (++seen > 1) throw new Error('called after close');
  mine.close();
  mine.close();
  console.log('closed');
  await subscribe('again', () => console.log('heard again'));
  console.log('armed again');
});
console.log('armed');
""")
        self.daemon.lines.wait("closer: armed")
        mark = self.daemon.lines.mark()
        for _ in range(100):
            self.client.publish_later("go", "1")
        self.daemon.lines.wait("closer: armed again", start=mark)
        self.client.publish("again", "1")
        self.daemon.lines.wait("closer: heard again", start=mark)
        self.assertEqual(self.daemon.lines.count("closer: .*error"), 0)
        self.witness.check(mark)
        self.check_daemon()

    def test_floods_on_the_wire_to_the_supervisor(self):
        self.start(broker=True)
        for name, (body, seen) in FLOODS.items():
            with self.subTest(name):
                mark = self.daemon.lines.mark()
                self.write_script(f"flood-{name}.js", FLOOD % body)
                self.daemon.lines.wait(f"flood-{name}: .*{seen}", start=mark, deadline=8 * PATIENCE)
                self.daemon.lines.wait(f"flood-{name}: .*flooded", start=mark, deadline=8 * PATIENCE)
                self.assertEqual(self.daemon.lines.count(f"flood-{name}: error"), 0)
                self.witness.check(mark)
                self.remove(f"flood-{name}")
        self.check_daemon()


if __name__ == "__main__":
    unittest.main(verbosity=2)
