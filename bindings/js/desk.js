// SPDX-License-Identifier: Apache-2.0
// deskd:desk: a height-adjustable desk over a driver, and its entities in the hub.

export {Desk} from './desk_motion.js';
export {exposeDesk} from './desk_entities.js';
