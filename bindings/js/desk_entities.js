// SPDX-License-Identifier: Apache-2.0
// A desk as a hub sees it: cover with position, height, target, preset, stop, moving, fault, lock, keypad.
//
// Commands come from far away. None is remembered: without a fresh one nothing moves. What is shown is what
// was measured; the target is shown only while the desk is on its way there.

import {codedError, describe, fail, numberOption} from './errors.js';

const manual = 'manual';
const defaultKeys = ['up', 'down'];
const failures = {
  stall: 'the desk did not move on',
  timeout: 'the move took too long',
  fault: 'the controller reported a fault',
  disconnect: 'the controller was disconnected',
};

const round = (mm) => Math.round(mm * 10) / 10;
const toCm = (mm) => (mm === null ? null : round(mm / 10));

function checkPresets(presets) {
  for (const {name, heightMm, slot} of presets) {
    if (typeof name !== 'string' || name === '' || name === manual) {
      throw new TypeError(`preset: expected a name other than ${manual}, found ${describe(name)}`);
    }
    if ((heightMm === undefined) === (slot === undefined)) {
      throw new TypeError(`preset ${name}: expected either heightMm or slot`);
    }
  }
  return presets;
}

class Exposure {
  #desk;
  #device;
  #clock;
  #presets;
  #intervalMs;
  #entities = {};
  #publishedAt = -Infinity;
  #timer = null;
  #lastResult = null;
  #extra;  // more attributes

