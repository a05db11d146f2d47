// SPDX-License-Identifier: Apache-2.0
// Run by tests/integration/sim_test.py on a simulated board.
import * as serial from 'deskd:serial';
import {simulated} from 'deskd:script';
import * as sim from 'deskd:sim';
import {assert, run, test} from '../harness.js';

test('a script knows that its hardware is simulated', () => assert.equal(simulated, true));

test('levels are driven, pulled, and carried by wires', async () => {
  assert.equal(await sim.level('GPIO17'), false);
  await sim.drive('GPIO17', true);
  assert.equal(await sim.level('GPIO17'), true);
  await sim.drive('GPIO17', 0);
  assert.equal(await sim.level('GPIO17'), false);
  await sim.drive('GPIO17', null);
  await sim.pull('GPIO17', 'up');
  assert.equal(await sim.level('GPIO17'), true);
  await sim.pull('GPIO17', 'none');
  assert.equal(await sim.level('GPIO17'), false);
  await sim.wire('GPIO17', 'gpiochip0:22');
  await sim.drive('GPIO22', true);
  assert.equal(await sim.level('GPIO17'), true);
  await sim.unwire('GPIO22');
  await sim.drive('GPIO22', null);
  assert.equal(await sim.level('GPIO17'), false);
});

test('mistakes are named', async () => {
  await assert.rejects(sim.drive('GPIO99', true), {code: 'EINVAL', message: /found GPIO99/});
  await assert.rejects(sim.drive('GPIO17', 2),
    {name: 'TypeError', message: /expected true, false, 1, 0 or null/});
  await assert.rejects(sim.drive('', true), {name: 'TypeError'});
  await assert.rejects(sim.pull('GPIO17', 'left'), {message: /expected one of up, down, none/});
  await assert.rejects(sim.level('two words'), {message: /found two words/});
  await assert.rejects(sim.bounce('GPIO17', {times: -1}), {name: 'RangeError'});
  await assert.rejects(sim.i2c.add('i2c-1', 0x80, 'registers'), {name: 'RangeError'});
  await assert.rejects(sim.i2c.add('i2c-7', 0x40, 'registers'), {code: 'ENOENT', message: /there are i2c-1/});
  await assert.rejects(sim.fault('gpio-set', 'EWHAT'), {code: 'EINVAL'});
  await assert.rejects(sim.fault('gpio-sit', 'EIO'), {message: /expected one of gpio-lines/});
  assert.throws(() => new sim.SimPlant('desk'), {message: /expected plant\(\) to make it/});
  assert.throws(() => new sim.SimRecording(), {message: /expected record\(\) to make it/});
});

test('a recording sees changes, as events and as a stream', async () => {
  const recording = await sim.record();
  const seen = [];
  const off = recording.on('change', ({line, level}) => seen.push(`${line} ${level}`));
  const changes = recording.changes();
  await sim.drive('GPIO5', false);
  await sim.drive('gpiochip1:7', true);
  const first = (await changes.next()).value;
  const second = (await changes.next()).value;
  assert.equal([first.line, first.level, second.line, second.level], ['GPIO5', false, 'gpiochip1:7', true]);
  assert.ok(second.timestampMs >= first.timestampMs && first.timestampMs > 0);
  assert.equal(seen, ['GPIO5 false', 'gpiochip1:7 true']);
  off();
  recording.close();
  recording.close();
  assert.equal((await changes.next()).done, true);
  assert.equal(recording.closed, true);
  await assert.rejects(recording.once('change'), {code: 'ERR_CLOSED'});
  await sim.drive('GPIO5', null);
});

test('a contact bounces as often as it is told', async () => {
  const recording = await sim.record();
  const changes = recording.changes({buffer: 16});
  await sim.bounce('GPIO23', {times: 2, ms: 4});
  await sim.drive('GPIO23', true);
  const levels = [];
  const times = [];
  for await (const {level, timestampMs} of changes) {
    levels.push(level);
    times.push(timestampMs);
    if (levels.length === 5) break;
  }
  assert.equal(levels, [true, false, true, false, true]);
  assert.near(times[4] - times[0], 4, 0.001);
  recording.close();
  await sim.bounce('GPIO23', {times: 0});
  await sim.drive('GPIO23', null);
});

