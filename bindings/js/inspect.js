// SPDX-License-Identifier: Apache-2.0
// Values as text for people: what console and log print. Never calls into the value (no getters, no toString,
// no proxy traps beyond reading descriptors), and never returns more than maxLength characters.

const maxLength = 10000;
const maxItems = 100;
const maxStringInside = 1000;
const lineWidth = 100;

const typedArrayTag = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get;
const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, 'size').get;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, 'size').get;
const bufferLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength').get;
const {entries: mapEntries} = Map.prototype;
const {values: setValues} = Set.prototype;
const {toISOString, getTime} = Date.prototype;
const {toString: functionText} = Function.prototype;
const {toString: regExpText} = RegExp.prototype;
const weakMapHas = WeakMap.prototype.has;
const weakSetHas = WeakSet.prototype.has;
const promiseThen = Promise.prototype.then;
const identifier = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

function clip(text, limit) {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit - 40)}... ${text.length - limit + 40} more characters`;
}

// Whether `probe` accepts `value`: how a built-in class is told without trusting its prototype.
function passes(probe, value) {
  try {
    probe.call(value);
    return true;
  } catch {
    return false;
  }
}

function quote(text) {
  const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : "'";
  const body = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  return mark + (mark === '"' ? body : body.replaceAll("'", "\\'")) + mark;
}

function keyText(key) {
  if (typeof key === 'symbol') return `[${key.toString()}]`;
  return identifier.test(key) ? key : quote(key);
}

// The value of an own or inherited data property; undefined for getters and for what throws.
function dataProperty(object, key) {
  try {
    for (let at = object, depth = 0; at !== null && depth < 16; at = Object.getPrototypeOf(at), depth++) {
      const descriptor = Object.getOwnPropertyDescriptor(at, key);
      if (descriptor) return descriptor.value;
    }
  } catch {
    // a proxy that refuses
  }
  return undefined;
}

function className(object) {
  const constructor = dataProperty(object, 'constructor');
  const name = typeof constructor === 'function' ? dataProperty(constructor, 'name') : undefined;
  return typeof name === 'string' && name !== '' ? name : null;
}

class Printer {
  #depth;
  #hex;
  #seen = [];
  #budget = maxLength;

  constructor({depth = 2, hex = true} = {}) {
    this.#depth = depth;
    this.#hex = hex;
  }

  print(value, level = 0) {
    if (this.#budget <= 0) return '...';
    const text = this.#any(value, level);
    if (typeof value !== 'object') this.#budget -= text.length;
    return text;
  }

  #any(value, level) {
    switch (typeof value) {
      case 'string': return level === 0 ? quote(clip(value, maxLength)) : quote(clip(value, maxStringInside));
      case 'bigint': return `${value}n`;
      case 'number': return Object.is(value, -0) ? '-0' : String(value);
      case 'symbol': return value.toString();
      case 'function': return this.#functionHead(value);
      case 'object': return value === null ? 'null' : this.#object(value, level);
      default: return String(value);
    }
  }

  #functionHead(value) {
    const name = dataProperty(value, 'name');
    const kind = functionText.call(value).startsWith('class') ? 'class' : 'Function';
    if (kind === 'class') return `[class ${typeof name === 'string' && name ? name : '(anonymous)'}]`;
    return typeof name === 'string' && name ? `[Function: ${name}]` : '[Function (anonymous)]';
  }

  #object(value, level) {
    if (this.#seen.includes(value)) return '[Circular]';
    this.#seen.push(value);
    try {
      return this.#known(value, level);
    } catch {
      return '[object that cannot be inspected]';
    } finally {
      this.#seen.pop();
    }
  }

  #known(value, level) {
    const name = className(value);
    if (value instanceof Error) return this.#error(value, level);
    if (Array.isArray(value)) return this.#array(value, name, level);
    const tag = ArrayBuffer.isView(value) ? typedArrayTag.call(value) || 'DataView' : null;
    if (tag) return this.#view(value, tag);
    if (passes(bufferLength, value)) {
      return `ArrayBuffer { ${this.#bytes(new Uint8Array(value))} }`;
    }
    if (passes(mapSize, value)) return this.#map(value, name || 'Map', level);
    if (passes(setSize, value)) return this.#set(value, name || 'Set', level);
    if (passes(getTime, value)) {
      return Number.isNaN(getTime.call(value)) ? 'Invalid Date' : toISOString.call(value);
    }
    if (value instanceof RegExp) return regExpText.call(value);
    if (value instanceof Promise &&
      passes(function() { promiseThen.call(this, undefined, () => {}); }, value)) {
      return 'Promise {}';
    }
    if (passes(function() { weakMapHas.call(this, {}); }, value)) return 'WeakMap {}';
    if (passes(function() { weakSetHas.call(this, {}); }, value)) return 'WeakSet {}';
    const primitive = [String, Number, Boolean].find(
      (type) => value instanceof type && passes(type.prototype.valueOf, value));
    if (primitive) return `[${primitive.name}: ${this.print(primitive.prototype.valueOf.call(value), 1)}]`;
    return this.#plain(value, name, level);
  }

  #error(error, level) {
    const stack = dataProperty(error, 'stack');
    const message = dataProperty(error, 'message');
    const name = dataProperty(error, 'name') || className(error) || 'Error';
    const head = message ? `${name}: ${message}` : String(name);
    let text = typeof stack === 'string' && stack !== '' ? stack : head;
    // The stack was taken when the error was made; show what name and message say now.
    if (text !== head && !text.startsWith(head)) {
      const frames = text.search(/\n {4}at /);
      text = head + (frames >= 0 ? text.slice(frames) : '');
    }
    const extra = this.#members(error, level, ['stack', 'message', 'name', 'cause']);
    const code = dataProperty(error, 'code');
    if (code !== undefined && !extra.some((member) => member.startsWith('code:'))) {
      extra.unshift(`code: ${this.print(code, level + 1)}`);
    }
    if (extra.length > 0) text += ` { ${extra.join(', ')} }`;
    if (Object.prototype.hasOwnProperty.call(error, 'cause')) {
      text += `\n  [cause]: ${this.print(dataProperty(error, 'cause'), level + 1)}`;
    }
    this.#budget -= text.length;
    return clip(text, maxLength);
  }

  #array(value, name, level) {
    const prefix = name && name !== 'Array' ? `${name}(${value.length}) ` : '';
    if (level > this.#depth) return `[${name || 'Array'}]`;
    const items = [];
    for (let index = 0; index < value.length && items.length < maxItems && this.#budget > 0; index++) {
      const descriptor = Object.getOwnPropertyDescriptor(value, index);
      if (!descriptor) items.push('<empty>');
      else items.push('value' in descriptor ? this.print(descriptor.value, level + 1) : '[Getter]');
    }
    if (value.length > items.length) items.push(`... ${value.length - items.length} more items`);
    return this.#wrap(`${prefix}[`, items, ']', level);
  }

  #view(value, tag) {
    const length = tag === 'DataView' ? value.byteLength : value.length;
    const bytes = tag === 'Uint8Array' || tag === 'Uint8ClampedArray' || tag === 'DataView';
    if (bytes && this.#hex) {
      const view = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      return `${tag}(${length}) <${this.#bytes(view)}>`;
    }
    const items = [];
    for (let index = 0; index < length && index < maxItems; index++) items.push(String(value[index]));
    if (length > maxItems) items.push(`... ${length - maxItems} more items`);
    const text = `${tag}(${length}) [ ${items.join(', ')} ]`;
    this.#budget -= text.length;
    return text;
  }

  #bytes(view) {
    const shown =
      Array.from(view.subarray(0, maxItems), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = view.length > maxItems ? `${shown} ... ${view.length - maxItems} more bytes` : shown;
    this.#budget -= text.length;
    return text;
  }

  #map(value, name, level) {
    const size = mapSize.call(value);
    if (level > this.#depth) return `[${name}]`;
    const items = [];
    for (const [key, item] of mapEntries.call(value)) {
      if (items.length >= maxItems || this.#budget <= 0) break;
      items.push(`${this.print(key, level + 1)} => ${this.print(item, level + 1)}`);
    }
    if (size > items.length) items.push(`... ${size - items.length} more items`);
    return this.#wrap(`${name}(${size}) {`, items, '}', level);
  }

  #set(value, name, level) {
    const size = setSize.call(value);
    if (level > this.#depth) return `[${name}]`;
    const items = [];
    for (const item of setValues.call(value)) {
      if (items.length >= maxItems || this.#budget <= 0) break;
      items.push(this.print(item, level + 1));
    }
    if (size > items.length) items.push(`... ${size - items.length} more items`);
    return this.#wrap(`${name}(${size}) {`, items, '}', level);
  }

  #plain(value, name, level) {
    const prototype = Object.getPrototypeOf(value);
    let prefix = name && name !== 'Object' ? `${name} ` : '';
    if (prototype === null) prefix = '[Object: null prototype] ';
    if (level > this.#depth) return `[${name || 'Object'}]`;
    return this.#wrap(`${prefix}{`, this.#members(value, level, []), '}', level);
  }

  #members(value, level, without) {
    const members = [];
    const keys = Reflect.ownKeys(value);
    let left = 0;
    for (const key of keys) {
      const descriptor = Object.getOwnPropertyDescriptor(value, key);
      if (!descriptor || !descriptor.enumerable || without.includes(key)) continue;
      if (members.length >= maxItems || this.#budget <= 0) {
        left++;
        continue;
      }
      members.push(`${keyText(key)}: ${this.#member(descriptor, level)}`);
    }
    if (left > 0) members.push(`... ${left} more`);
    return members;
  }

  #member(descriptor, level) {
    if ('value' in descriptor) return this.print(descriptor.value, level + 1);
    if (descriptor.get && descriptor.set) return '[Getter/Setter]';
    return descriptor.get ? '[Getter]' : '[Setter]';
  }

  #wrap(open, items, close, level) {
    this.#budget -= open.length + close.length + 2 * items.length;
    if (items.length === 0) return open + close;
    const oneLine = `${open} ${items.join(', ')} ${close}`;
    if (oneLine.length <= lineWidth && !oneLine.includes('\n')) return oneLine;
    const indent = '  '.repeat(level + 1);
    return `${open}\n${items.map((item) => indent + item).join(',\n')}\n${'  '.repeat(level)}${close}`;
  }
}

