// SPDX-License-Identifier: Apache-2.0
// deskd:hub

import * as native from 'native:hub';
import {codedError} from './errors.js';
import {Device} from './hub_device.js';

let made = null;

// The device of this script; a script has one. Topics, discovery and re-sending are the daemon's.
export function device(info = {}) {
  if (made) throw codedError('ERR_IN_USE', 'hub.device: expected one device in a script, found a second one');
  made = new Device(native, info);
  return made;
}
