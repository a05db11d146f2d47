// SPDX-License-Identifier: Apache-2.0
// node compare.js TYPESCRIPT SURFACE DECLARATIONS...: holds each deskd.d.ts against what surface.test.js has found, and
// prints {FILE: [difference, ...]} as JSON. TYPESCRIPT is the compiler's typescript.js.
//
// Names: what is exported, global, or a member of an object is declared, and the other way round. A member of an object
// is what it has of its own or by its prototypes up to Object's.
//
// Arity of a function, of a method and of a constructor that scripts may call:
//   - its `length`, which counts the parameters before the first that has a default, is at least the number of
//     parameters that must be given, and at most the number of all that are declared;
//   - the source has as many parameters as are declared, and a rest parameter where one is declared. (The engine shows
//     no source of native functions.)
// Of several signatures the one with the fewest required and the one with the most parameters count.
//
// Values: of one of the declared types; what cannot be written is declared readonly.
//
// Options: the names that a function says it knows are those of the options' type. So are the names that it takes out
// of a parameter.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const [compiler, surfaceFile, ...allDeclarations] = process.argv.slice(2);
const ts = require(path.resolve(compiler));
const surface = JSON.parse(fs.readFileSync(surfaceFile, 'utf8'));

const options = {
  target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, lib: ['lib.es2022.d.ts'], types: [], strict: true,
};
// ECMAScript's own types are the same for all files.
const host = ts.createCompilerHost(options);
const {getSourceFile} = host;
const parsed = new Map();
host.getSourceFile = (name, ...more) => {
  if (!parsed.has(name)) parsed.set(name, getSourceFile.call(host, name, ...more));
  return parsed.get(name);
};

// Types of what scripts hand in: nothing that deskd has made can be held against them.
const handedIn = [
  'StreamOptions', 'WaitOptions', 'ErrorConstructor', 'ImportMeta', 'SymbolConstructor', 'EventInit', 'CustomEventInit',
  'EventListenerObject', 'deskd:cron ZoneOptions', 'deskd:desk Clock', 'deskd:desk DeskDriver',
  'deskd:desk ExposeOptions', 'deskd:gpio CommonOutputOptions', 'deskd:hub EntityOptions',
  'deskd:i2c RegisterOptions', 'deskd:i2c TransferOptions', 'deskd:serial RequestOptions',
];
// Tables that give the type of an event's value to its name.
const eventTables = ['deskd:desk DeskEvents', 'deskd:serial PortEvents', 'deskd:sim RecordingEvents'];

// Of the declarations that are being compared:
let file;
let checker;
let differences;
let met;      // names of declared types that something has been held against
let names;    // symbol of a declared type -> 'deskd:gpio Output', or 'Console' of a global one
let modules;  // 'deskd:gpio' -> its exported symbols, by name
let globals;  // name -> symbol, ECMAScript's too

function differ(where, what) { differences.push(`${where}: ${what}`); }

function declaredHere(symbol) {
  return (symbol.declarations || []).some((declaration) => declaration.getSourceFile() === file);
}

// ---- types ----

function typeOf(symbol) { return checker.getTypeOfSymbolAtLocation(symbol, file); }

// What typeof may say of a value of the type, with 'null' apart; undefined: anything.
function kindsOf(type) {
  const is = (flag) => (type.flags & flag) !== 0;
  if (type.isUnion()) {
    const all = type.types.map(kindsOf);
    return all.includes(undefined) ? undefined : all.flat();
  }
  if (is(ts.TypeFlags.StringLike)) return ['string'];
  if (is(ts.TypeFlags.NumberLike)) return ['number'];
  if (is(ts.TypeFlags.BooleanLike)) return ['boolean'];
  if (is(ts.TypeFlags.Null)) return ['null'];
  if (is(ts.TypeFlags.Undefined | ts.TypeFlags.Void)) return ['undefined'];
  if (!is(ts.TypeFlags.Object)) return undefined;
  const callable = type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0 ||
    type.getProperty('prototype') !== undefined;
  return [callable ? 'function' : 'object'];
}

function nameOf(symbol) {
  // Symbols such as Symbol.dispose: the compiler's own name is __@dispose or __@dispose@12.
  const wellKnown = /^__@(\w+)/.exec(symbol.escapedName);
  return wellKnown ? `[Symbol.${wellKnown[1]}]` : symbol.name;
}

// ---- functions ----

function parametersOf(source) {
  if (/\[native code\] \}$/.test(source)) return null;
  const isMethod = !/^(class\b|(async\s+)?(function\b|\(|[\w$]+\s*=>))/.test(source);
  const text = ts.createSourceFile('f.js', isMethod ? `({${source}})` : `(${source})`, ts.ScriptTarget.ESNext, true);
  let found = text.statements[0].expression.expression;
  if (isMethod) found = found.properties[0];
  if (ts.isClassLike(found)) found = found.members.find(ts.isConstructorDeclaration);
  return found === undefined ? [] : [...found.parameters];
}

