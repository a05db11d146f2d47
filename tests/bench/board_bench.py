# SPDX-License-Identifier: Apache-2.0
"""What deskd costs, and how soon its guard acts, on a simulated board. Part of tests/bench/run."""

import os
import re
import signal
import statistics
import subprocess
import time

from deskd_fixture import BUILD, Process
from sim_test import SimCase

FOLLOW = """
import {input, output} from 'deskd:gpio';
const out = await output({line: 'GPIO23', initial: false, safe: false});
const line = await input({line: 'GPIO22'});
line.on('change', ({rising}) => out.set(rising));
"""
COUNT = """
import {input} from 'deskd:gpio';
const line = await input({line: 'GPIO24'});
let taken = 0, first = 0, last = 0;
line.on('change', () => {
  last = performance.now();
  if (taken++ === 0) first = last;
});
setInterval(() => console.log(`taken ${taken} lost ${line.lost} in ${last - first} ms`), 100);
"""
MOVE = """// version %d
import {output} from 'deskd:gpio';
const motor = await output({line: 'GPIO17', initial: false, safe: false, lease: 1000});
await motor.set(true);
setInterval(() => motor.renew(), 100);
console.log('driving');
"""
KILLS = 50


class BoardBench(SimCase):
    def board_benches(self):
        self.start_board()
        self.edges()
        # (edges per second, seconds): what a script must take, and more than it can.
        self.events([(20000, 5), (200000, 2)])
        self.guard()

    def start_on_board(self):
        self.start_daemon("--board", self.board.path)

    def edges(self):
        self.write_script("follow.js", FOLLOW)
        self.start_on_board()
        self.daemon.lines.wait("follow: running")
        bare = Process([os.path.join(BUILD, "tests/edge_echo"), self.board.path, "GPIO20", "GPIO21"])
        bare.lines.wait("ready")
        print("\nGPIO on a simulated board: edge -> script -> output, against a bare C++ loop over the same descriptor",
              flush=True)
        for _ in range(3):
            subprocess.run([os.path.join(BUILD, "tests/edge_round_trip"), self.board.path, "bare", "GPIO20", "GPIO21",
                            "deskd", "GPIO22", "GPIO23", "1000"], check=True)
        bare.end()
        self.settle_daemon()

    def events(self, loads):
        print("\nGPIO events that a script takes, and that were lost because it did not")
        for rate, seconds in loads:
            self.write_script("count.js", COUNT)
            self.start_on_board()
            self.daemon.lines.wait("count: running")
            sent, taken, lost, milliseconds = self.flood(rate, seconds)
            if taken + lost != sent or taken < 2:
                raise AssertionError(f"{sent} edges were sent, {taken} taken and {lost} lost")
            print(f"  {rate:6d} edges/s for {seconds} s: {taken / milliseconds * 1000:6.0f} taken/s, "
                  f"{lost} of {sent} lost ({100 * lost / sent:.1f} %)")
            self.settle_daemon()

    def flood(self, rate, seconds):
        """Edges sent, taken and lost, and the milliseconds from the first one taken to the last of the flood."""
        pairs = rate * seconds // 2
        self.board.say(f"sim bounce GPIO24 times={pairs} ms={seconds * 1000}")
        self.board.say("sim drive GPIO24 1")
        time.sleep(seconds)  # the flood itself
        _, _, milliseconds = self.settled_count()
        self.board.say("sim bounce GPIO24 times=0 ms=0")
        self.board.say("sim drive GPIO24 0")  # one more: only the next edge tells that some before it were lost
        taken, lost, _ = self.settled_count()
        return 2 * pairs + 2, taken, lost, milliseconds

    def settled_count(self):
        """What the script says as soon as it says the same twice."""
        mark = self.daemon.lines.mark()
        before = None
        while True:
            found = self.daemon.lines.wait("count: taken", start=mark)
            mark = self.daemon.lines.seen.index(found, mark) + 1
            now = re.search(r"taken (\d+) lost (\d+) in ([\d.]+) ms", found[1]).groups()
            if now == before:
                return int(now[0]), int(now[1]), float(now[2])
            before = now

    def guard(self):
        print(f"\nGuard: from a SIGKILL to the safe level of a line that is driven (n={KILLS})")
        self.start_on_board()
        host = [self.kill_mover(number, "deskd:mover") for number in range(KILLS)]
        self.settle_daemon()
        supervisor = []
        for number in range(KILLS):
            self.start_on_board()
            supervisor.append(self.kill_mover(number, "deskd"))
            self.daemon.wait()
            self.settle_daemon()
        for what, times in (("host", host), ("supervisor", supervisor)):
            quantiles = statistics.quantiles(times, n=100, method="inclusive")
            print(f"  {what:10s} p50 {quantiles[49]:6.1f} ms   p90 {quantiles[89]:6.1f} ms   "
                  f"p99 {quantiles[98]:6.1f} ms   worst {max(times):6.1f} ms")

    def kill_mover(self, version, victim):
        mark = self.daemon.lines.mark()
        self.write_script("mover.js", MOVE % version)
        self.daemon.lines.wait("mover: driving", start=mark)
        pid = {**self.children(), "deskd": self.daemon.pid}[victim]
        at = time.monotonic_ns()
        os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 10
        while time.monotonic() < until:
            self.board.say("sim level GPIO17")  # whose answer comes after what was recorded before it
            with open(self.board.record_path) as file:
                changes = [line.split() for line in file.read().splitlines()[-4:]]
            for when, line, level in changes:
                if line == "GPIO17" and level == "0" and int(when) >= at:
                    return (int(when) - at) / 1e6
        raise AssertionError("the line never became safe; deskd said:\n" + self.daemon.lines.text(mark))
