// SPDX-License-Identifier: Apache-2.0
// The small parts of a desk with two relays.
import {Emitter} from '../../bindings/js/emitter.js';
import {CurrentWatch} from '../../scripts/lib/current_watch.js';
import {FaultList} from '../../scripts/lib/fault_list.js';
import {HeightFilter} from '../../scripts/lib/height_filter.js';
import {RelayMotor} from '../../scripts/lib/relay_motor.js';
import {SensorPoller} from '../../scripts/lib/sensor_poller.js';
import {TravelTime} from '../../scripts/lib/travel_time.js';
import {Ultrasonic} from '../../scripts/lib/ultrasonic.js';
import {FakeClock, settle} from './fake_clock.js';
import {FakeRelayDesk} from './fake_relay_desk.js';
import {assert, run, test} from './harness.js';

function motorOf(properties) {
  const clock = new FakeClock();
  const hardware = new FakeRelayDesk(clock, properties);
  const told = [];
  const motor = new RelayMotor({
    outputs: hardware.outputs, deadTimeMs: 500, leaseMs: 600, clock,
    tell: {
      on: (direction) => told.push(`on ${direction}`), off: (direction) => told.push(`off ${direction}`),
      failed: ({message}) => told.push(message), expired: (reason) => told.push(reason),
    },
  });
  return {clock, hardware, motor, told};
}

test('the other direction waits for the dead time', async () => {
  const {clock, hardware, motor, told} = motorOf();
  motor.drive('up');
  await clock.advance(100);
  motor.drive('down');
  assert.equal([motor.direction, motor.running, hardware.up.value], ['down', null, false]);
  await clock.advance(499);
  assert.equal(hardware.down.value, false);
  await clock.advance(30);
  assert.equal([hardware.down.value, motor.running, told], [true, 'down', ['on up', 'off up', 'on down']]);
  assert.equal(hardware.refusals, 0, 'the guard need not refuse');
});

test('a stop ends the wait for the dead time, and of three wishes the last counts', async () => {
  const {clock, hardware, motor} = motorOf();
  motor.drive('up');
  await clock.advance(100);
  motor.drive('down');
  motor.stop();
  await clock.advance(2000);
  assert.equal(hardware.down.sets, []);
  motor.drive('up');
  motor.drive('down');
  motor.drive('up');
  await clock.advance(2000);
  assert.equal([hardware.up.value, hardware.down.sets, hardware.shorts], [true, [], 0]);
});

test('a stop before the guard has answered counts', async () => {
  const {clock, hardware, motor, told} = motorOf();
  motor.drive('up');
  motor.stop();
  await clock.advance(1000);
  assert.equal([hardware.up.value, motor.running, told], [false, null, []]);
});

test('a pulse ends by itself, and a stop ends it sooner', async () => {
  const {clock, hardware, motor} = motorOf();
  motor.drive('up', 80);
  await clock.advance(79);
  assert.ok(hardware.up.value);
  await clock.advance(2);
  assert.equal([hardware.up.value, motor.direction], [false, null]);
  motor.drive('up', 80);
  await clock.advance(10);
  motor.stop();
  assert.equal(hardware.up.value, false);
});

test('what the guard has switched off is off, and is not renewed', async () => {
  const {clock, hardware, motor, told} = motorOf();
  motor.drive('up');
  await clock.advance(100);
  hardware.up.expire('maxOn');
  assert.equal([motor.direction, motor.running, told], [null, null, ['on up', 'off up', 'maxOn']]);
  const {renewedAt} = hardware.up;
  await clock.advance(1000);
  assert.equal([hardware.up.renewedAt, clock.pending], [renewedAt, 0]);
});

test('gives up when the guard goes on saying no', async () => {
  const {clock, motor, told} = motorOf({refuses: 'ERR_INTERLOCK'});
  motor.drive('up');
  await clock.advance(2000);
  assert.equal([told, motor.direction], [['ERR_INTERLOCK'], null]);
});

test('a median does not see one wrong height, nor noise at rest', () => {
  const filter = new HeightFilter();
  assert.equal([800, 800, 1500, 800, 801].map((mm) => filter.take(mm, true)), [800, 800, 800, 800, 800]);
  const rest = new HeightFilter();
  assert.equal([800, 803, 803, 803, 797].map((mm) => rest.take(mm, false)), [800, 800, 800, 800, 800]);
  for (let count = 0; count < 3; count++) rest.take(810, false);
  assert.equal(rest.take(810, false), 810, 'but what stays is one');
});

