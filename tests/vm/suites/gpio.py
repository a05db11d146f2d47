#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""deskd:gpio on the kernel's own GPIO subsystem. Second witnesses: gpio-sim's files, and libgpiod's tools."""

import time

import guest


class GpioTest(guest.GuestTest):
    imports = "import * as gpio from 'deskd:gpio';"

    def setUp(self):
        self.chip = guest.Chip(self)
        self.tools = guest.Libgpiod()

    def refusal(self, options, kind="output"):
        """How opening a line with these options fails."""
        script = self.script(f"await step(await failureOf(gpio.{kind}({options})));")
        failure = script.next()
        script.finish()
        return failure


class Outputs(GpioTest):
    def test_has_its_initial_level_as_soon_as_it_is_held(self):
        for level in (True, False):
            self.chip.pull(17, not level)
            script = self.script(f"""
                await gpio.output({{line: 'GPIO17', initial: {str(level).lower()}, safe: false}});
                await step('held');""")
            self.assertEqual(script.next(), "held")
            self.assertEqual(self.chip.level(17), level)
            script.end()

    def test_drives_what_is_set(self):
        script = self.script("""
            const lamp = await gpio.output({line: 'GPIO17', initial: 0, safe: 0});
            for (const level of [1, 0, 1]) {
              await lamp.set(level);
              await step(lamp.value);
            }
            lamp.close();
            await step('closed');""")
        for level in (True, False, True):
            self.assertEqual(script.next(), level)
            self.assertEqual(self.chip.level(17), level)
            script.go_on()
        self.assertEqual(script.next(), "closed")
        self.assertEqual(self.tools.line(self.chip, 17)["consumer"], "")
        script.finish()

    def test_is_an_output_of_deskd_for_the_kernel(self):
        script = self.script("await gpio.output({line: 'GPIO18', initial: 0, safe: 0}); await step('held');")
        script.next()
        line = self.tools.line(self.chip, 18)
        self.assertEqual(line["name"], "GPIO18")
        self.assertTrue(line["output"], line)
        self.assertIn("deskd", line["consumer"])
        self.assertNotEqual(self.tools.refusal(self.chip, 18), "", "gpioget must not get a line that deskd drives")

    def test_is_found_by_chip_and_by_label(self):
        for place in (f"{self.chip.name}:40", f"{self.chip.label}:40", f"/dev/{self.chip.name}:40"):
            script = self.script(f"await gpio.output({{line: '{place}', initial: 1, safe: 0}}); await step('held');")
            script.next()
            self.assertTrue(self.chip.level(40), place)
            script.end()

    def test_active_low_is_low_when_it_is_on(self):
        script = self.script("""
            const relay = await gpio.output({line: 'GPIO5', initial: false, safe: false, activeLow: true});
            await step(relay.value);
            await relay.set(true);
            await step(relay.value);""")
        self.assertEqual(script.next(), False)
        self.assertTrue(self.chip.level(5))
        self.assertTrue(self.tools.line(self.chip, 5)["active_low"])
        script.go_on()
        self.assertEqual(script.next(), True)
        self.assertFalse(self.chip.level(5))
        script.go_on()

    def test_open_drain_leaves_the_high_level_to_the_pull(self):
        # gpio-sim does not play what a pull does to a line that an open drain has released: the kernel's word must do.
        self.chip.pull(6, True)
        script = self.script("""
            const wire = await gpio.output({line: 'GPIO6', initial: 0, safe: 1, drive: 'open-drain'});
            await step('low');""")
        script.next()
        self.assertFalse(self.chip.level(6))
        self.assertRegex(self.tools.line(self.chip, 6)["text"], "open-drain")
        script.go_on()

    def test_several_lines_are_one_request(self):
        script = self.script("""
            const both = await gpio.output({lines: ['GPIO20', 'GPIO21'], initial: [1, 0], safe: [0, 0]});
            await step(both.value);
            await both.set([0, 1]);
            await step(both.value);""")
        self.assertEqual(script.next(), [True, False])
        self.assertEqual([self.chip.level(20), self.chip.level(21)], [True, False])
        script.go_on()
        self.assertEqual(script.next(), [False, True])
        self.assertEqual([self.chip.level(20), self.chip.level(21)], [False, True])
        script.go_on()

    def test_a_pulse_ends_by_itself_and_not_early(self):
        script = self.script("""
            const horn = await gpio.output({line: 'GPIO22', initial: 0, safe: 0});
            await step('ready');
            tell(await horn.pulse(300));
            await step('over');""")
        script.next()
        script.go_on()
        guest.until(lambda: self.chip.level(22), "the pulse to begin")
        begin = time.monotonic()
        guest.until(lambda: not self.chip.level(22), "the pulse to end")
        length = time.monotonic() - begin
        self.assertEqual(script.next(), True)
        # This side notices the beginning late, and so measures too little.
        self.assertGreater(length, 0.2)
        print(f"a pulse of 300 ms took {1000 * length:.0f} ms")

    def test_closing_drives_the_safe_level_first(self):
        script = self.script("""
            const lamp = await gpio.output({line: 'GPIO23', initial: 1, safe: 0});
            lamp.close();
            await step(lamp.value);""")
        self.assertEqual(script.next(), False)
        self.assertFalse(self.chip.level(23))
        script.go_on()

    def test_a_line_that_is_held_says_by_whom(self):
        self.tools.hold(self, self.chip, 12, 1)
        failure = self.refusal("{line: 'GPIO12', initial: 0, safe: 0}")
        self.assertEqual(failure["code"], "EBUSY")
        self.assertIn("gpioset", failure["message"])
        self.assertTrue(self.chip.level(12))

    def test_an_unknown_name_lists_what_there_is(self):
        failure = self.refusal("{line: 'GPIO71', initial: 0, safe: 0}")
        self.assertIn("GPIO71", failure["message"])
        self.assertIn("GPIO17", failure["message"])

    def test_an_ambiguous_name_lists_its_places(self):
        other = guest.Chip(self, name="expander", label="deskd-expander", names={3: "GPIO17"}, size=8)
        failure = self.refusal("{line: 'GPIO17', initial: 0, safe: 0}")
        self.assertIn(f"{self.chip.name}:17", failure["message"])
        self.assertIn(f"{other.name}:3", failure["message"])
        script = self.script(f"await gpio.output({{line: '{other.label}:3', initial: 1, safe: 0}}); await step('held');")
        script.next()
        self.assertTrue(other.level(3))
        self.assertFalse(self.chip.level(17))
        script.end()


