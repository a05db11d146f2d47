# SPDX-License-Identifier: Apache-2.0
"""deskctl test: test cases of a script, on a simulated board, in time that stands."""

import unittest

from deskctl_fixture import DeskctlCase

BLINK = """import * as gpio from 'deskd:gpio';
import {settings} from 'deskd:script';
const led = await gpio.output({line: settings.line, initial: false, safe: false});
setInterval(() => led.set(!led.value), settings.half_period_ms);
"""

BLINK_TEST = """import * as sim from 'deskd:sim';
import {assert, clock, test} from 'deskd:test';

test('the light changes every hour', async () => {
  clock.freeze();
  await import('./blink.js');
  for (const level of [true, false, true]) {
    await clock.advance(3599999);
    assert.equal(await sim.level('GPIO27'), !level);
    await clock.advance(1);
    assert.equal(await sim.level('GPIO27'), level);
  }
});
"""

FAILING = """import {assert, test} from 'deskd:test';

function deep() {
  assert.equal([1, {a: 2}], [1, {a: 3}]);
}

test('this is fine', () => {});
test('a value differs', () => deep());
test('an error that is none', () => { throw 'text'; });
test('a rejection is told where it was made', async () => { await null; throw new RangeError('too far'); });
test('throws() wants an error', () => assert.throws(() => {}, /x/));
test('rejects() wants this one', () => assert.rejects(Promise.reject(new Error('other')), {code: 'EBUSY'}));
"""

CLOCK = """import {assert, clock, test} from 'deskd:test';

test('timers run in the order in which they fall due', async () => {
  clock.freeze();
  const said = [];
  setTimeout((text) => said.push(text), 20, 'b');
  setTimeout(() => { said.push('a'); setTimeout(() => said.push('c'), 10); }, 10);
  const cleared = setTimeout(() => said.push('never'), 15);
  clearTimeout(cleared);
  const every = setInterval(() => said.push('tick'), 8);
  await clock.advance(20);
  clearInterval(every);
  assert.equal(said, ['tick', 'a', 'tick', 'b', 'c']);
  assert.equal(clock.pending, 0);
});

test('Date and performance stand, too', async () => {
  clock.freeze({now: new Date('2026-03-29T00:59:59.500Z')});
  const since = performance.now();
  await clock.advance(1500);
  assert.equal([Date.now(), new Date().toISOString()], [1774746001000, '2026-03-29T01:00:01.000Z']);
  assert.equal(performance.now() - since, 1500);
  assert.ok(new Date(0) instanceof Date && new Date(0).getTime() === 0);
  assert.match(Date(), /2026/);
});

test('promises between timers settle', async () => {
  clock.freeze();
  let done = 0;
  (async () => { for (; done < 5; done++) await new Promise((resolve) => { setTimeout(resolve, 1000); }); })();
  await clock.advance(5000);
  assert.equal(done, 5);
});

test('time is real again in the next case, and what waited is gone', async () => {
  assert.ok(!clock.frozen && Math.abs(Date.now() - new Date().getTime()) < 1000 && Date.now() > 1.7e12);
  await new Promise((resolve) => { setTimeout(resolve, 1); });
  await assert.rejects(clock.advance(1), /expected clock.freeze\\(\\) before it/);
});

test('a timer that fails fails the case', async () => {
  clock.freeze();
  setTimeout(() => { throw new Error('from a timer'); }, 5);
  await assert.rejects(clock.advance(10), /from a timer/);
  assert.throws(() => clock.freeze(), /found it frozen/);
});

test('thaw() forgets what waits', () => {
  clock.freeze();
  setTimeout(() => { throw new Error('not forgotten'); }, 0);
  clock.thaw();
  assert.equal(clock.pending, 0);
});
"""


class TestTest(DeskctlCase):
    def test_a_script_is_tested_on_a_simulated_board_in_no_time(self):
        self.write("blink.js", BLINK)
        self.write("blink.toml", 'line = "GPIO27"\nhalf_period_ms = 3600000\n')
        self.write("blink.test.js", BLINK_TEST)
        result = self.deskctl("test", "blink.test.js", environment={"TMPDIR": str(self.directory)})
        self.assertEqual((result.code, result.err), (0, ""), result.out)
        self.check_golden("test", result.out)
        self.assertEqual(list(self.directory.glob("deskctl-*")), [])

    def test_failures_are_told_with_their_places(self):
        self.write("bad.test.js", FAILING)
        result = self.deskctl("test", "bad.test.js")
        self.assertEqual((result.code, result.err), (1, ""))
        self.check_golden("test-failed", result.out, columns=100)

    def test_the_clock(self):
        self.write("clock.test.js", CLOCK)
        result = self.deskctl("test", "clock.test.js")
        self.assertEqual((result.code, result.err), (0, ""), result.out)
        self.assertIn("6 of 6 passed\n", result.out)

    def test_several_files_each_have_their_own_process(self):
        self.write("a.test.js", "import {test} from 'deskd:test';\nglobalThis.seen = true;\ntest('a', () => {});\n")
        self.write("b.test.js", "import {assert, test} from 'deskd:test';\n"
                                "test('b', () => assert.equal(globalThis.seen, undefined));\n")
        self.write("c.test.js", "import {test} from 'deskd:test';\ntest('c', () => { throw new Error('no'); });\n")
        result = self.deskctl("test", "a.test.js", "b.test.js", "c.test.js")
        self.assertEqual((result.code, result.err), (1, ""))
        self.check_golden("test-files", result.out)

    def test_what_is_no_test_is_refused(self):
        self.write("none.test.js", "console.log('runs');\n")
        result = self.deskctl("test", "none.test.js")
        self.assertEqual(result.code, 1)
        self.assertIn("none.test.js: expected test cases of deskd:test, found none", result.err)
        self.write("empty.test.js", "import 'deskd:test';\n")
        result = self.deskctl("test", "empty.test.js")
        self.assertEqual((result.code, result.out), (1, "0 of 0 passed\n"))
        result = self.deskctl("test", "lamp.js")
        self.assertEqual((result.code, result.err), (1, "lamp.js: expected a test, which ends in .test.js\n"))

    def test_a_failure_outside_of_a_case_ends_it(self):
        self.write("a.test.js", "import {test} from 'deskd:test';\n"
                                "test('a', () => new Promise(() => { setTimeout(() => { throw new Error('lost'); }, 1); }));\n")
        result = self.deskctl("test", "a.test.js")
        self.assertEqual(result.code, 1)
        self.assertIn("Error: lost\nat ", result.err)

    def test_a_script_that_runs_by_itself_cannot_have_it(self):
        self.write("s.js", "import 'deskd:test';\n")
        result = self.deskctl("run", "s.js")
        self.assertEqual(result.code, 1)
        self.assertIn("deskd:test: expected a test (deskctl test NAME.test.js), found a script that runs by itself", result.err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