function isRequired(parameter) {
  const declaration = parameter.valueDeclaration;
  return !checker.isOptionalParameter(declaration) && !declaration.dotDotDotToken;
}

function compareCall(where, {length, source}, signatures) {
  const hasRest = (parameters) => parameters.length > 0 && Boolean(parameters[parameters.length - 1].dotDotDotToken);
  const declared = signatures.map((signature) => signature.getParameters().map((one) => one.valueDeclaration));
  const required = Math.min(...signatures.map((signature) => signature.getParameters().filter(isRequired).length));
  const longest = declared.reduce((a, b) => (b.length > a.length ? b : a));
  const most = longest.length - (hasRest(longest) ? 1 : 0);
  if (length < required)
    differ(where, `${required} parameters must be given by the declaration, ${length} by its length`);
  if (length > most) differ(where, `${most} parameters are declared, its length is ${length}`);
  const real = parametersOf(source);
  if (real === null) return;
  if (real.length !== longest.length || hasRest(real) !== hasRest(longest)) {
    const text = (parameters) => parameters.map((one) => one.getText()).join(', ');
    differ(where, `declared with (${text(longest)}), found (${text(real)})`);
    return;
  }
  real.forEach((parameter, index) => compareTaken(where, parameter, longest[index]));
}

// ({timeout, signal} = {}): the names that are taken out are those of the type.
function compareTaken(where, parameter, declared) {
  if (!ts.isObjectBindingPattern(parameter.name) || parameter.name.elements.some((one) => one.dotDotDotToken)) return;
  const taken = parameter.name.elements.map((one) => (one.propertyName || one.name).getText());
  const type = checker.getNonNullableType(checker.getTypeAtLocation(declared));
  compareNames(`${where}, option`, taken, propertyNames(type));
}

function propertyNames(type) {
  const parts = type.isUnion() ? type.types : [type];
  return [...new Set(parts.flatMap((part) => checker.getPropertiesOfType(part).map(nameOf)))];
}

function compareNames(where, found, declared) {
  for (const name of declared) if (!found.includes(name)) differ(`${where} ${name}`, 'declared, not found');
  for (const name of found) if (!declared.includes(name)) differ(`${where} ${name}`, 'found, not declared');
}

// ---- values ----

function isPrivate(declaration) {
  return (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Private) !== 0;
}

function compareClass(where, found, type) {
  const constructors = type.getConstructSignatures();
  const callable = constructors.filter(({declaration}) => !declaration || !isPrivate(declaration));
  if (callable.length > 0 && callable.every(({declaration}) => declaration))
    compareCall(`new ${where}`, found, callable);
  compareMembers(where, found.statics, type);
  compareMembers(`${where}.prototype`, found.instance, typeOf(type.getProperty('prototype')), true);
}

function compareValue(where, found, type) {
  const kinds = kindsOf(type);
  if (kinds !== undefined && found.type !== 'unknown' && !kinds.includes(found.type)) {
    differ(where, `declared as ${checker.typeToString(type)}, found ${found.type}`);
    return;
  }
  if (found.statics) {
    compareClass(where, found, type);
  } else if (found.type === 'function') {
    const signatures = type.getCallSignatures();
    if (signatures.length > 0) compareCall(where, found, signatures);
  } else if (found.members) {
    const object = checker.getNonNullableType(type);
    const one = object.isUnion() ? undefined : object.symbol;
    if (one && declaredHere(one)) compareMembers(where, found.members, object);
  }
}

// `part`: of a class, without what its objects have of their own.
function compareMembers(where, found, type, part = false) {
  meet(type);
  const declared = new Map(checker.getPropertiesOfType(type).map((symbol) => [nameOf(symbol), symbol]));
  declared.delete('prototype');
  for (const name of Object.keys(found)) {
    const ofEveryObject = name === 'toString' || name === 'valueOf';
    if (!declared.has(name) && !ofEveryObject) differ(`${where}.${name}`, 'found, not declared');
  }
  for (const [name, symbol] of declared) {
    if (name === '[Symbol.toStringTag]') continue;
    const optional = (symbol.flags & ts.SymbolFlags.Optional) !== 0;
    if (found[name] !== undefined) compareMember(`${where}.${name}`, found[name], symbol);
    else if (!optional && !part) differ(`${where}.${name}`, 'declared, not found');
  }
}