  constructor(desk, {device, presets = [], keys = defaultKeys, cover = true, updateMs, clock, attributes}) {
    this.#desk = desk;
    this.#device = device;
    this.#presets = checkPresets(presets);
    this.#intervalMs = numberOption(updateMs, 'updateMs', {min: 200, max: 5000, fallback: 200});
    this.#clock = clock || {
      now: () => performance.now(),
      setTimeout: (fn, milliseconds) => setTimeout(fn, milliseconds),
      clearTimeout: (timer) => clearTimeout(timer),
    };
    this.#extra = attributes || (() => ({}));
    this.#declare(cover, keys);
    desk.on('change', () => this.publishAll());
    desk.on('height', () => this.#publishSoon());
    desk.on('preset', () => this.#publishSoon());
    desk.on('keypad', (key) => { if (keys.includes(key)) this.#entities.keypad.fire(key); });
    desk.on('move', (result) => {
      this.#lastResult = result;
      this.publishAll();
    });
    this.publishAll();
  }

  // Everything as it is now; entities publish only what has changed. Position goes out before the state.
  publishAll() {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    const first = this.#publishedAt === -Infinity;
    this.#publishedAt = this.#clock.now();
    const desk = this.#desk;
    const {cover, height, target, preset, moving, fault, lock} = this.#entities;
    // The first to hear that it moves; that it rests comes when all that is final has been said.
    if (desk.moving || first) moving.set(desk.moving);
    if (cover) cover.set({position: desk.position, state: this.#coverState()});
    height.set(toCm(desk.heightMm));
    target.setRange({min: toCm(desk.minMm), max: toCm(desk.maxMm)});
    // On its way to where nobody here has sent it, the last target stands until it rests.
    if (desk.targetMm !== null || !desk.moving) target.set(toCm(desk.moving ? desk.targetMm : desk.heightMm));
    if (preset) preset.set(this.#presetName());
    fault.set(desk.fault !== null);
    lock.set(desk.locked);
    if (!desk.moving || desk.fault !== null) this.#device.attributes(this.#attributes());
    moving.set(desk.moving);
    this.#device.available(desk.connected);
  }

  // While moving at most one update each interval; the last value at rest comes through 'change'.
  #publishSoon() {
    const waitMs = this.#publishedAt + this.#intervalMs - this.#clock.now();
    if (waitMs <= 0) this.publishAll();
    else if (this.#timer === null) this.#timer = this.#clock.setTimeout(() => this.publishAll(), waitMs);
  }

  #coverState() {
    const {direction, position} = this.#desk;
    if (direction !== null) return direction === 'up' ? 'opening' : 'closing';
    if (position === null) return null;
    return position === 0 ? 'closed' : 'open';
  }

  #presetName() {
    const {heightMm, moving, presetHeights} = this.#desk;
    if (moving || heightMm === null) return manual;
    const here = this.#presets.find(({heightMm: presetMm, slot}) => {
      const mm = slot === undefined ? presetMm : presetHeights.get(slot);
      return mm !== undefined && Math.abs(mm - heightMm) <= 5;
    });
    return here === undefined ? manual : here.name;
  }

  #attributes() {
    const {fault, heightMm, minMm, maxMm} = this.#desk;
    return {
      height_mm: heightMm, min_mm: minMm, max_mm: maxMm,
      fault_code: fault === null ? null : fault.code, fault_text: fault === null ? null : fault.text,
      last_move: this.#lastResult === null ? null : this.#lastResult.reason,
      ...this.#extra(),
    };
  }

  #declare(cover, keys) {
    const device = this.#device;
    const desk = this.#desk;
    const mm = {minMm: desk.minMm, maxMm: desk.maxMm};
    if (cover) {
      this.#entities.cover = device.cover('cover', {
        icon: 'mdi:desk',
        onCommand: (word) => this.#coverCommand(word),
        onPosition: (percent) => this.#positionCommand(percent),
      });
    }
    this.#entities.height = device.sensor('height', {
      name: 'Height', deviceClass: 'distance', unit: 'cm', stateClass: 'measurement', precision: 1,
    });
    this.#entities.target = device.number('target', {
      name: 'Target height', deviceClass: 'distance', unit: 'cm', min: toCm(mm.minMm), max: toCm(mm.maxMm),
      step: 0.5, mode: 'slider', precision: 1, onCommand: (cm) => this.#go(cm * 10),
    });
    if (this.#presets.length > 0) {
      this.#entities.preset = device.select('preset', {
        name: 'Preset', options: [manual, ...this.#presets.map(({name}) => name)],
        onCommand: (name) => this.#presetCommand(name),
      });
    }
    const stop = () => { desk.stop(); };
    this.#entities.stop = device.button('stop', {name: 'Stop', icon: 'mdi:stop', onPress: stop});
    this.#entities.moving = device.binarySensor('moving', {name: 'Moving', deviceClass: 'moving'});
    this.#entities.fault = device.binarySensor('fault',
      {name: 'Fault', deviceClass: 'problem', category: 'diagnostic'});
    this.#entities.lock = device.switch('lock', {
      name: 'Lock', icon: 'mdi:lock', category: 'config', onCommand: (locked) => desk.setLocked(locked),
    });
    this.#entities.keypad = device.event('keypad', {name: 'Keypad', deviceClass: 'button', eventTypes: keys});
  }

  #coverCommand(word) {
    if (word === 'stop') {
      this.#desk.stop();
      return undefined;
    }
    const limitMm = word === 'open' ? this.#desk.maxMm : this.#desk.minMm;
    if (this.#desk.heightMm !== null) return this.#go(limitMm, {snap: true});
    return this.#report(word === 'open' ? this.#desk.up() : this.#desk.down());
  }

  #positionCommand(percent) {
    const {minMm, maxMm, position} = this.#desk;
    if (!this.#desk.moving && Math.round(percent) === position) return undefined;
    return this.#go(minMm + (maxMm - minMm) * percent / 100, {snap: percent === 0 || percent === 100});
  }

  #presetCommand(name) {
    if (name === manual) return undefined;
    const {heightMm, slot} = this.#presets.find((preset) => preset.name === name);
    return slot === undefined ? this.#go(heightMm) : this.#report(this.#desk.recall(slot));
  }

  // `snap`: an end of the range is meant, and being near it is being there.
  #go(mm, {snap = false} = {}) {
    const desk = this.#desk;
    const near = desk.heightMm !== null && Math.abs(desk.heightMm - mm) < desk.minTravelMm;
    if (snap && near && !desk.moving) return undefined;
    return this.#report(desk.moveTo(round(mm)));
  }

  // A move that ended badly is reported like one that was refused.
  async #report(moving) {
    const {reason, heightMm} = await moving;
    if (!(reason in failures)) return;
    const at = heightMm === null ? 'at an unknown height' : `at ${toCm(heightMm)} cm`;
    throw codedError(`ERR_MOVE_${reason.toUpperCase()}`, `${failures[reason]}, it is ${at}`);
  }
}

// Shows `desk` through `device` (from deskd:hub) and obeys the hub's commands. `connection` (deskd:mqtt) and
// `offlineStopMs`: a desk under way stops when the broker has been away that long; 0 lets it arrive.
export function exposeDesk(desk, options) {
  const exposure = new Exposure(desk, options);
  const {connection, clock} = options;
  const offlineStopMs =
    numberOption(options.offlineStopMs, 'offlineStopMs', {min: 0, max: 600000, fallback: 5000});
  if (connection !== undefined && offlineStopMs > 0) stopWhenOffline(desk, connection, offlineStopMs, clock);
  return exposure;
}

function stopWhenOffline(desk, connection, offlineStopMs, clock = {setTimeout, clearTimeout}) {
  let timer = null;
  connection.on('online', () => {
    clock.clearTimeout(timer);
    timer = null;
  });
  connection.on('offline', () => {
    if (timer !== null) return;
    timer = clock.setTimeout(() => {
      timer = null;
      if (desk.commanded) desk.stop().catch(fail);
    }, offlineStopMs);
  });
}
