// SPDX-License-Identifier: Apache-2.0
// What fails while the script unloads is printed, and the handlers go on.
import {onUnload} from 'deskd:script';

onUnload(async () => {
  Promise.reject(new Error('second'));
  await new Promise((resolve) => { setTimeout(resolve, 5); });
  console.log('stopped');
});
setTimeout(() => {
  Promise.reject(new Error('left behind'));
  throw new Error('first');
}, 1);
