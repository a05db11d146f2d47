// SPDX-License-Identifier: Apache-2.0
// native:hub, as bindings/hub.cpp is seen from JavaScript: remembers what it was told, and sends commands.
// States come as JSON and are kept as the daemon publishes them.

function published(json) {
  const value = JSON.parse(json);
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'ON' : 'OFF';
  return String(value);
}

export class FakeHub {
  info = null;
  declared = {};       // property -> [component, config, hasState, hasCommand]
  declarations = 0;
  removed = [];
  states = [];         // [property, value], in order
  attributeLog = [];
  events = [];
  errors = [];
  availability = [];
  refuse = null;
  #onCommand = () => {};

  device(info) { this.info = info; }
  declare(property, ...declaration) {
    if (this.refuse) throw this.refuse;
    this.declarations++;
    this.declared[property] = declaration;
  }
  remove(property) { this.removed.push(property); }
  state(property, json) { this.states.push([property, published(json)]); }
  attributes(object) { this.attributeLog.push(object); }
  event(property, object) { this.events.push([property, object]); }
  error(property, object) { this.errors.push([property, object]); }
  available(flag) { this.availability.push(flag); }
  onCommand(fn) { this.#onCommand = fn; }

  command(property, payload) { this.#onCommand(property, payload); }

  // The last value of a property, as a hub would show it.
  shown(property) {
    const found = this.states.filter(([name]) => name === property);
    return found.length === 0 ? undefined : found[found.length - 1][1];
  }
}
