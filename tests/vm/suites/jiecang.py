#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The service as it is installed: systemd starts deskd, which moves a simulated Jiecang desk at the other end of the cable."""

import guest
import service


class Desk(service.DeskTest):
    def test_goes_to_a_height(self):
        self.publish("target", "80")
        self.hub.wait(f"^{self.TOPIC}/moving/state ON$")
        self.hub.wait(f"^{self.TOPIC}/height/state 80.0$")
        self.wait_for_trace(r"moving up\n(.*\n)*.*moving still$")
        self.assertEqual(self.height(), 800)
        self.assertNotIn("violation", self.trace.read_text())

    def test_stops_on_its_way(self):
        self.publish("cover", "OPEN")
        self.wait_for_trace("moving up$")
        self.publish("cover", "STOP")
        self.wait_for_trace("moving still$")
        self.assertLess(self.height(), 1270)

    def test_stops_when_the_service_does(self):
        self.publish("target", "125")
        self.wait_for_trace("moving up$")
        guest.run("systemctl", "stop", "deskd")
        self.wait_for_trace("moving still$")
        self.assertLess(self.height(), 1250)
        self.hub.wait(f"^{self.TOPIC}/status offline$")
        self.assertEqual(guest.run("systemctl", "show", "-P", "Result", "deskd").strip(), "success")


if __name__ == "__main__":
    guest.main()
