// SPDX-License-Identifier: Apache-2.0
// deskd:mqtt

import * as native from 'native:mqtt';
import {MqttClient} from './mqtt_client.js';

// Whether the daemon has its broker at this moment; changes just before 'online' and 'offline' are emitted.
export let connected = native.connected();

const client = new MqttClient(native, (now) => { connected = now; });

export const publish = (topic, payload, options) => client.publish(topic, payload, options);
export const subscribe = (filter, fn, options) => client.subscribe(filter, fn, options);
export const next = (filter, options) => client.next(filter, options);
export const on = (name, fn) => client.on(name, fn);
export const once = (name, options) => client.once(name, options);
