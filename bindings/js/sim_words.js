// SPDX-License-Identifier: Apache-2.0
// Words of the simulated board's protocol: no white space inside, '-' for nothing (hal/sim/board_wire.h).

export function encodeWord(value) {
  if (value === '') return '-';
  if (value === '-') return '%2d';
  const escape = (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return value.replace(/[\x00-\x20%\x7f]/g, escape);
}

export function decodeWord(word) {
  if (word === '-') return '';
  return word.replace(/%(..)/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
}
