// SPDX-License-Identifier: Apache-2.0
// Prints, as JSON in pieces, what scripts really find: the exports of every module, the globals, and specimens of what
// functions and listeners hand out. surface_test.py runs it on a simulated board; compare.js holds scripts/deskd.d.ts
// against it.

import * as cron from 'deskd:cron';
import * as deskModule from 'deskd:desk';
import * as gpio from 'deskd:gpio';
import * as hub from 'deskd:hub';
import * as i2c from 'deskd:i2c';
import * as serial from 'deskd:serial';
import * as sim from 'deskd:sim';
import * as storage from 'deskd:storage';
import * as testModule from 'deskd:test';
// Without a broker there are no messages: the same class, on one that is not there.
import {MqttClient} from '../../bindings/js/mqtt_client.js';

const deepest = 4;
const ofEveryFunction = ['arguments', 'caller', 'length', 'name', 'prototype'];

function typeName(value) {
  return value === null ? 'null' : typeof value;
}

function keyName(key) {
  return typeof key === 'symbol' ? `[${key.description}]` : key;
}

// What `holder` has of its own, but for names in `without`; values are read from `owner`.
function ownMembers(holder, owner, without, depth) {
  const members = {};
  for (const key of Reflect.ownKeys(holder)) {
    if (without.includes(key) || key === Symbol.toStringTag) continue;
    const {set, writable} = Object.getOwnPropertyDescriptor(holder, key);
    const member = {readOnly: set === undefined && !writable};
    try {
      Object.assign(member, describe(owner[key], depth + 1));
    } catch {
      member.type = 'unknown';  // a getter of a class that has no object here
    }
    members[keyName(key)] = member;
  }
  return members;
}

// Own members and those of the prototypes, up to Object's.
function membersOf(value, depth) {
  let members = {};
  for (let at = value; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at))
    members = {...ownMembers(at, value, ['constructor'], depth), ...members};
  return members;
}

// ECMAScript's own classes are not deskd's to describe; of what the engine gives it adds only WebAssembly.
const nativeClasses = Object.values(Object.getOwnPropertyDescriptors(WebAssembly)).map(({value}) => value);

function isClass(value) {
  if (!value.prototype || Reflect.ownKeys(value.prototype).length < 2) return false;
  return !/\[native code\] \}$/.test(Function.prototype.toString.call(value)) || nativeClasses.includes(value);
}

function describe(value, depth = 0) {
  const described = {type: typeName(value)};
  if (typeof value === 'function') {
    described.length = value.length;
    described.source = Function.prototype.toString.call(value);
    if (isClass(value)) {
      described.statics = ownMembers(value, value, ofEveryFunction, depth);
      described.instance = membersOf(value.prototype, depth);
    }
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value) && depth < deepest) {
    described.members = membersOf(value, depth);
  }
  return described;
}

// The names of options that `call` knows: it is given one that it does not, and says so.
async function optionsOf(call) {
  try {
    await call({unheardOf: 1});
  } catch (error) {
    const match = /expected (?:one of|options out of) (.*), found/.exec(error.message);
    if (match) return match[1].split(', ');
    throw error;
  }
  throw new Error(`expected a refusal of an unknown option, found none: ${call}`);
}

// All that scripts may import, by the answer to a name that is none.
async function moduleNames() {
  const error = await import('deskd:').catch((refusal) => refusal);
  return error.message.match(/deskd:\w+/g);
}

// Resolves with the first value that on() tells.
function first(begin) {
  return new Promise((resolve) => { begin(resolve); });
}

class Driver {
  attach(sink) { this.sink = sink; }
  raise() {}
  lower() {}
  stop() {}
}

