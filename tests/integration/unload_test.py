# SPDX-License-Identifier: Apache-2.0
"""Unload handlers stop what moves: nothing else that fails in the script cuts them off, and none of them stays forever."""

import unittest

from deskd_fixture import DeskdCase

HANDLER = """
import {onUnload} from 'deskd:script';
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let abortMove;
new Promise((_, reject) => { abortMove = reject; });
onUnload(async () => { %s; await later(20); console.log('stopped'); });
console.log('up');
setInterval(() => {}, 1000);
"""


class UnloadTest(DeskdCase):
    def start(self, script, limits=""):
        self.write_settings(limits, broker=False)
        self.write_script("u.js", script)
        self.start_daemon()
        self.lines = self.daemon.lines
        self.lines.wait("u: up")

    def reload(self):
        mark = self.lines.mark()
        self.write_script("u.js", "console.log('second version'); setInterval(() => {}, 1000);")
        return mark

    def test_reload_while_a_move_is_aborted_whose_promise_nobody_catches(self):
        self.start(HANDLER % "abortMove(new Error('the move is over'))")
        mark = self.reload()
        self.lines.wait("u: stopped", start=mark)
        self.lines.wait("u: error: Error: the move is over", start=mark)
        self.lines.wait("while unloading", start=mark)
        self.lines.wait("u: second version", start=mark)

    def test_more_failures_while_unloading_are_reported_too(self):
        self.start(HANDLER % "abortMove(new Error('the move is over')); setTimeout(() => { throw new Error('late'); })")
        mark = self.reload()
        self.lines.wait("u: error: while unloading: Error: late", start=mark)
        self.lines.wait("u: stopped", start=mark)
        self.lines.wait("u: second version", start=mark)

    def test_failure_that_makes_another_promise_reject(self):
        self.start(HANDLER % "abortMove(new Error('the move is over'))" + "setTimeout(() => { throw new Error('first'); });")
        self.lines.wait("u: error: while unloading: Error: the move is over")
        self.lines.wait("u: stopped")
        self.lines.wait("u: error: Error: first")
        self.lines.wait("starting it again")

    def test_rejection_and_exception_in_one_turn(self):
        self.start(HANDLER % "" + "setTimeout(() => { Promise.reject(new Error('same turn')); throw new Error('first'); });")
        self.lines.wait("u: stopped")
        self.lines.wait("u: error: Error: first")
        self.assertEqual(self.lines.count("same turn"), 0)

    def test_handler_that_loops_is_ended_and_the_next_one_runs(self):
        self.start(HANDLER % "" + "onUnload(() => { for (;;) {} }, {timeout: 50});", "[limits]\nturn_ms = 100\n")
        mark = self.reload()
        self.lines.wait("u: stopped", start=mark)
        self.lines.wait("u: error: turn took longer than 100 ms", start=mark)
        self.lines.wait("u: second version", start=mark)

    def test_handler_that_loops_within_its_turn_is_ended_with_the_time_for_all(self):
        self.start(HANDLER % "for (;;) {}", "[limits]\nturn_ms = 60000\n")
        mark = self.reload()
        self.lines.wait("u: error: did not unload in time", start=mark)
        self.lines.wait("u: second version", start=mark)


if __name__ == "__main__":
    unittest.main(verbosity=2)
