// SPDX-License-Identifier: Apache-2.0
// A device and its entities, as hubs see them. The native side builds topics and discovery, sends everything
// again after a reconnect and drops commands that are retained or stale.

import {checkFunction, codedError, describe, numberOption} from './errors.js';
import {badCommand, parseNumber, parseWord, toFlag, toNumber} from './hub_values.js';

const idPattern = /^[a-z0-9][a-z0-9-]*$/;

// Names of options in discovery. What is not here is refused: hubs drop unknown keys without a word.
const discoveryKeys = {
  name: 'name',
  icon: 'icon',
  category: 'entity_category',
  deviceClass: 'device_class',
  unit: 'unit_of_measurement',
  stateClass: 'state_class',
  precision: 'suggested_display_precision',
  min: 'min',
  max: 'max',
  step: 'step',
  mode: 'mode',
  options: 'options',
  eventTypes: 'event_types',
  enabledByDefault: 'enabled_by_default',
  expireAfter: 'expire_after',
  forceUpdate: 'force_update',
  offDelay: 'off_delay',
};
const commonOptions = ['name', 'icon', 'category', 'deviceClass', 'enabledByDefault'];

function discovery(property, options, allowed) {
  const config = {};
  for (const key of Object.keys(options)) {
    if (options[key] === undefined || /^on[A-Z]/.test(key)) continue;
    if (!commonOptions.includes(key) && !allowed.includes(key)) {
      throw new TypeError(
        `${property}: expected options out of ${[...commonOptions, ...allowed].join(', ')}, ` +
        `found ${describe(key)}`);
    }
    config[discoveryKeys[key]] = options[key];
  }
  return config;
}

// What the entities' own methods do with them; scripts cannot.
let publish;  // publishes a value if it is not what was published last; null: unknown
let forget;   // as remove(), for a property that goes with another

class Entity {
  #link;
  #last;
  property;

  constructor(link, property) {
    this.#link = link;
    this.property = property;
  }

