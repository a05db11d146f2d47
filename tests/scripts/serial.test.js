// SPDX-License-Identifier: Apache-2.0
import * as serial from 'deskd:serial';
import {assert, run, test} from './harness.js';

test('checksums have the values of their definitions', () => {
  const digits = '123456789';
  assert.equal(serial.sum8(digits), 0xdd);
  assert.equal(serial.xor8(digits), 0x31);
  assert.equal(serial.crc8(digits), 0xf7);
  assert.equal(serial.crc16Modbus(digits), 0x4b37);
  assert.equal(serial.sum8([0x01, 0x03, 0x01, 0x7e, 0x07]), 0x8a);
  assert.equal(serial.checksum.sum8, serial.sum8);
  assert.throws(() => serial.sum8([256]), {name: 'RangeError'});
});

test('opening what is not there rejects with the system\'s code', async () => {
  await assert.rejects(serial.open({path: '/dev/no-such-port'}), {code: 'ENOENT', message: /no-such-port/});
});

test('an option or framing key that does not exist is named', async () => {
  await assert.rejects(
    serial.open({path: '/dev/null', baudrate: 9600}), {name: 'TypeError', message: /found "baudrate"/});
  await assert.rejects(
    serial.open({path: '/dev/null', framing: {type: 'length', lenghtAt: 1}}), {message: /found "lenghtAt"/});
  await assert.rejects(serial.open(), {name: 'TypeError', message: /expected an object, found undefined/});
  await assert.rejects(serial.open({path: '/dev/null', framing: 'length'}), {name: 'TypeError'});
});

test('what is no terminal is refused', async () => {
  await assert.rejects(serial.open({path: '/dev/null'}), {code: 'ENOTTY'});
});

await run();
