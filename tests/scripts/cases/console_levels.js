// SPDX-License-Identifier: Apache-2.0
// What the console writes, and that it takes anything.
console.log('plain %s', 'text', {a: [1, 2]});
console.group('outer');
console.info('inner\nsecond line');
console.groupEnd();
console.count('n');
console.count('n');
console.assert(true, 'must not be seen');
console.assert(false, 'seen %d', 5);
console.time('t');
console.timeEnd('t');
console.timeEnd('t');
console.trace('where');
console.dir(new Map([[1, 2]]));