class Inputs(GpioTest):
    def watch(self, options, body="input.on('change', ({value, rising, timestampMs, sequence}) => "
                                  "tell({value, rising, timestampMs, sequence}));"):
        script = self.script(f"""
            const input = await gpio.input({options});
            {body}
            await step(input.value);
            input.close();""")
        return script, script.next()

    def pulls(self, offset, *levels):
        for level in levels:
            self.chip.pull(offset, level)

    def test_reads_the_level(self):
        for level in (False, True):
            self.chip.pull(24, level)
            script, value = self.watch("{line: 'GPIO24', edge: 'none'}", body="")
            self.assertEqual(value, level)
            script.finish()
            self.assertEqual(self.tools.get(self.chip, 24), level)

    def test_active_low_reads_high_as_off(self):
        self.chip.pull(24, True)
        script, value = self.watch("{line: 'GPIO24', activeLow: true}")
        self.assertEqual(value, False)
        self.chip.pull(24, False)
        event = script.next()
        self.assertEqual((event["value"], event["rising"]), (True, True))
        script.finish()

    def test_bias_reaches_the_pin(self):
        for bias, level in (("pull-up", True), ("pull-down", False)):
            self.chip.pull(25, not level)
            script, value = self.watch(f"{{line: 'GPIO25', bias: '{bias}'}}")
            self.assertEqual(value, level)
            self.assertEqual(self.chip.pulled_up(25), level)
            script.finish()

    def test_sees_the_edges_that_gpiomon_sees(self):
        # One after another: edges that come before the kernel's interrupt thread has looked may become one.
        levels = [True, False, True, False]
        monitor = self.tools.watch(self, self.chip, 4, len(levels))
        seen = []
        for number, level in enumerate(levels):
            self.chip.pull(4, level)
            seen.append(monitor.line(number) == "1")
        self.assertEqual(monitor.status(), 0)
        script, _ = self.watch("{line: 'GPIO4'}")
        events = []
        for level in levels:
            self.chip.pull(4, level)
            self.chip.pull(4, level)  # no edge
            events.append(script.next())
        self.assertEqual(seen, levels)
        self.assertEqual([event["rising"] for event in events], seen)
        self.assertEqual([event["value"] for event in events], seen)
        self.assertEqual([event["sequence"] for event in events], [1, 2, 3, 4])
        times = [event["timestampMs"] for event in events]
        self.assertEqual(times, sorted(times))
        script.finish()

    def test_sees_only_the_edges_that_it_asked_for(self):
        for edge, rising in (("rising", True), ("falling", False)):
            self.chip.pull(4, False)
            script, _ = self.watch(f"{{line: 'GPIO4', edge: '{edge}'}}")
            for _ in range(2):
                self.pulls(4, True, False)
                self.assertEqual(script.next()["rising"], rising)
            script.finish()

    def test_takes_the_time_at_the_interrupt(self):
        script, _ = self.watch("{line: 'GPIO4'}", body="""
            input.on('change', ({timestampMs}) => tell({age: performance.now() - timestampMs}));""")
        self.chip.pull(4, True)
        age = script.next()["age"]
        # One clock for both, or the difference would be the machine's uptime or the epoch.
        self.assertTrue(0 <= age < 1000 * guest.DEADLINE_S, age)
        print(f"an edge was {age:.1f} ms old when the script saw it")
        script.finish()

    def test_debounce_gives_the_settled_level_once(self):
        script, value = self.watch("{line: 'GPIO26', debounce: 400}")
        self.assertEqual(value, False)
        self.pulls(26, *[True, False] * 10, True)
        self.assertEqual(script.next()["value"], True)
        self.pulls(26, *[False, True] * 10, False)
        self.assertEqual(script.next()["value"], False)
        # What comes and goes within the time is nothing at all.
        self.pulls(26, *[True, False] * 10)
        time.sleep(1)
        self.chip.pull(26, True)
        self.assertEqual(script.next()["value"], True)
        script.finish()

    def test_counts_what_the_kernel_had_to_forget(self):
        script = self.script("""
            const input = await gpio.input({line: 'GPIO27'});
            const enough = await gpio.input({line: 'GPIO2', edge: 'none'});
            let seen = 0;
            input.on('change', () => { seen += 1; });
            tell('busy');
            while (!enough.value);
            await step('listening');
            // Whatever was ready beside the test's answer has been handed over then.
            await new Promise((resolve) => { setTimeout(resolve, 1); });
            tell({seen, lost: input.lost, value: input.value});
            input.close();
            enough.close();""")
        self.assertEqual(script.next(), "busy")
        edges = 3001
        for number in range(edges):
            self.chip.pull(27, number % 2 == 0)
        self.chip.pull(2, True)
        self.assertEqual(script.next(), "listening")
        script.go_on()
        result = script.next()
        print(f"of {edges} edges {result['seen']} were seen and {result['lost']} counted as lost")
        self.assertEqual(result["value"], True)
        self.assertGreater(result["seen"], 0)
        self.assertLess(result["seen"], edges, "the kernel's buffer is smaller than that")
        if self.tools.first:
            self.assertEqual(result["lost"], 0)  # that interface does not number its events
        else:
            self.assertGreater(result["lost"], 0)
            # Edges that came too close to each other were none for the kernel.
            self.assertLessEqual(result["lost"] + result["seen"], edges)

    def test_lists_the_lines_as_gpioinfo_does(self):
        self.tools.hold(self, self.chip, 9, 1)
        script = self.script("await step(await gpio.lines());")
        lines = {line["name"]: line for line in script.next() if line["chip"] == self.chip.name and line["name"]}
        self.assertEqual(sorted(lines), sorted(f"GPIO{offset}" for offset in range(28)))
        for name, offset in (("GPIO9", 9), ("GPIO10", 10)):
            witness = self.tools.line(self.chip, offset)
            self.assertEqual(lines[name]["offset"], offset)
            self.assertEqual(lines[name]["consumer"] or "", witness["consumer"])
        script.finish()


if __name__ == "__main__":
    guest.main()