  static {
    publish = (entity, value) => {
      if (value === entity.#last || entity.#link.removed) return;
      entity.#last = value;
      entity.#link.state(value);
    };
    forget = (entity) => entity.#link.forget();
  }

  // Takes the entity out of the hub. Further values are ignored.
  remove() { this.#link.remove(); }
}

class Sensor extends Entity {
  #precision;

  constructor(link, property, {precision}) {
    super(link, property);
    this.#precision = precision;
  }

  // A number, a text, or null for unknown.
  set(value) { publish(this, typeof value === 'string' ? value : toNumber(value, this.#precision)); }
}

class BinarySensor extends Entity {
  set(value) { publish(this, toFlag(value, this.property)); }
}

class NumberEntity extends Entity {
  #range;
  #redeclare;

  // `range` is shared with the command's parser.
  constructor(link, property, range, redeclare) {
    super(link, property);
    this.#range = range;
    this.#redeclare = redeclare;
  }

  // Published inside min and max, for hubs refuse anything else; null for unknown.
  set(value) {
    const {min, max, precision} = this.#range;
    const number = toNumber(value, precision);
    publish(this, number === null ? null : Math.min(max, Math.max(min, number)));
  }

  // Announces other limits, if they are others.
  setRange({min, max}) {
    if (min === this.#range.min && max === this.#range.max) return;
    requireRange(this.property, min, max);
    this.#range.min = min;
    this.#range.max = max;
    this.#redeclare();
  }
}

function requireRange(property, min, max) {
  for (const [name, value] of [['min', min], ['max', max]]) {
    numberOption(value, `${property}.${name}`, {min: -1e9, max: 1e9});
  }
  if (!(max > min)) throw new RangeError(`${property}: expected max above min (${min}), found ${max}`);
}

class Select extends Entity {
  #options;

  constructor(link, property, options) {
    super(link, property);
    this.#options = options;
  }

  set(value) {
    if (value !== null && !this.#options.includes(value)) {
      throw new RangeError(`${this.property}: expected one of ${this.#options.join(', ')} or null, ` +
        `found ${describe(value)}`);
    }
    publish(this, value);
  }
}

const coverStates = ['open', 'opening', 'closed', 'closing', 'stopped'];

class Cover extends Entity {
  #position;

  constructor(link, property, position) {
    super(link, property);
    this.#position = position;
  }

  // position: 0 (closed) to 100 (open), whole numbers; null leaves the last one.
  // It goes out before the state: a hub that hears the state first keeps "open" at position 0.
  // Say 'open' or 'closed' at rest rather than 'stopped', which hubs that know the position do not need.
  set({state, position}) {
    if (state !== undefined && state !== null && !coverStates.includes(state)) {
      throw new RangeError(`${this.property}: expected one of ${coverStates.join(', ')} or null, ` +
        `found ${describe(state)}`);
    }
    if (position !== undefined && position !== null) {
      numberOption(position, `${this.property}.position`, {min: 0, max: 100});
      publish(this.#position, Math.round(position));
    }
    if (state !== undefined) publish(this, state);
  }

  remove() {
    super.remove();
    forget(this.#position);
  }
}

class Button extends Entity {}

class EventEntity extends Entity {
  #link;
  #types;

  constructor(link, property, types) {
    super(link, property);
    this.#link = link;
    this.#types = types;
  }

  fire(type, attributes = {}) {
    if (!this.#types.includes(type)) {
      throw new RangeError(
        `${this.property}: expected one of ${this.#types.join(', ')}, found ${describe(type)}`);
    }
    if (!this.#link.removed) this.#link.event({...attributes, event_type: type});
  }
}

// Of an entity that makes no sense without.
function requireOptions(property, options) {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`${property}: expected an object with options, found ${describe(options)}`);
}

function wordList(value, name) {
  if (!Array.isArray(value) || value.length === 0 ||
    !value.every((word) => typeof word === 'string' && word !== '')) {
    throw new TypeError(`${name}: expected a list of words, found ${describe(value)}`);
  }
  const twice = value.find((word, index) => value.indexOf(word) !== index);
  if (twice !== undefined)
    throw new TypeError(`${name}: expected different words, found ${describe(twice)} twice`);
  return [...value];
}

export class Device {
  #native;
  #commands = new Map();  // property -> function(payload)
  #properties = new Set();
  #lastAttributes;
  #lastAvailable;

  constructor(native, info) {
    this.#native = native;
    native.onCommand((property, payload) => this.#dispatch(property, payload));
    native.device({...info});
  }

  // What goes up and down. onCommand gets 'open', 'close' or 'stop'; onPosition a number from 0 to 100.
  // Its position is the property 'position', for a cover that is not called 'cover' '<property>-position'.
  cover(property, options = {}) {
    const {onCommand, onPosition} = options;
    const link = this.#declare(property, {
      component: 'cover',
      config: discovery(property, options, []),
      command:
        onCommand && ((payload) => onCommand(parseWord(payload, ['OPEN', 'CLOSE', 'STOP']).toLowerCase())),
    });
    const position = property === 'cover' ? 'position' : `${property}-position`;
    const positionLink = this.#reserve(position,
      onPosition && ((payload) => onPosition(parseNumber(payload, {min: 0, max: 100}))));
    return new Cover(link, property, new Entity(positionLink, position));
  }

  sensor(property, options = {}) {
    const allowed = ['unit', 'stateClass', 'precision', 'expireAfter', 'forceUpdate', 'options'];
    const config = discovery(property, options, allowed);
    return new Sensor(this.#declare(property, {component: 'sensor', config}), property, options);
  }

  binarySensor(property, options = {}) {
    const config = discovery(property, options, ['expireAfter', 'forceUpdate', 'offDelay']);
    return new BinarySensor(this.#declare(property, {component: 'binary_sensor', config}), property);
  }

  // onCommand gets a number from min to max, as precise as the hub sent it: `step` binds only its user
  // interface.
  number(property, options = {}) {
    const {onCommand, precision, ...shown} = options;
    const range = {min: 0, max: 100, ...shown, precision};
    requireRange(property, range.min, range.max);
    numberOption(options.step, `${property}.step`, {min: 0.001, max: 1e9});
    const config = discovery(property, {...shown, min: range.min, max: range.max},
      ['unit', 'min', 'max', 'step', 'mode']);
    const link = this.#declare(property, {
      component: 'number',
      config,
      command: onCommand && ((payload) => onCommand(parseNumber(payload, range))),
    });
    const redeclare = () => {
      if (link.removed) return;
      const changed = {...config, min: range.min, max: range.max};
      this.#native.declare(property, 'number', changed, true, Boolean(onCommand));
    };
    return new NumberEntity(link, property, range, redeclare);
  }

  select(property, options) {
    requireOptions(property, options);
    const {onCommand} = options;
    const words = wordList(options.options, `${property}.options`);
    const none = words.find((word) => word.toLowerCase() === 'none');
    if (none)
      throw new RangeError(
        `${property}.options: expected no option that hubs read as unknown, found ${describe(none)}`);
    const link = this.#declare(property, {
      component: 'select', config: discovery(property, options, ['options']),
      command: onCommand && ((payload) => onCommand(parseWord(payload, words))),
    });
    return new Select(link, property, words);
  }

  button(property, options) {
    requireOptions(property, options);
    const {onPress} = options;
    checkFunction(onPress, `${property}.onPress`);
    const link = this.#declare(property, {
      component: 'button', config: discovery(property, options, []), state: false,
      command: () => onPress(),  // whatever the payload says, it was pressed
    });
    return new Button(link, property);
  }

  // onCommand gets true or false.
  switch(property, options = {}) {
    const {onCommand} = options;
    const link = this.#declare(property, {
      component: 'switch', config: discovery(property, options, []),
      command: onCommand && ((payload) => onCommand(parseWord(payload, ['ON', 'OFF']) === 'ON')),
    });
    return new BinarySensor(link, property);
  }

