# SPDX-License-Identifier: Apache-2.0
"""deskctl pins, i2c and serial."""

import json
import os
import unittest

from deskctl_fixture import DeskctlCase


class PinsTest(DeskctlCase):
    def test_the_header_shows_who_holds_what(self):
        self.start_board()
        self.say("sim hold GPIO17 deskd:lamp")
        self.say("sim hold GPIO4 somebody-with-a-name-that-is-too-long")
        result = self.deskctl("pins", "--board", self.board)
        self.assertEqual((result.code, result.err), (0, ""))
        self.check_golden("pins", result.out)

    def test_all_lines(self):
        self.start_board("--header", "pi5")
        lines = json.loads(self.deskctl("pins", "--json", "--board", self.board).out)
        self.assertIn("GPIO17", {line["name"] for line in lines})
        result = self.deskctl("pins", "--all", "--board", self.board)
        for line in result.out.splitlines():
            self.assertLessEqual(len(line), 80, line)
        beside = [line for line in lines if line["name"] not in {f"GPIO{number}" for number in range(28)} | {"ID_SDA", "ID_SCL"}]
        self.assertEqual(len(result.out.splitlines()), 20 + (1 + len(beside) if beside else 0))

    def test_a_board_that_is_not_there(self):
        result = self.deskctl("pins", "--board", "none")
        self.assertEqual((result.code, result.out), (1, ""))
        self.assertEqual(result.err, "deskctl pins: connect to the simulated board none: No such file or directory\n")


class I2cTest(DeskctlCase):
    def test_a_table_of_who_answers(self):
        self.start_board()
        self.say("sim i2c add i2c-1 0x29 vl53l0x")
        self.say("sim i2c add i2c-1 0x48 lm75")
        self.say("sim i2c claim i2c-1 0x68 1")
        result = self.deskctl("i2c", "1", "--board", self.board)
        self.assertEqual((result.code, result.err), (0, ""))
        self.check_golden("i2c", result.out)
        found = json.loads(self.deskctl("i2c", "--json", "--board", self.board).out)
        self.assertEqual(found, {"bus": "i2c-1", "answer": [0x29, 0x48], "kernel": [0x68]})

    def test_a_bus_that_is_not_there_is_answered_with_those_that_are(self):
        self.start_board()
        result = self.deskctl("i2c", "7", "--board", self.board)
        self.assertEqual(result.code, 1)
        self.assertRegex(result.err, "^deskctl i2c: .*there are i2c-1")


class SerialTest(DeskctlCase):
    def port(self, name, driver):
        device = self.directory / "sys/devices" / name
        device.mkdir(parents=True)
        (device / "driver").symlink_to(f"/sys/bus/drivers/{driver}")
        tty = self.directory / "sys/class/tty" / name
        tty.mkdir(parents=True)
        (tty / "device").symlink_to(device)

    def test_ports_their_names_and_who_has_them_open(self):
        self.port("ttyAMA0", "uart-pl011")
        self.port("ttyUSB0", "ftdi_sio")
        self.port("ttyS0", "serial8250")
        (self.directory / "sys/class/tty/tty1").mkdir()
        names = self.directory / "dev/serial/by-id"
        names.mkdir(parents=True)
        (names / "usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0").symlink_to("../../ttyUSB0")
        (self.directory / "dev/serial0").symlink_to("ttyAMA0")
        descriptors = self.directory / "proc/812/fd"
        descriptors.mkdir(parents=True)
        os.symlink("/dev/ttyUSB0", descriptors / "3")
        self.write("proc/812/comm", "minicom\n")
        result = self.deskctl("serial", "--root", self.directory)
        self.assertEqual((result.code, result.err), (0, ""))
        self.check_golden("serial", result.out)
        ports = json.loads(self.deskctl("serial", "--json", "--root", self.directory).out)
        self.assertEqual([(port["path"], port["holder"]) for port in ports],
                         [("/dev/ttyAMA0", ""), ("/dev/ttyUSB0", "812 (minicom)")])

    def test_the_driver_is_that_of_the_hardware(self):
        port = self.directory / "sys/devices/fe201000.serial/fe201000.serial:0/fe201000.serial:0.0"
        port.mkdir(parents=True)
        for device, driver in ((port, "port"), (port.parent, "ctrl"), (port.parent.parent, "uart-pl011")):
            (device / "driver").symlink_to(f"/sys/bus/drivers/{driver}")
        tty = self.directory / "sys/class/tty/ttyAMA0"
        tty.mkdir(parents=True)
        (tty / "device").symlink_to(port)
        result = self.deskctl("serial", "--root", self.directory)
        self.assertEqual(result.out, "/dev/ttyAMA0    uart-pl011            free\n")

    def test_none(self):
        result = self.deskctl("serial", "--root", self.directory)
        self.assertEqual((result.code, result.out), (0, "no serial ports; see deskctl doctor\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