test('a current is judged after the start, and by how long it lasts', () => {
  const watch = new CurrentWatch({limitA: 2, limitMs: 100, idleA: 0.2, endMs: 100, inrushMs: 500});
  watch.begin(1000);
  assert.equal([1000, 1400].map((now) => watch.sample(5, now)), [null, null]);
  assert.equal([1500, 1599].map((now) => watch.sample(5, now)), [null, null]);
  assert.equal(watch.sample(1, 1620), null);
  assert.equal([1700, 1750, 1800].map((now) => watch.sample(-3, now)), [null, null, 'obstacle']);
  watch.begin(3000);
  assert.equal([3100, 3500, 3590, 3600].map((now) => watch.sample(0.1, now)), [null, null, null, 'end']);
});

test('the worst of several faults is told, and each ends at its time', async () => {
  const clock = new FakeClock();
  const told = [];
  const faults = new FaultList({names: ['bad', 'poor'], clock, tell: (fault) => told.push(fault && fault.code)});
  faults.set('poor', {code: 'POOR', text: ''});
  faults.set('bad', {code: 'BAD', text: '', forMs: 1000});
  assert.equal([faults.worst.code, faults.hasBeside('poor')], ['BAD', true]);
  assert.equal(faults.worst.until, clock.now() + 1000);
  await clock.advance(1000);
  assert.equal([told, faults.hasBeside('poor')], [['POOR', 'BAD', 'POOR'], false]);
  faults.clear('poor');
  assert.equal([told.at(-1), clock.pending], [null, 0]);
});

test('a sensor that fails is begun anew', async () => {
  const clock = new FakeClock();
  const told = [];
  let begun = 0;
  let fails = false;
  const sensor = {
    begin: async () => { begun++; },
    read: async () => { if (fails) throw new Error('NACK'); return 7; },
  };
  const poller = new SensorPoller({
    sensor, clock, everyMs: 1000, tell: {value: (value) => told.push(value), failed: ({message}) => told.push(message)},
  });
  poller.start();
  await clock.advance(1000);
  assert.equal([told, begun], [[7, 7], 1]);
  poller.setEvery(100);
  await clock.advance(100);
  assert.equal(told.length, 3, 'sooner');
  fails = true;
  await clock.advance(100);
  fails = false;
  await clock.advance(300);
  assert.equal([told.slice(3), begun], [['NACK', 7, 7], 2]);
  poller.stop();
  await clock.advance(1000);
  assert.equal([told.length, clock.pending], [6, 0]);
});

test('a desk that counts is at an end when it must be there', () => {
  const time = new TravelTime({minMm: 600, maxMm: 1200, upMs: 20000, downMs: 20000});
  time.begin('up', 0);
  time.end(1000);
  assert.equal(time.mm, null, 'nothing is known');
  time.atEnd('down');
  time.begin('up', 2000);
  time.end(12000);
  assert.near(time.mm, 900, 0.01);
  assert.near(time.errorMm, 4, 0.01);
  time.begin('down', 20000);
  time.advance(30000);
  assert.ok(time.mm > 600, 'not before what may be missing is made up for');
  time.end(30700);
  assert.equal([time.mm, time.errorMm], [600, 0]);
});

class FakeSonar {
  trigger;
  echo = new Emitter('fake echo', ['rising', 'falling']);
  echoMs = 4;

  constructor(clock) {
    this.trigger = {
      pulse: async () => {
        if (this.echoMs === null) return true;
        clock.setTimeout(() => this.echo.emit('rising', {timestampMs: clock.now()}), 0.45);
        clock.setTimeout(() => this.echo.emit('falling', {timestampMs: clock.now()}), 0.45 + this.echoMs);
        return true;
      },
    };
  }
}

test('an echo is a distance by the kernel\'s times', async () => {
  const clock = new FakeClock();
  const sonar = new FakeSonar(clock);
  const sensor = new Ultrasonic({trigger: sonar.trigger, echo: sonar.echo, clock});
  const read = async () => {
    let result;
    sensor.read().then((mm) => { result = mm; }, (error) => { result = error.message; });
    await clock.advance(100);
    await settle();
    return result;
  };
  assert.equal(await read(), 686);
  sonar.echoMs = 38;
  assert.equal(await read(), null, 'nothing in range');
  sonar.echoMs = null;
  assert.match(await read(), /expected an echo within 80 ms, found none/);
  assert.equal(clock.pending, 0);
});

await run();
