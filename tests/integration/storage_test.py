# SPDX-License-Identifier: Apache-2.0
"""Stores of a whole system: over restarts, kills, reloads, quotas and damage."""

import json
import os
import signal
import sqlite3
import time
import unittest

from deskd_fixture import DeskdCase

COUNTER = """
import * as storage from 'deskd:storage';
const count = await storage.get('count', 0) + 1;
await storage.set('count', count);
console.log(`start ${count}`);
setInterval(() => {}, 1000);
"""

WRITER = """
import * as storage from 'deskd:storage';
const first = await storage.get('n', 0);
console.log(`found ${first}`);
(async () => {
  for (let n = first + 1; ; ++n) {
    await storage.transaction(async (transaction) => {
      await transaction.set('n', n);
      await transaction.set('copy', n);
    });
    console.log(`stored ${n}`);
  }
})();
"""


class StorageTest(DeskdCase):
    def start(self, limits=""):
        self.write_settings(limits, broker=False)
        self.start_daemon()
        self.lines = self.daemon.lines

    def database(self, name):
        return os.path.join(self.state, "storage", name + ".db")

    def test_a_store_outlives_reloads_and_restarts(self):
        self.write_script("c.js", COUNTER)
        self.start()
        self.lines.wait("c: start 1")
        self.write_script("c.js", COUNTER + "// second version\n")
        self.lines.wait("c: start 2")
        self.daemon.end()
        self.start()
        self.lines.wait("c: start 3")
        self.daemon.end()
        self.assertEqual(os.stat(self.database("scripts/c")).st_mode & 0o777, 0o600)
        with sqlite3.connect(self.database("scripts/c")) as database:
            self.assertEqual(database.execute("SELECT key, value FROM entries").fetchall(), [("count", "3")])

    def test_what_was_stored_is_there_after_the_daemon_was_killed(self):
        stored = 0
        self.write_script("w.js", WRITER)
        for _ in range(5):
            self.start()
            _, line = self.lines.wait("w: found")
            self.assertGreaterEqual(int(line.rsplit(" ", 1)[1]), stored)
            self.lines.wait(f"w: stored {stored + 5}")
            os.killpg(self.daemon.pid, signal.SIGKILL)
            self.daemon.wait()
            stored = max(int(line.rsplit(" ", 1)[1]) for _, line in self.lines.seen if "w: stored" in line)
        with sqlite3.connect(self.database("scripts/w")) as database:
            values = dict(database.execute("SELECT key, value FROM entries"))
        self.assertEqual(values["n"], values["copy"])
        self.assertGreaterEqual(int(values["n"]), stored)

    def test_what_is_under_way_at_the_end_is_written(self):
        self.write_script("u.js", """
import * as storage from 'deskd:storage';
import {onUnload} from 'deskd:script';
for (let n = 0; n < 30; ++n) storage.set('n', n);
onUnload(async () => { storage.set('last', 'word'); });
console.log('up');
setInterval(() => {}, 1000);
""")
        self.start()
        self.lines.wait("u: up")
        self.daemon.end()
        with sqlite3.connect(self.database("scripts/u")) as database:
            self.assertEqual(dict(database.execute("SELECT key, value FROM entries")), {"n": "29", "last": '"word"'})

    def test_a_script_has_its_own_quota_and_sees_nothing_of_others(self):
        self.write_script("a.js", """
import * as storage from 'deskd:storage';
await storage.set('mine', 1);
await storage.shared.set('ours', 'from a');
try {
  for (let n = 0; ; ++n) await storage.set(`fill${n}`, 'x'.repeat(1000));
} catch (error) {
  console.log(`${error.code}: ${error.message}`);
}
console.log(`still ${await storage.get('mine')}`);
setInterval(() => {}, 1000);
""")
        self.write_settings("", broker=False)
        with open(os.path.join(self.scripts, "a.toml"), "w") as file:
            file.write("[limits]\nstorage_kib = 5\n")
        self.start_daemon()
        self.lines = self.daemon.lines
        self.lines.wait(r"a: ERR_QUOTA: storage: expected at most 5120 bytes of keys and values in all, found 6\d\d\d")
        self.lines.wait("a: still 1")
        self.write_script("b.js", """
import * as storage from 'deskd:storage';
console.log(`${await storage.get('mine')} ${await storage.shared.get('ours')}`);
setInterval(() => {}, 1000);
""")
        self.lines.wait("b: undefined from a")

    def test_a_damaged_file_is_set_aside_and_said(self):
        os.makedirs(os.path.dirname(self.database("scripts/c")))
        with open(self.database("scripts/c"), "w") as file:
            file.write("no database at all" * 500)
        self.write_script("c.js", COUNTER)
        self.start()
        self.lines.wait("c: error: storage: .*file is not a database; it is kept as .*c.db.damaged-1, "
                        "and the store begins empty")
        self.lines.wait("c: start 1")

    def test_a_schedule_knows_what_it_missed_while_nothing_ran(self):
        self.write_script("m.js", """
import * as storage from 'deskd:storage';
import {schedule} from 'deskd:cron';
const when = {expression: '0 * * * *', timeZone: 'UTC'};
await storage.set('deskd:cron/hourly', {...when, at: Date.now() - 7200000});
schedule(when.expression, async ({missed}) => {
  console.log(`called, missed: ${missed}`);
}, {timeZone: when.timeZone, missed: 'run', name: 'hourly', unsynchronized: 'run'});
""")
        self.start()
        self.lines.wait("m: called, missed: true")
        self.daemon.end()
        with sqlite3.connect(self.database("scripts/m")) as database:
            (note,) = database.execute("SELECT value FROM entries WHERE key = 'deskd:cron/hourly'").fetchone()
        self.assertGreater(json.loads(note)["at"], (time.time() - 600) * 1000)

    def test_without_a_state_directory_a_script_is_told(self):
        os.rmdir(self.state)
        self.write_script("c.js", COUNTER)
        self.start()
        self.lines.wait("storage: expected a state directory, found none")


if __name__ == "__main__":
    unittest.main()
