#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""deskd:cron on a clock that is set, and that nobody has synchronised. Only here a test may set the clock."""

import pathlib
import time

import guest

SYNCHRONIZED = pathlib.Path("/run/systemd/timesync/synchronized")
HOUR = 3600
DAY = 24 * HOUR


class ClockTest(guest.GuestTest):
    imports = "import {schedule} from 'deskd:cron'; const timeZone = 'UTC';"

    def setUp(self):
        wall, steady = time.time(), time.monotonic()
        self.addCleanup(lambda: self.set(wall + time.monotonic() - steady))
        self.addCleanup(SYNCHRONIZED.unlink, missing_ok=True)
        SYNCHRONIZED.unlink(missing_ok=True)

    def set(self, seconds):
        time.clock_settime(time.CLOCK_REALTIME, seconds)

    def synchronize(self):
        SYNCHRONIZED.parent.mkdir(parents=True, exist_ok=True)
        SYNCHRONIZED.touch()


class Synchronisation(ClockTest):
    def test_jobs_are_held_until_the_file_of_timesyncd_appears(self):
        script = self.script("""
            const held = schedule('* * * * * *', () => {
              tell('called');
              held.close();
            }, {timeZone});
            let seconds = 0;
            await new Promise((resolve) => {
              const other = schedule('* * * * * *', () => {
                if (++seconds < 3) return;
                other.close();
                resolve();
              }, {timeZone, unsynchronized: 'run'});
            });
            await step({held: held.held, next: held.next, previous: held.previous});""")
        self.assertEqual(script.next(), {"held": True, "next": None, "previous": None})
        self.synchronize()
        self.assertEqual(script.next(), "called")
        script.finish()


class Jumps(ClockTest):
    def setUp(self):
        super().setUp()
        self.synchronize()

    def test_an_hourly_job_follows_a_clock_that_is_set_back(self):
        script = self.script("""
            const job = schedule('0 * * * *', ({scheduled}) => {
              tell(scheduled.getTime() / 1000);
              job.close();
            }, {timeZone});
            await step('waits');""")
        self.assertEqual(script.next(), "waits")
        hour = (time.time() // HOUR) * HOUR - DAY
        self.set(hour - 1)
        self.assertEqual(script.next(), hour)
        script.finish()

    def test_a_run_that_the_clock_jumps_over_is_made_up_for_if_wanted(self):
        today = (time.time() // DAY) * DAY
        self.set(today + 12 * HOUR)
        script = self.script("""
            const jobs = ['skip', 'run'].map((missed) => schedule('30 12 * * *', (run) => {
              tell([missed, run.missed, run.scheduled.getTime() / 1000]);
              for (const job of jobs) job.close();
            }, {timeZone, missed}));
            await step('waits');""")
        self.assertEqual(script.next(), "waits")
        self.set(today + 14 * HOUR)
        self.assertEqual(script.next(), ["run", True, today + 12.5 * HOUR])
        script.finish()


if __name__ == "__main__":
    guest.main()
