# SPDX-License-Identifier: Apache-2.0
"""scripts/deskd.d.ts says what scripts find: names, arities, types of values, options. And this would notice if not."""

import json
import pathlib
import subprocess
import sys
import unittest

import typescript
from typescript import SOURCE

sys.path.insert(0, str(SOURCE / "tests" / "deskctl"))
from deskctl_fixture import BUILD, DEADLINE, DeskctlCase  # pylint: disable=wrong-import-position

HERE = pathlib.Path(__file__).parent
DECLARATIONS = (SOURCE / "scripts" / "deskd.d.ts").read_text()

# What goes wrong in the declarations, and how the comparison says so: (instead of, this, difference).
MISTAKES = [
    # modules
    ("declare module 'deskd:cron' {", "declare module 'deskd:chron' {", "module deskd:cron: found, not declared"),
    # exports
    ("  export function scan(", "  export function look(", "deskd:i2c: scan: found, not declared"),
    ("  export function lines():", "  export function holders(): void;\n  export function lines():",
     "deskd:gpio: holders: declared, not found"),
    ("  export {remove as delete};", "  export {remove};", "deskd:storage: delete: found, not declared"),
    ("  export const simulated: boolean;", "  export const simulated: string;",
     "deskd:script simulated: declared as string, found boolean"),
    ("  export function xor8(data: BytesLike): number;", "  export const xor8: number;",
     "deskd:serial xor8: declared as number, found function"),
    # arity
    ("unwire(line: string)", "unwire()", "deskd:sim unwire: 0 parameters are declared, its length is 1"),
    ("hold(line: string, consumer: string)", "hold(line: string, consumer: string, why: string)",
     "deskd:sim hold: 3 parameters must be given by the declaration, 2 by its length"),
    ("scan(bus: number | string, options?: {timeout?: number})", "scan(bus: number | string, options: {timeout?: number})",
     "deskd:i2c scan: 2 parameters must be given by the declaration, 1 by its length"),
    ("export function clearFaults()", "export function clearFaults(line?: string)",
     "deskd:sim clearFaults: declared with (line?: string), found ()"),
    ("constructor(driver: DeskDriver, options?: DeskOptions)", "constructor(options?: DeskOptions)",
     "new deskd:desk Desk: 1 parameters are declared, its length is 2"),
    ("declare function queueMicrotask(callback: () => void): void;", "declare function queueMicrotask(): void;",
     "queueMicrotask: 0 parameters are declared, its length is 1"),
    # members of classes, interfaces and nested objects
    ("    setLocked(locked: boolean): void;\n", "", "deskd:desk Desk.prototype.setLocked: found, not declared"),
    ("    readonly held: boolean;\n", "", "deskd:cron Job.held: found, not declared"),
    ("    readonly held: boolean;\n", "    readonly held: boolean;\n    readonly late: boolean;\n",
     "deskd:cron Job.late: declared, not found"),
    ("    take(name: string): Promise<Uint8Array>;\n", "", "deskd:sim serial.take: found, not declared"),
    ("    readonly stats: {frames: number; ", "    readonly stats: {", "deskd:serial SerialPort.stats.frames: found, not declared"),
    ("    disarm(): Promise<void>;\n", "    disarm(now: boolean): Promise<void>;\n",
     "deskd:serial SerialPort.disarm: 1 parameters must be given by the declaration, 0 by its length"),
    ("    readonly held: boolean;\n", "    readonly held: number;\n", "deskd:cron Job.held: declared as number, found boolean"),
    ("    readonly held: boolean;\n", "    held: boolean;\n",
     "deskd:cron Job.held: declared as one that can be written, found one that cannot"),
    ("  [Symbol.asyncIterator](): BoundedStream<T>;\n", "", "BoundedStream.[Symbol.asyncIterator]: found, not declared"),
    # options
    ("    debounce?: number;\n", "", "deskd:gpio InputOptions, option debounce: found, not declared"),
    ("    hupcl?: boolean;\n", "    hupcl?: boolean;\n    xonxoff?: boolean;\n",
     "deskd:serial OpenOptions, option xonxoff: declared, not found"),
    ("after?: number; count?: number; line?: string}", "after?: number; count?: number}",
     "deskd:sim fault, option line: found, not declared"),
    # globals
    ("declare function btoa(text: string): string;", "", "global btoa: found, not declared"),
    ("declare function btoa(text: string): string;", "declare function btoa(text: string): string;\ndeclare var fetch: any;",
     "global fetch: declared, not found"),
    ("  timeEnd(label?: string): void;\n", "", "console.timeEnd: found, not declared"),
    ("  function validate(bytes: Bytes): boolean;\n", "", "WebAssembly.validate: found, not declared"),
    ("  throwIfAborted(): void;\n", "", "AbortSignal.prototype.throwIfAborted: found, not declared"),
    ("  any(signals: Iterable<AbortSignal>): AbortSignal;\n", "", "AbortSignal.any: found, not declared"),
    ("  readonly url: string;\n", "", "import.meta url: found, not declared"),
    # the comparison itself
    ("  export interface LineInfo {", "  export interface PinInfo {}\n  export interface LineInfo {",
     "deskd:gpio PinInfo: declared, and no specimen shows what it really is"),
    ("  export type LineName = string;", "  export type LineName = Strnig;", "Cannot find name 'Strnig'"),
]


class SurfaceTest(DeskctlCase):
    def setUp(self):
        super().setUp()
        self.start_board()
        # The source tree counts as the library: one specimen is made by a part of a built-in module.
        result = subprocess.run([BUILD / "deskd-host", "--turn-ms", "30000", "--board", self.board, "--library", SOURCE, "--test",
                                 "--foreground", HERE / "surface.test.js"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=DEADLINE, check=False)
        self.assertEqual(result.returncode, 0, result.stdout)
        pieces = [line.removeprefix("surface ") for line in result.stdout.splitlines() if line.startswith("surface ")]
        self.surface = self.write("surface.json", "".join(pieces))

    def compare(self, variants):
        """The differences of each."""
        files = [self.write(f"{index}.d.ts", text) for index, text in enumerate(variants)]
        good, output = typescript.node(HERE / "compare.js", typescript.LIBRARY / "typescript.js", self.surface, *files)
        self.assertTrue(good, output)
        return list(json.loads(output).values())

    def test_the_declarations_are_what_there_is(self):
        self.assertEqual(self.compare([DECLARATIONS]), [[]])

    def test_each_mistake_in_them_is_found(self):
        for before, _, _ in MISTAKES:
            self.assertIn(before, DECLARATIONS)
        found = self.compare([DECLARATIONS.replace(before, after, 1) for before, after, _ in MISTAKES])
        for (_, _, difference), differences in zip(MISTAKES, found):
            with self.subTest(difference):
                self.assertTrue(any(difference in one for one in differences), differences)


if __name__ == "__main__":
    typescript.require()
    unittest.main(verbosity=2)
