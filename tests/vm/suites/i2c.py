#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""deskd:i2c on the kernel's I2C subsystem: a raw bus, and one that does SMBus calls only. Second witness: i2c-tools.

Both have register files at 20, 21, 40, 48, 68 and 76 (hexadecimal); see tests/vm/image/setup.
"""

import pathlib

import guest

ADDRESSES = [0x20, 0x21, 0x40, 0x48, 0x68, 0x76]


class BusTest(guest.GuestTest):
    imports = "import * as i2c from 'deskd:i2c';"

    def setUp(self):
        self.raw = guest.Bus(raw=True)
        self.smbus = guest.Bus(raw=False)
        self.both = (self.raw, self.smbus)

    def value_of(self, text):
        """What a script of `step(...)` tells."""
        script = self.script(text)
        value = script.next()
        script.finish()
        return value


class Buses(BusTest):
    def test_a_bus_has_three_names(self):
        self.raw.set(0x20, 0x01, 0x5A)
        for name in (self.raw.number, self.raw.name, f"/dev/{self.raw.name}"):
            value = self.value_of(f"""
                const chip = await i2c.open({{bus: '{name}', address: 0x20}});
                await step(await chip.readUint8(1));
                chip.close();""")
            self.assertEqual(value, 0x5A, name)

    def test_an_unknown_bus_is_named(self):
        failure = self.value_of("await step(await failureOf(i2c.open({bus: '77', address: 0x20})));")
        self.assertIn("77", failure["message"])

    def test_scan_finds_who_answers_and_writes_nothing(self):
        for bus in self.both:
            before = run_dump(bus)
            found = self.value_of(f"await step(await i2c.scan('{bus.number}'));")
            self.assertEqual(found, ADDRESSES, bus.name)
            self.assertEqual(run_dump(bus), before)

    def test_scan_survives_an_address_that_the_kernel_keeps(self):
        adapter = pathlib.Path("/sys/bus/i2c/devices", self.raw.name)
        (adapter / "new_device").write_text("dummy 0x21")
        self.addCleanup(lambda: (adapter / "delete_device").write_text("0x21"))
        found = self.value_of(f"await step(await i2c.scan('{self.raw.number}'));")
        self.assertEqual(found, [address for address in ADDRESSES if address != 0x21])

    def test_nobody_there_is_a_nack(self):
        for bus in self.both:
            failure = self.value_of(f"""
                const chip = await i2c.open({{bus: '{bus.number}', address: 0x33}});
                await step(await failureOf(chip.readRegister(0)));
                chip.close();""")
            self.assertEqual(failure["code"], "ERR_NACK", failure)

    def test_ten_bit_addresses_are_refused_where_the_adapter_cannot(self):
        failure = self.value_of(f"""
            const chip = await i2c.open({{bus: '{self.raw.number}', address: 0x1F0, tenBit: true}});
            await step(await failureOf(chip.readUint8(0)));
            chip.close();""")
        self.assertEqual(failure["code"], "EOPNOTSUPP")


class Registers(BusTest):
    def test_bytes_go_both_ways(self):
        for bus in self.both:
            bus.set(0x20, 0x10, 0xA5)
            value = self.value_of(f"""
                const chip = await i2c.open({{bus: '{bus.number}', address: 0x20}});
                const before = await chip.readUint8(0x10);
                await chip.writeRegister(0x10, 0x3C);
                await step(before);
                chip.close();""")
            self.assertEqual(value, 0xA5, bus.name)
            self.assertEqual(bus.get(0x20, 0x10), 0x3C, bus.name)

    def test_sixteen_bits_in_both_orders(self):
        self.raw.set(0x40, 0x20, 0x12, 0x34)
        values = self.value_of(f"""
            const chip = await i2c.open({{bus: '{self.raw.number}', address: 0x40}});
            const values = [await chip.readUint16(0x20), await chip.readUint16(0x20, {{order: 'little'}})];
            await chip.writeRegister(0x30, 0xBEEF, {{length: 2}});
            await chip.writeRegister(0x32, 0xBEEF, {{length: 2, order: 'little'}});
            await step(values);
            chip.close();""")
        self.assertEqual(values, [0x1234, 0x3412])
        self.assertEqual([self.raw.get(0x40, register) for register in range(0x30, 0x34)], [0xBE, 0xEF, 0xEF, 0xBE])

    def test_a_transfer_of_two_segments_is_one_transaction(self):
        self.raw.set(0x68, 0x00, *range(0x70, 0x78))
        answers = self.value_of(f"""
            const chip = await i2c.open({{bus: '{self.raw.number}', address: 0x68}});
            const answers = await chip.transfer([{{write: [2]}}, {{read: 5}}]);
            await step(answers.map((bytes) => [...bytes]));
            chip.close();""")
        self.assertEqual(answers, [[0x72, 0x73, 0x74, 0x75, 0x76]])

    def test_transfers_that_fit_are_smbus_calls_where_there_is_nothing_else(self):
        value = self.value_of(f"""
            const chip = await i2c.open({{bus: '{self.smbus.number}', address: 0x48}});
            await chip.transfer([{{write: [0x10, 0x77]}}]);
            const [answer] = await chip.transfer([{{write: [0x10]}}, {{read: 1}}]);
            await step(answer[0]);
            chip.close();""")
        self.assertEqual(value, 0x77)
        self.assertEqual(self.smbus.get(0x48, 0x10), 0x77)

    def test_a_transfer_that_no_smbus_call_is_says_so(self):
        failure = self.value_of(f"""
            const chip = await i2c.open({{bus: '{self.smbus.number}', address: 0x48}});
            await step(await failureOf(chip.transfer([{{write: [1, 2, 3, 4]}}, {{read: 50}}])));
            chip.close();""")
        self.assertEqual(failure["code"], "EOPNOTSUPP")

    def test_pec_is_on_the_wire(self):
        # A register file keeps the check byte in the register behind: 40 10 5A -> crc8, polynomial 07.
        self.value_of(f"""
            const chip = await i2c.open({{bus: '{self.raw.number}', address: 0x20, pec: true}});
            await chip.writeRegister(0x10, 0x5A);
            await step('written');
            chip.close();""")
        self.assertEqual(self.raw.get(0x20, 0x10), 0x5A)
        self.assertEqual(self.raw.get(0x20, 0x11), pec(0x40, 0x10, 0x5A))

    def test_a_wrong_pec_is_an_error(self):
        read = f"""
            const chip = await i2c.open({{bus: '{self.raw.number}', address: 0x20, pec: true}});
            const answer = chip.readUint8(0x18);
            await step(await failureOf(answer) ?? await answer);
            chip.close();"""
        self.raw.set(0x20, 0x18, 0x66, pec(0x40, 0x18, 0x41, 0x66))
        self.assertEqual(self.value_of(read), 0x66)
        self.raw.set(0x20, 0x18, 0x66, pec(0x40, 0x18, 0x41, 0x66) ^ 1)
        self.assertEqual(self.value_of(read)["code"], "ERR_BUS")

    def test_two_scripts_share_a_bus(self):
        scripts = [self.script(f"""
            const chip = await i2c.open({{bus: '{self.raw.number}', address: {address}}});
            await step('ready');
            let wrong = 0;
            for (let round = 0; round < 200; round += 1) {{
              await chip.lock(async () => {{
                await chip.writeRegister({register}, round);
                if (await chip.readUint8({register}) !== round) wrong += 1;
              }});
            }}
            await step(wrong);
            chip.close();""") for address, register in ((0x20, 0x40), (0x20, 0x41))]
        for script in scripts:
            self.assertEqual(script.next(), "ready")
        for script in scripts:
            script.go_on()
        for script in scripts:
            self.assertEqual(script.next(), 0)
            script.finish()


class Drivers(BusTest):
    def test_bmp280_measures_what_its_data_sheet_computes(self):
        self.raw.set(0x76, 0xD0, 0x58)
        self.raw.set(0x76, 0x88, *bytes.fromhex("706B436718FC7D8E43D6D00B270B8C00F9FF8C3CF8C67017"))
        self.raw.set(0x76, 0xF7, *bytes.fromhex("655AC07EED00"))
        measured = self.value_of(f"""
            const {{Bme280}} = await import('/usr/share/deskd/scripts/lib/bme280.js');
            const chip = await i2c.open({{bus: {self.raw.number}, address: 0x76}});
            await step(await new Bme280(chip).measure());
            chip.close();""")
        self.assertAlmostEqual(measured["temperatureC"], 25.08, 2)
        self.assertAlmostEqual(measured["pressurePa"], 100653.27, 1)
        self.assertIsNone(measured["humidityPercent"])

    def test_lm75_measures_below_zero(self):
        self.raw.set(0x48, 0x00, 0xE7, 0x00)
        measured = self.value_of(f"""
            const {{Lm75}} = await import('/usr/share/deskd/scripts/lib/lm75.js');
            const chip = await i2c.open({{bus: {self.raw.number}, address: 0x48}});
            await step((await new Lm75(chip).measure()).temperatureC);
            chip.close();""")
        self.assertEqual(measured, -25)


def run_dump(bus):
    """Every register of every chip."""
    return [guest.run("i2cdump", "-y", bus.number, hex(address), "b") for address in ADDRESSES]


def pec(*values):
    check = 0
    for value in values:
        check ^= value
        for _ in range(8):
            check = (check << 1 ^ 0x07) & 0xFF if check & 0x80 else check << 1
    return check


if __name__ == "__main__":
    guest.main()