  event(property, options) {
    requireOptions(property, options);
    const types = wordList(options.eventTypes, `${property}.eventTypes`);
    const link = this.#declare(property, {
      component: 'event', config: discovery(property, options, ['eventTypes']), state: false,
    });
    return new EventEntity(link, property, types);
  }

  // One JSON object beside the states, published when it changes.
  attributes(object) {
    const text = JSON.stringify(object);
    if (text === this.#lastAttributes) return;
    this.#lastAttributes = text;
    this.#native.attributes(object);
  }

  // false: hubs show all entities as unavailable.
  available(flag) {
    if (typeof flag !== 'boolean')
      throw new TypeError(`available: expected true or false, found ${describe(flag)}`);
    if (flag === this.#lastAvailable) return;
    this.#lastAvailable = flag;
    this.#native.available(flag);
  }

  #declare(property, {component, config, command, state = true}) {
    const link = this.#reserve(property, command);
    try {
      this.#native.declare(property, component, config, state, Boolean(command));
    } catch (error) {
      link.forget();
      throw error;
    }
    return link;
  }

  // Claims the name; what the device knows of a property.
  #reserve(property, command) {
    if (typeof property !== 'string' || !idPattern.test(property) || property.length > 64) {
      throw new TypeError(
        `property: expected lower-case letters, digits and hyphens, found ${describe(property)}`);
    }
    if (property === 'attributes' || property === 'status') {
      throw new RangeError(
        `property: expected a name that deskd does not use itself, found ${describe(property)}`);
    }
    if (this.#properties.has(property)) throw codedError('ERR_IN_USE', `property ${property} exists already`);
    if (command) this.#commands.set(property, command);
    this.#properties.add(property);
    const link = {
      removed: false,
      state: (value) => this.#native.state(property, JSON.stringify(value)),
      event: (object) => this.#native.event(property, object),
      forget: () => {
        link.removed = true;
        this.#commands.delete(property);
        this.#properties.delete(property);
      },
      remove: () => {
        if (link.removed) return;
        link.forget();
        this.#native.remove(property);
      },
    };
    return link;
  }

  // Whatever a handler throws or rejects with is published as the property's error; the script goes on.
  #dispatch(property, payload) {
    try {
      const command = this.#commands.get(property);
      if (!command) throw badCommand('a property that takes commands', property);
      const result = command(payload);
      if (result && typeof result.then === 'function') {
        result.then(undefined, (error) => this.#report(property, payload, error));
      }
    } catch (error) {
      this.#report(property, payload, error);
    }
  }

  #report(property, payload, error) {
    const isError = error instanceof Error;
    const code = isError && typeof error.code === 'string' ? error.code : 'ERR_COMMAND';
    const message = isError ? error.message : String(error);
    this.#native.error(property, {command: payload.slice(0, 200), message, code});
    // A refusal is an answer and carries a code; anything else is a mistake in the script and needs its
    // stack.
    if (isError && error.code === undefined) console.error(`command for ${property} failed:`, error);
    else console.warn(`${property}: command refused, ${message}`);
  }
}
