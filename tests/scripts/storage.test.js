// SPDX-License-Identifier: Apache-2.0
import * as storage from 'deskd:storage';
import {Store} from '../../bindings/js/store.js';
import {assert, run, test} from './harness.js';

test('values come back as they were, and a copy each time', async () => {
  const value = {list: [1, 'two', null, {deep: true}], text: 'ä \u0000 \ud83d\ude00'};
  await storage.set('value', value);
  assert.equal(await storage.get('value'), value);
  const copy = await storage.get('value');
  copy.list.push(5);
  assert.equal(await storage.get('value'), value);
  for (const plain of [0, false, '', null]) {
    await storage.set('plain', plain);
    assert.equal(await storage.get('plain', 'fallback'), plain);
  }
});

test('what is not there is the fallback', async () => {
  assert.equal(await storage.get('missing'), undefined);
  assert.equal(await storage.get('missing', 7), 7);
});

test('delete says whether there was one', async () => {
  await storage.set('gone', 1);
  assert.equal(await storage.delete('gone'), true);
  assert.equal(await storage.delete('gone'), false);
  assert.equal(await storage.get('gone'), undefined);
});

test('keys are sorted and chosen by their beginning', async () => {
  for (const key of ['k/b', 'k/a', 'k', 'l']) await storage.set(key, 1);
  assert.equal(await storage.keys('k/'), ['k/a', 'k/b']);
  assert.equal((await storage.keys()).includes('l'), true);
});

test('the shared store is another one', async () => {
  await storage.shared.set('only-shared', 1);
  assert.equal(await storage.get('only-shared'), undefined);
  assert.equal(await storage.shared.get('only-shared'), 1);
});

test('a transaction sees its own changes and others do not until it ends', async () => {
  await storage.set('count', 1);
  const seen = await storage.transaction(async (transaction) => {
    await transaction.set('count', await transaction.get('count') + 1);
    await transaction.set('tx/new', 'x');
    assert.equal(await transaction.get('count'), 2);
    assert.equal(await transaction.keys('tx/'), ['tx/new']);
    assert.equal(await storage.get('count'), 1);
    assert.equal(await transaction.delete('tx/new'), true);
    assert.equal(await transaction.delete('tx/never'), false);
    await transaction.set('tx/kept', 1);
    return 'result';
  });
  assert.equal(seen, 'result');
  assert.equal(await storage.get('count'), 2);
  assert.equal(await storage.keys('tx/'), ['tx/kept']);
});

test('a transaction that throws changes nothing', async () => {
  await storage.set('count', 5);
  await assert.rejects(storage.transaction(async (transaction) => {
    await transaction.set('count', 6);
    throw new Error('no');
  }), /no$/);
  assert.equal(await storage.get('count'), 5);
});

test('transactions that meet lose no update', async () => {
  await storage.set('sum', 0);
  const add = () => storage.transaction(async (transaction) => {
    await transaction.set('sum', await transaction.get('sum') + 1);
  });
  await Promise.all(Array.from({length: 10}, add));
  assert.equal(await storage.get('sum'), 10);
});

test('a transaction is of no use after its end', async () => {
  let kept;
  await storage.transaction(async (transaction) => { kept = transaction; });
  await assert.rejects(kept.get('a'), /the transaction is over/);
});

test('what JSON or a key cannot be is refused by name', async () => {
  await assert.rejects(storage.set('f', () => {}),
    /value of "f": expected something that JSON has, found a function/);
  await assert.rejects(storage.set('u', undefined), /value of "u": .* found undefined/);
  await assert.rejects(storage.set('', 1), /key: expected at least one character/);
  await assert.rejects(storage.get(5), /key: expected a string, found 5/);
  await assert.rejects(storage.set('x'.repeat(513), 1), /key: expected at most 512 bytes/);
  await assert.rejects(storage.set('ä'.repeat(257), 1), /key: expected at most 512 bytes/);
  await assert.rejects(storage.set('\ud800', 1), /key: expected whole characters/);
  await assert.rejects(storage.set('big', 'x'.repeat(128 * 1024)),
    /expected at most 131072 bytes of JSON, found 131074/);
  await assert.rejects(storage.transaction(5), /transaction: expected a function, found 5/);
});

test('keys come in parts', async () => {
  const asked = [];
  const native = {
    async keys(shared, prefix, after) {
      asked.push([shared, prefix, after]);
      return after === '' ? {keys: ['a', 'b'], more: true} : {keys: ['c'], more: false};
    },
  };
  assert.equal(await new Store(native, true).keys('p'), ['a', 'b', 'c']);
  assert.equal(asked, [[true, 'p', ''], [true, 'p', 'b']]);
});

test('a conflict that never ends is given up', async () => {
  let attempts = 0;
  const native = {
    async get() { return '1'; },
    async apply() {
      ++attempts;
      throw Object.assign(new Error('changed'), {code: 'ERR_CONFLICT'});
    },
  };
  await assert.rejects(
    new Store(native, false).transaction((transaction) => transaction.get('a')), /changed/);
  assert.equal(attempts, 20);
});

await run();
