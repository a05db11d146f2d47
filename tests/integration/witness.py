# SPDX-License-Identifier: Apache-2.0
"""A script that tells how late its timer is, and a program of its priority without deskd that does the same: how late both
are is the machine's doing, and no other script's."""

import os
import sys

from deskd_fixture import PATIENCE, Process

WITNESS = """
let last = performance.now(), worst = 0;
setInterval(() => {
  const now = performance.now();
  worst = Math.max(worst, now - last - 10);
  last = now;
}, 10);
setInterval(() => { console.log(`late ${worst.toFixed(1)}`); worst = 0; }, 100);
"""
CONTROL = """
import os, sys, time
os.nice(int(sys.argv[1]))
last, report, worst = time.monotonic(), time.monotonic(), 0.0
while True:
    time.sleep(0.01)
    now = time.monotonic()
    worst = max(worst, now - last - 0.01)
    last = now
    if now - report >= 0.1:
        print(f"late {worst * 1000:.1f}", flush=True)
        report, worst = now, 0.0
"""
MOST_MS = 50
# Of two that wait for a busy processor one may be as unlucky as the other is lucky.
LUCK = 4


class Witness:
    def __init__(self, case):
        """Before the daemon is started."""
        self._case = case
        case.write_script("witness.js", WITNESS)

    def begin(self):
        case = self._case
        case.daemon.lines.wait("witness: late")
        nice = os.getpriority(os.PRIO_PROCESS, case.children()["deskd:witness"]) - os.getpriority(os.PRIO_PROCESS, 0)
        self._control = Process([sys.executable, "-c", CONTROL, str(nice)])
        case.addCleanup(self._control.end)
        self._control.lines.wait("^late")

    def check(self, mark):
        """Since that line of the daemon, and until its next report."""
        lines = self._case.daemon.lines
        for source in (self._control.lines, lines):
            source.wait("^(witness: )?late", start=source.mark())
        begin = lines.seen[min(mark, len(lines.seen) - 1)][0] - 0.1
        late = self._worst(lines, "witness: late ", begin)
        control = self._worst(self._control.lines, "late ", begin)
        self._case.assertLess(late, (MOST_MS + LUCK * control) * PATIENCE, f"a program without deskd was {control} ms late")

    @staticmethod
    def _worst(lines, word, begin):
        return max(float(line.rsplit(" ", 1)[1]) for when, line in list(lines.seen) if when >= begin and line.startswith(word))