function compareMember(where, found, symbol) {
  const type = typeOf(symbol);
  compareValue(where, found, type);
  const [declaration] = symbol.declarations || [];
  const writable = declaration && ts.isPropertySignature(declaration) &&
    (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Readonly) === 0;
  if (writable && found.readOnly && type.getCallSignatures().length === 0)
    differ(where, 'declared as one that can be written, found one that cannot');
}

function meet(type) {
  for (const symbol of [type.symbol, type.aliasSymbol]) if (symbol && names.has(symbol)) met.add(names.get(symbol));
  for (const base of type.getBaseTypes?.() || []) meet(base);
  if (type.target && type.target !== type) meet(type.target);
}

// ---- the file ----

function isValue(symbol) { return (symbol.flags & ts.SymbolFlags.Value) !== 0; }

// What an import gets, by name.
function exportsOf(module) {
  const target = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  return new Map(checker.getExportsOfModule(module).map((symbol) => [symbol.name, target(symbol)]));
}

function findNames() {
  modules = new Map(checker.getAmbientModules()
    .filter(declaredHere)
    .map((symbol) => [symbol.name.slice(1, -1), exportsOf(symbol)]));
  globals = new Map(checker.getSymbolsInScope(file, ts.SymbolFlags.Value | ts.SymbolFlags.Interface)
    .filter(({name}) => !name.startsWith('"') && !['globalThis', 'undefined', 'arguments'].includes(name))
    .map((symbol) => [symbol.name, symbol]));
}

function nameTypes() {
  const isType = (symbol) => (symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.Class)) !== 0;
  for (const [module, exported] of modules)
    for (const [name, symbol] of exported) if (isType(symbol)) names.set(symbol, `${module} ${name}`);
  for (const [name, symbol] of globals) if (isType(symbol) && declaredHere(symbol)) names.set(symbol, name);
}

function typeNamed(name) {
  const [module, inside] = name.includes(' ') ? name.split(' ') : [undefined, name];
  const symbol = module === undefined ? globals.get(inside) : modules.get(module)?.get(inside);
  return symbol && checker.getDeclaredTypeOfSymbol(symbol);
}

function compareModules() {
  compareNames('module', Object.keys(surface.modules), [...modules.keys()]);
  for (const [module, found] of Object.entries(surface.modules)) {
    const declared = [...modules.get(module) || []].filter(([, symbol]) => isValue(symbol));
    compareNames(`${module}:`, Object.keys(found), declared.map(([name]) => name));
    for (const [name, symbol] of declared)
      if (found[name] !== undefined) compareValue(`${module} ${name}`, found[name], typeOf(symbol));
  }
}

// What is not of deskd.d.ts has to be ECMAScript's.
function compareGlobals() {
  const declared = [...globals].filter(([, symbol]) => isValue(symbol));
  const found = Object.keys(surface.globals).filter((name) => name !== 'undefined');
  compareNames('global', found, declared.map(([name]) => name));
  for (const [name, symbol] of declared) {
    const value = surface.globals[name];
    if (value !== undefined && declaredHere(symbol)) compareValue(name, value, typeOf(symbol));
  }
  compareNames('import.meta', surface.meta, propertyNames(typeNamed('ImportMeta')));
}

function compareSpecimens() {
  for (const [name, found] of Object.entries(surface.specimens)) {
    const type = typeNamed(name);
    if (type === undefined) differ(name, 'found, not declared');
    else compareMembers(name, found.members, type);
  }
  for (const [all, found] of Object.entries(surface.options)) {
    const [module, ...types] = all.split(' ');
    const declared = types.map((name) => typeNamed(`${module} ${name}`)).filter((type) => type !== undefined);
    declared.forEach(meet);
    compareNames(`${all}, option`, found, [...new Set(declared.flatMap(propertyNames))]);
  }
}

// Nothing that the file declares escapes the comparison.
function requireAllMet() {
  const excused = [...handedIn, ...eventTables];
  for (const name of names.values())
    if (!met.has(name) && !excused.includes(name)) differ(name, 'declared, and no specimen shows what it really is');
  for (const name of excused)
    if (![...names.values()].includes(name)) differ(name, 'excused in compare.js, and not declared');
}

function reportMistakes(program) {
  for (const {messageText, start} of ts.getPreEmitDiagnostics(program)) {
    const line = start === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1;
    differ(`line ${line}`, ts.flattenDiagnosticMessageText(messageText, ' '));
  }
}

function compare(declarations) {
  const program = ts.createProgram([declarations], options, host);
  file = program.getSourceFile(declarations);
  checker = program.getTypeChecker();
  differences = [];
  met = new Set();
  names = new Map();
  reportMistakes(program);
  findNames();
  nameTypes();
  compareModules();
  compareGlobals();
  compareSpecimens();
  requireAllMet();
  return differences;
}

console.log(JSON.stringify(Object.fromEntries(allDeclarations.map((name) => [name, compare(name)]))));