// Text for one value. Options: depth (2), hex (true: bytes as hexadecimal).
export function inspect(value, options) {
  return clip(new Printer(options).print(value), maxLength);
}

function json(value) {
  try {
    return String(JSON.stringify(value));
  } catch (error) {
    return `[${error.message}]`;
  }
}

function toNumber(value, parse) {
  if (typeof value === 'bigint') return `${value}n`;
  return typeof value === 'symbol' || typeof value === 'object' ? 'NaN' : String(parse(value));
}

function substitute(letter, value) {
  switch (letter) {
    case 's': return typeof value === 'string' ? value : inspect(value, {depth: 0});
    case 'd': return toNumber(value, Number);
    case 'i': return toNumber(value, (text) => Number.parseInt(text, 10));
    case 'f': return toNumber(value, Number.parseFloat);
    case 'j': return json(value);
    case 'o': return inspect(value, {depth: 4});
    case 'O': return inspect(value);
    default: return '';  // %c: style, which a log does not have
  }
}

// One line of log from console arguments: printf-like when the first is a string.
export function format(...args) {
  let next = 0;
  let text = '';
  if (typeof args[0] === 'string') {
    next = 1;
    text = args[0].replace(/%([sdifjoOc%])/g, (found, letter) => {
      if (letter === '%') return args.length > 1 ? '%' : found;
      return next < args.length ? substitute(letter, args[next++]) : found;
    });
  }
  for (; next < args.length && text.length < maxLength; next++) {
    const value = args[next];
    if (next > 0) text += ' ';
    text += typeof value === 'string' ? value : inspect(value);
  }
  return clip(text, maxLength);
}
