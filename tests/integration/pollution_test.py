# SPDX-License-Identifier: Apache-2.0
"""A script changes what all JavaScript stands on, deskd's own included. It may break itself: what moves is stopped all the
same, its process ends when it is told to, and neither the daemon nor another script notices."""

import os
import unittest

from deskd_fixture import DeskdCase, PATIENCE
from witness import Witness

THROW = "() => { throw new Error('polluted'); }"
POLLUTIONS = {
    "object-get": "Object.prototype.get = Object.prototype.set = Object.prototype.value = 5;",
    "object-options": "Object.prototype.line = 'GPIO2'; Object.prototype.lease = 5; Object.prototype.retain = true;",
    "object-then": "Object.prototype.then = function (resolve) { resolve(5); };",
    "object-setters": "for (const key of ['code', 'stack', 'timeout', 'signal', 'topic', 'message']) Object.defineProperty("
                      "Object.prototype, key, {set() { throw new Error('polluted'); }, get() { for (;;); }});",
    "object-functions": f"for (const key of ['keys', 'entries', 'assign', 'freeze', 'defineProperty']) Object[key] = {THROW};",
    "array-iterator": f"Array.prototype[Symbol.iterator] = {THROW};",
    "array-functions": "for (const key of ['push', 'map', 'filter', 'forEach', 'some', 'find', 'includes', 'shift', 'splice'])"
                       f" Array.prototype[key] = {THROW};",
    "array-index": "Object.defineProperty(Array.prototype, 0, {set() { throw new Error('polluted'); }, get() { return 5; }});",
    "promise-then": "Promise.prototype.then = function () { return this; };",
    "promise-then-throws": f"Promise.prototype.then = {THROW};",
    "promise-constructor": f"Object.defineProperty(Promise.prototype, 'constructor', {{get: {THROW}}});",
    "promise-species": f"Object.defineProperty(Promise, Symbol.species, {{get: {THROW}}});",
    "promise-functions": "for (const key of ['all', 'race', 'any', 'allSettled', 'resolve', 'reject'])"
                         f" Promise[key] = {THROW};",
    "promise-global": "globalThis.Promise = class {};",
    "map": f"for (const key of ['get', 'set', 'has', 'delete', 'values', 'forEach']) Map.prototype[key] = {THROW};",
    "set": f"for (const key of ['add', 'has', 'delete', 'values', 'forEach']) Set.prototype[key] = {THROW};"
           f"Set.prototype[Symbol.iterator] = {THROW};",
    "weak-map": f"for (const key of ['get', 'set', 'has']) WeakMap.prototype[key] = {THROW};",
    "function-call": f"Function.prototype.call = Function.prototype.apply = Function.prototype.bind = {THROW};",
    "function-call-hangs": "Function.prototype.call = () => { for (;;); };",
    "number": "Number.isInteger = () => true; Number.isFinite = () => true; Math.round = () => NaN; Math.max = () => -1;",
    "string": f"for (const key of ['startsWith', 'slice', 'split', 'repeat', 'replace']) String.prototype[key] = {THROW};",
    "json": f"JSON.stringify = JSON.parse = {THROW};",
    "json-tojson": "Object.prototype.toJSON = () => { for (;;); };",
    "symbols": f"Object.defineProperty(Object.prototype, Symbol.toPrimitive, {{value: {THROW}}});",
    "error": "globalThis.Error = globalThis.TypeError = globalThis.RangeError = class { constructor() { for (;;); } };",
    "prepare-stack-trace": "Error.prepareStackTrace = () => { for (;;); };",
    "timers": f"globalThis.setTimeout = globalThis.clearTimeout = globalThis.setInterval = {THROW};",
    "abort-signal": "globalThis.AbortSignal = globalThis.AbortController = globalThis.EventTarget = undefined;",
    "typed-array": f"Object.getPrototypeOf(Uint8Array.prototype).slice = Uint8Array.from = {THROW};"
                   f"Object.getPrototypeOf(Uint8Array.prototype)[Symbol.iterator] = {THROW};",
    "global-this": "for (const key of Object.getOwnPropertyNames(globalThis)) { try { globalThis[key] = undefined; } catch {} }",
    "generator": "const g = Object.getPrototypeOf(function* () {}).prototype; g.next = g.return = null;"
                 f"Object.getPrototypeOf(async function* () {{}}).prototype.next = {THROW};",
}
SCRIPT = """
import {output} from 'deskd:gpio';
import {device} from 'deskd:hub';
import {publish, subscribe} from 'deskd:mqtt';
import {set} from 'deskd:storage';
import {onUnload} from 'deskd:script';
const up = await output({line: 'GPIO17', initial: false, safe: false, lease: 60000});
const cover = device({name: 'Polluted'}).sensor('x');
await subscribe('deskd/test/polluted/in', () => {});
onUnload(() => {});
await up.set(true);
console.log('driving');
const {setTimeout: later, setInterval: every, console: say} = globalThis;
const quietly = (action) => { try { const made = action(); made?.catch?.(() => {}); } catch {} };
function use() {
  quietly(() => say.log({some: ['thing', new Map([[1, 2]])]}));
  quietly(() => cover.set(1));
  quietly(() => publish('deskd/test/polluted/x', '1'));
  quietly(() => subscribe('deskd/test/polluted/y', () => {}));
  quietly(() => set('x', {y: 1}));
  quietly(() => up.renew());
  quietly(() => new URL('http://a/b?c#d'));
  quietly(() => structuredClone({a: [1]}));
}
later(() => {
  %s
  use();
  every(use, 100);
}, 20);
"""


class PollutionTest(DeskdCase):
    def test_what_moves_stops_and_nobody_else_notices(self):
        self.start_broker()
        self.write_settings("[limits]\nturn_ms = 300\n")
        witness = Witness(self)
        self.start_daemon("--sim")
        witness.begin()
        self.daemon.lines.wait("connected to mqtt://")
        zygote = self.children()["deskd-zygote"]
        for name, pollution in POLLUTIONS.items():
            with self.subTest(name):
                mark = self.daemon.lines.mark()
                with open(os.path.join(self.scripts, name + ".toml"), "w") as file:
                    file.write('device = "polluted"\n')
                self.write_script(name + ".js", SCRIPT % pollution)
                self.daemon.lines.wait(f"{name}: driving", start=mark)
                # Three reports: it has had its time to break itself.
                for _ in range(3):
                    self.daemon.lines.wait("witness: late", start=self.daemon.lines.mark())
                os.unlink(os.path.join(self.scripts, name + ".js"))
                self.daemon.lines.wait(f"{name}: removed", start=mark, deadline=10 * PATIENCE)
                # The line is free again, and low: another one could not have it otherwise.
                after = self.daemon.lines.mark()
                self.write_script("after.js", "import {output} from 'deskd:gpio';\n"
                                  "await output({line: 'GPIO17', initial: false, safe: false, lease: 1000});\n"
                                  "console.log('has it'); setInterval(() => {}, 1000);")
                self.daemon.lines.wait("after: has it", start=after)
                os.unlink(os.path.join(self.scripts, "after.js"))
                self.daemon.lines.wait("after: removed", start=after)
                witness.check(mark)
        self.assertIsNone(self.daemon.child.poll())
        self.assertEqual(self.children()["deskd-zygote"], zygote)
        self.assertEqual(self.daemon.lines.count("witness: running"), 1)
        self.assertEqual(self.daemon.lines.count("deskd-guard (ended|killed|exited)"), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