test('closing a recording from its own listener is the end of it', async () => {
  const recording = await sim.record();
  let count = 0;
  const closed = recording.once('close');
  recording.on('change', () => {
    count += 1;
    recording.close();
  });
  for (let i = 0; i < 10; ++i) await sim.drive('GPIO24', i % 2 === 0);
  await closed;
  assert.equal(count, 1);
  await sim.drive('GPIO24', null);
});

test('I2C chips are added, told and asked', async () => {
  assert.equal(await sim.i2c.buses(), ['i2c-1']);
  await sim.i2c.add('i2c-1', 0x29, 'registers');
  await sim.i2c.set('1', 0x29, '0x10', 42);
  assert.equal(await sim.i2c.get('/dev/i2c-1', 0x29, '0x10'), 42);
  await assert.rejects(sim.i2c.set('1', 0x29, '0x10', 'x'), {name: 'TypeError'});
  await assert.rejects(sim.i2c.get('1', 0x30, '0x10'), {message: /no device at 0x30/});
  await sim.i2c.fault('i2c-1', 'nack', 0x29);
  await sim.i2c.fault('i2c-1', 'none');
  await sim.i2c.claim('i2c-1', 0x50);
  await sim.i2c.claim('i2c-1', 0x50, false);
  await sim.i2c.remove('i2c-1', 0x29);
});

test('held lines have the holder that was named', async () => {
  await sim.hold('GPIO4', 'one wire');
  await assert.rejects(sim.hold('GPIO4', 'another'), {code: 'EBUSY', message: /GPIO4, held by "one wire"/});
  await sim.unhold('GPIO4');
  await sim.hold('GPIO4', 'another');
  await sim.unhold('GPIO4');
});

test('serial ports are opened as any other, and unplugged', async () => {
  const path = await sim.serial.add('adapter');
  const port = await serial.open({path, framing: {type: 'delimiter', bytes: [10]}});
  const frame = port.once('frame', {timeout: 5000});
  await sim.serial.send('adapter', 'hello\n');
  assert.equal(new TextDecoder().decode(await frame), 'hello');
  await port.write([1, 2, 0xff]);
  assert.equal([...await sim.serial.take('adapter')], [1, 2, 255]);
  assert.equal((await sim.serial.take('adapter')).length, 0);
  const lost = port.once('disconnect', {timeout: 5000});
  await sim.serial.unplug('adapter');
  await lost;
  const back = port.once('reconnect', {timeout: 9000});
  await sim.serial.plug('adapter');
  await back;
  port.close();
  await sim.serial.remove('adapter');
});

test('plants are connected to the board', async () => {
  const sensor = await sim.plant('ultrasonic', {trigger: 'GPIO23', echo: 'GPIO24', distance: 343});
  assert.equal(sensor.kind, 'ultrasonic');
  const recording = await sim.record();
  const changes = recording.changes();
  await sim.drive('GPIO23', true);
  await sim.drive('GPIO23', false);
  const echo = [];
  for await (const change of changes) {
    if (change.line === 'GPIO24') echo.push(change);
    if (echo.length === 2) break;
  }
  assert.near(echo[1].timestampMs - echo[0].timestampMs, 2, 0.001);
  recording.close();
  await sensor.set('distance', 500);
  assert.equal(await sensor.get('distance'), 500);
  await sensor.set('connected', false);
  assert.equal(await sensor.get('connected'), 0);
  await assert.rejects(sensor.set('colour', 'red'),
    {code: 'EINVAL', message: /expected distance or connected/});
  await sensor.remove();
  await assert.rejects(sensor.get('distance'), {code: 'EINVAL'});
  await sim.drive('GPIO23', null);
});

await run();
