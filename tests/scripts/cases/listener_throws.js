// SPDX-License-Identifier: Apache-2.0
// A listener that throws fails the script, after the other listeners have run.
const target = new EventTarget();
target.addEventListener('x', () => { throw new Error('from a listener'); });
target.addEventListener('x', () => console.log('the next listener runs'));
target.dispatchEvent(new Event('x'));
console.log('and so does what follows');
setTimeout(() => console.log('but nothing later'), 1000);
