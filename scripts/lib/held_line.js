// SPDX-License-Identifier: Apache-2.0
// An output line whose present level is the safe one: whatever ends the script leaves it as it is. The safe
// level of an output is settled when it is opened, so a change of level is another opening.

export class HeldLine {
  #open;
  /** @type {import('deskd:gpio').Output | null} */
  #output = null;
  #level;
  #queue = Promise.resolve();
  #closed = false;

  // open(level): opens the line with this as its initial and safe level; resolves with the output.
  static async open(open, level) {
    const line = new HeldLine(open, level);
    line.#output = await open(level);
    return line;
  }

  constructor(open, level) {
    this.#open = open;
    this.#level = level;
  }

  // What was asked for last.
  get value() { return this.#level; }

  // Resolves when the line has this level. Rejects if it could not be had; the next set() tries again.
  set(level) {
    this.#level = level;
    const done = this.#queue.then(() => this.#apply(level));
    this.#queue = done.catch(() => {});
    return done;
  }

  close() {
    this.#closed = true;
    if (this.#output !== null) this.#output.close();
    this.#output = null;
  }

  async #apply(level) {
    if (this.#closed) return;
    if (this.#output !== null) this.#output.close();
    this.#output = null;
    const output = await this.#open(level);
    if (this.#closed) output.close();
    else this.#output = output;
  }
}
