// SPDX-License-Identifier: Apache-2.0
// A standing desk without a controller that speaks: two relays turn its motor up and down, or two contacts lie
// parallel to the buttons of its hand switch. Its height comes from a laser (VL53L0X, VL53L1X) or an ultrasonic
// sensor (HC-SR04) under the table top, or from the time that the motor has run.
//
// Two relays that are on at the same time short the supply of most such circuits: feed the coil or the contact of
// each through the other's normally closed contact as well, whatever a program promises. Where relays are on while
// their line is high, use GPIO9 to GPIO27: the others are pulled up until deskd starts. The motor's limit switches
// stay in its own wires. An INA219 bears 26 V; in the motor's negative wire it bears any motor.
//
// Settings in relay-desk.toml; up, down, height, min_mm and max_mm must be there:
//
//   up = "GPIO17"
//   down = "GPIO27"
//   active_low = false          # true: the relays are on while their lines are low
//   dead_time_ms = 500          # between one direction and the other
//   lease_ms = 600              # off when the script has been silent for so long
//   max_on_s = 30               # off after that long in one go ...
//   max_on_rest_s = 10          # ... and for that long
//   min_mm = 650                # the ends of its travel, or limits within
//   max_mm = 1250
//   height = "vl53l0x"          # or "vl53l1x", "ultrasonic", "time"
//   bus = 1                     # of I2C chips
//   address = 0x29              # of the laser
//   trigger = "GPIO23"          # the ultrasonic sensor
//   echo = "GPIO24"
//   offset_mm = 0               # what is missing from the measured distance to the height
//   travel_up_s = 22.5          # height = "time": from one end to the other, which min_mm and max_mm are; where
//   travel_down_s = 20.0        # it is is not known before the button "Home" was pressed
//   rehome_mm = 100             # ... or any more when it may be this far off
//   current_address = 0x40      # an INA219 that measures the motor's current
//   shunt_ohm = 0.1
//   limit_a = 2.5               # more than this is an obstacle
//   limit_ms = 150              # ... when it lasts that long
//   inrush_ms = 500             # ... and is not the start
//   idle_a = 0.125              # less than this is none: a limit switch. Default: a twentieth of limit_a
//   rollback_mm = 20            # away from an obstacle, that far ...
//   rollback_ms = 1500          # ... or that long at most; 0: not at all
//   hand_up = "GPIO5"           # lines that show the buttons of the hand switch, and nothing but these
//   hand_down = "GPIO6"
//   hand_active_low = true      # low while pressed; false: high
//   tap_ms = 80                 # what moves it by a millimetre or two
//   run_s = 120                 # the motor may run this long ...
//   rest_s = 1080               # ... and then rest this long; run_s = 0: no limit
//   speed_mm_per_s = 15         # the slowest to expect
//   title = "Desk"              # as hubs show it; manufacturer, model, area likewise
//   cover = true                # false: no cover, so that "close all covers" leaves the desk alone
//   offline_stop_ms = 5000      # a desk under way stops when the broker is away that long; 0: it arrives
//   max_moves_per_hour = 0      # 0: no limit
//   [presets]
//   sit = 720                   # millimetres
//   stand = 1100

import {Desk, exposeDesk} from 'deskd:desk';
import * as hub from 'deskd:hub';
import * as mqtt from 'deskd:mqtt';
import {log, onUnload, settings} from 'deskd:script';
import {RelayDriver} from './lib/relay_driver.js';
import {openCurrent, openHands, openHeight, openRelays} from './lib/relay_parts.js';
import {relaySettings} from './lib/relay_settings.js';

const options = relaySettings(settings);
const {current, height, limits} = options;

const outputs = await openRelays(options.relays);
const driver = new RelayDriver({
  outputs, log, ...options.driver, ...await openHeight(height, limits), hands: await openHands(options.hands),
  ...(current === null ? {} :
    {current: await openCurrent(current), currentLimits: current.limits, rollback: current.rollback}),
});
const desk = new Desk(driver, {...options.desk, guard: () => driver.refusal()});

desk.on('notice', (text) => log.notice(text));
desk.on('move', ({reason, heightMm}) => log.info(`move ended: ${reason}, at ${heightMm} mm`));

// Both relays are off before the script ends, whatever ends it.
onUnload(() => {
  try {
    desk.close();
    driver.shutDown();
    outputs.up.close();
  } finally {
    outputs.down.close();
  }
});

const device = hub.device(options.device);
const attributes = () => ({controller: 'relays', measured_by: height.kind, error_mm: driver.errorMm, goto: desk.goto});

// Hubs do not like a device that is there and has no height: give the sensor a moment.
await driver.known(1500);
exposeDesk(desk, {...options.hub, device, connection: mqtt, keys: ['up', 'down'], attributes});
if (height.kind === 'time') {
  device.button('home', {
    name: 'Home', icon: 'mdi:home-import-outline', category: 'config', onPress: () => driver.home(),
  });
}
