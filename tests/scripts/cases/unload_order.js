// SPDX-License-Identifier: Apache-2.0
// What onUnload promises: last registered first, each within its time, all of them.
import {onUnload} from 'deskd:script';

onUnload(() => console.log('4 first'));
onUnload(() => new Promise(() => {}), {timeout: 20});
onUnload(() => { throw new Error('3 throws'); });
onUnload(async () => {
  await new Promise((resolve) => { setTimeout(resolve, 5); });
  console.log('2 waits');
});
onUnload(() => console.log('1 last'));
