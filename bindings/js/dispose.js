// SPDX-License-Identifier: Apache-2.0
// Symbol.dispose and Symbol.asyncDispose for engines that do not have them yet.

for (const name of ['dispose', 'asyncDispose']) {
  if (!(name in Symbol)) Object.defineProperty(Symbol, name, {value: Symbol(`Symbol.${name}`)});
}
