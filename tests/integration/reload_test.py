# SPDX-License-Identifier: Apache-2.0
"""A thousand reloads of a script that holds one of everything leave the daemon as it was."""

import os
import re
import unittest

from deskd_fixture import DeskdCase, PATIENCE

ROUNDS = int(os.environ.get("DESKD_RELOADS", "1000"))

SCRIPT = """
import {device} from 'deskd:hub';
import {publish, subscribe} from 'deskd:mqtt';
import {open} from 'deskd:serial';
import {onUnload} from 'deskd:script';
const port = await open({path: '%s', framing: {type: 'slip', max: 64}});
port.on('frame', () => {});
await subscribe('reload/+/x', () => {});
await publish('reload/round', '%d', {retain: true});
device({name: 'Reload'}).sensor('round').set(%d);
setInterval(() => {}, 1000);
onUnload(() => {});
console.log('round %d');
"""


class ReloadTest(DeskdCase):
    def measure(self):
        pid = self.daemon.pid
        with open(f"/proc/{pid}/smaps_rollup") as file:
            # Only pages it wrote: clean ones of the program count as shared while another deskd runs, and as private
            # when that has ended.
            private = int(re.search(r"^Private_Dirty: +(\d+) kB", file.read(), re.M)[1])
        return {"descriptors": len(os.listdir(f"/proc/{pid}/fd")), "children": len(self.children()), "private_kb": private}

    def reload(self, number):
        mark = self.daemon.lines.mark()
        self.write_script("reload.js", SCRIPT % (self.desk.port, number, number, number))
        self.daemon.lines.wait(f"reload: round {number}$", start=mark, deadline=30 * PATIENCE)
        self.daemon.lines.wait("reload: running", start=mark, deadline=30 * PATIENCE)

    def test_a_thousand_reloads_are_flat(self):
        self.start_broker()
        self.start_desk()
        self.write_settings()
        self.write_script("reload.toml", '[permissions]\npublish = ["reload/round"]\n')
        self.start_daemon()
        warm = max(50, ROUNDS // 10)
        for number in range(warm):
            self.reload(number)
        before = self.measure()
        for number in range(warm, ROUNDS):
            self.reload(number)
        after = self.measure()
        print(f"\nafter {warm} reloads {before}, after {ROUNDS} {after}")
        self.assertEqual(before["descriptors"], after["descriptors"])
        self.assertEqual(before["children"], after["children"])
        self.assertLess(after["private_kb"] - before["private_kb"], 512)


if __name__ == "__main__":
    unittest.main(verbosity=2)