async function makeSpecimens() {
  const specimens = {};

  await sim.pull('GPIO17', 'down');
  const output = await gpio.output({line: 'GPIO27', initial: false, safe: false});
  const input = await gpio.input({line: 'GPIO17'});
  const edge = first((take) => input.on('change', take));
  await sim.drive('GPIO17', true);
  Object.assign(specimens, {
    'deskd:gpio Output': output, 'deskd:gpio Input': input, 'deskd:gpio EdgeEvent': await edge,
    'deskd:gpio LineInfo': (await gpio.lines())[0], 'BoundedStream': input.events(),
  });
  await sim.fault('gpio-request', 'EACCES');
  specimens.CodedError = await gpio.input({line: 'GPIO22'}).catch((error) => error);

  await sim.i2c.add('i2c-1', 0x48, 'lm75');
  specimens['deskd:i2c I2cDevice'] = await i2c.open({bus: 1, address: 0x48});

  const path = await sim.serial.add('types');
  specimens['deskd:serial SerialPort'] = await serial.open({path});

  const recording = await sim.record();
  const change = first((take) => recording.on('change', take));
  await sim.drive('GPIO17', false);
  Object.assign(specimens, {'deskd:sim SimRecording': recording, 'deskd:sim Change': await change});
  specimens['deskd:sim SimPlant'] =
    await sim.plant('ultrasonic', {trigger: 'GPIO23', echo: 'GPIO24', distance: 800});

  let deliver;
  const client = new MqttClient(
    {onConnection() {}, async subscribe(filter, qos, fn) { deliver = fn; return {close() {}}; }}, () => {});
  const message = first((take) => { specimens['deskd:mqtt Subscription'] = client.subscribe('a', take); });
  specimens['deskd:mqtt Subscription'] = await specimens['deskd:mqtt Subscription'];
  deliver('a', new Uint8Array(1), 1, false);
  specimens['deskd:mqtt Message'] = await message;

  specimens['deskd:storage Store'] = storage.shared;
  await storage.transaction((transaction) => { specimens['deskd:storage Transaction'] = transaction; });

  const run = first((take) => {
    const job = cron.schedule('0 0 1 1 *', take);
    specimens['deskd:cron Job'] = job;
    job.run();
  });
  specimens['deskd:cron Run'] = await run;

  const device = hub.device();
  specimens['deskd:desk Exposure'] = deskModule.exposeDesk(new deskModule.Desk(new Driver()), {device});
  Object.assign(specimens, {
    'deskd:hub Device': device,
    'deskd:hub Cover': device.cover('shutter'),
    'deskd:hub Sensor': device.sensor('sensor'),
    'deskd:hub BinarySensor': device.binarySensor('binary'),
    'deskd:hub NumberEntity': device.number('number'),
    'deskd:hub Select': device.select('select', {options: ['a']}),
    'deskd:hub Button': device.button('button', {onPress() {}}),
    'deskd:hub Switch': device.switch('switch'),
    'deskd:hub EventEntity': device.event('event', {eventTypes: ['a']}),
  });
  specimens['deskd:hub Entity'] = specimens['deskd:hub Button'];

  const driver = new Driver();
  const desk = new deskModule.Desk(driver);
  driver.sink.connected(true);
  for (let i = 0; i < 3; i++) driver.sink.height(700);
  driver.sink.fault({code: 'E01', text: 'an obstacle', until: 1});
  const fault = desk.fault;
  driver.sink.fault(null);
  Object.assign(specimens, {
    'deskd:desk Desk': desk, 'deskd:desk DeskSink': driver.sink, 'deskd:desk Fault': fault,
    'deskd:desk MoveResult': await desk.moveTo(700),
  });
  return specimens;
}

// What the functions that check their options know.
const optionsOfCalls = {
  'deskd:cron JobOptions': (options) => cron.schedule('@daily', () => {}, options),
  'deskd:cron NextOptions NextTimesOptions': (options) => cron.next('@daily', options),
  'deskd:desk DeskOptions': (options) => new deskModule.Desk(new Driver(), options),
  'deskd:gpio OutputOptions MotionOptions OutputsOptions': (options) => gpio.output(options),
  'deskd:gpio InputOptions': (options) => gpio.input(options),
  'deskd:i2c OpenOptions': (options) => i2c.open(options),
  'deskd:serial OpenOptions': (options) => serial.open(options),
};

testModule.test('surface', async () => {
  const specimens = {};
  for (const [name, value] of Object.entries(await makeSpecimens())) specimens[name] = describe(value);
  const exported = {};
  for (const name of await moduleNames()) {
    const module = await import(name);
    exported[name] = ownMembers(module, module, [], 0);
  }
  const globals = ownMembers(globalThis, globalThis, ['globalThis'], 0);
  const options = {};
  for (const [names, call] of Object.entries(optionsOfCalls)) options[names] = await optionsOf(call);
  const text = JSON.stringify({modules: exported, specimens, globals, options, meta: Object.keys(import.meta)});
  // A line of the log is cut where it is too long.
  for (let at = 0; at < text.length; at += 4096) console.log(`surface ${text.slice(at, at + 4096)}`);
});
