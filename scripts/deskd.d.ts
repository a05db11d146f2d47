// SPDX-License-Identifier: Apache-2.0
/**
 * Types of what deskd gives to device scripts. Scripts are ES modules on bare V8, with top-level await; there
 * is no Node.js and no browser: beside these there is ECMAScript 2022. For an editor that knows TypeScript,
 * `deskctl new` writes a jsconfig.json with which it completes and checks scripts; by hand it is
 *
 *     {
 *       "compilerOptions": {
 *         "checkJs": true, "strict": false, "target": "es2022", "module": "esnext", "moduleDetection": "force",
 *         "lib": ["es2022"], "types": [], "noEmit": true
 *       },
 *       "include": ["*.js", "/usr/share/deskd/scripts/deskd.d.ts"]
 *     }
 *
 * Everywhere: times are milliseconds, heights millimetres unless a name says cm. Errors carry a stable
 * `code`: deskd's own begin with ERR_, the others are the system's (ENOENT, EACCES, EBUSY). What is wrong in an
 * argument is a TypeError, or a RangeError beyond a limit, which names the argument, what was expected and what was
 * found. Where a script has its [permissions] or [limits], what it opens beyond them fails with ERR_PERMISSION,
 * which names the entry that is missing, or ERR_LIMIT. What is closed stays closed: closing twice is harmless, no
 * callback comes after close(), using it gives ERR_CLOSED. An exception or rejection that nobody handles ends the script: its outputs go to their
 * safe levels, its entities become unavailable, and it is started again with growing pauses.
 */

/** An Error with a code. The message names the thing, what was expected and what was found. */
interface CodedError extends Error {
  readonly code: string;
}

/** Ends a subscription. Calling it again does nothing. */
type Unsubscribe = () => void;

interface WaitOptions {
  /** Milliseconds, 0 to 2147483647, until the promise rejects with ETIMEDOUT; absent: for ever. */
  timeout?: number;
  /** Rejects the promise with its reason. */
  signal?: AbortSignal;
}

interface StreamOptions {
  /** How many values may wait to be read, 1 to 65536. Default 64. */
  buffer?: number;
  /**
   * When one more comes: forget the oldest (default), keep only the latest, or end the iteration with
   * ERR_OVERFLOW.
   */
  overflow?: 'drop-oldest' | 'latest' | 'error';
}

/** Values since it was asked for. Leaving a `for await` loop ends it. It ends when what it comes from closes. */
interface BoundedStream<T> {
  /** How many values were forgotten because the buffer was full. */
  readonly dropped: number;
  /** Rejects with ERR_OVERFLOW if the buffer was full, under `overflow: 'error'`. */
  next(): Promise<IteratorResult<T, undefined>>;
  /** Ends it; what waits to be read is forgotten. */
  return(value?: unknown): Promise<IteratorResult<T, undefined>>;
  [Symbol.asyncIterator](): BoundedStream<T>;
}

/** Bytes: a buffer or view (not copied), integers from 0 to 255, or text, which becomes UTF-8. */
type BytesLike = ArrayBufferView | ArrayBuffer | readonly number[] | string;

declare module 'deskd:script' {
  /** The script's file name without `.js`; its device's id, too, unless its settings name another `device`. */
  export const name: string;
  /** NAME.toml, parsed and frozen. Without that file an empty object. */
  export const settings: Readonly<Record<string, any>>;
  /** Whether deskd runs with simulated hardware. */
  export const simulated: boolean;

  /**
   * Runs `fn` before the script ends: on reload, stop, removal, failure. The last registered runs first, each
   * may take `timeout` milliseconds (1 to 60000, default 1000); one that fails or is late is logged, the
   * others still run. All handles are closed afterwards anyway. Nothing runs if the process is killed. Returns
   * what withdraws it.
   */
  export function onUnload(fn: () => void | Promise<void>, options?: {timeout?: number}): Unsubscribe;

  /**
   * The journal, with its priorities (syslog's 3 to 7). Arguments as for console.log. Up to limits.log_lines_per_s,
   * default 100; what is more is counted, and told as one line.
   */
  export const log: {
    error(...values: unknown[]): void;
    warning(...values: unknown[]): void;
    notice(...values: unknown[]): void;
    info(...values: unknown[]): void;
    debug(...values: unknown[]): void;
  };
}

declare module 'deskd:serial' {
  /** See sum8() and so on; 'crc16-modbus' stands low byte first in the frame, 'crc16-modbus-be' high byte first. */
  export type ChecksumKind = 'none' | 'sum8' | 'xor8' | 'crc8' | 'crc16-modbus' | 'crc16-modbus-be';

  /**
   * How bytes become frames. `max`: the longest frame in bytes, 1 to 1048576, default 1024; longer ones are
   * dropped and counted. `start`, `end` and `bytes` are up to 16 integers from 0 to 255.
   */
  export type Framing =
    /** Whatever has arrived, as it came. */
    | {type: 'none'; max?: number}
    /** `length` bytes, of which the first, the last, and a checksum before these may be fixed; others are garbage. */
    | {type: 'fixed'; length: number; start?: number[]; end?: number[]; checksum?: ChecksumKind;
       checksumFrom?: number; idle?: number; max?: number}
    /** Up to `bytes`, which belong to the frame only with `keep`. */
    | {type: 'delimiter'; bytes: number[]; keep?: boolean; max?: number}
    /**
     * `start`, a length at index `lengthAt`, then checksum and `end`: the frame has `extra` plus that length
     * (default 0) bytes. `lengthField`: default 'u8'. The checksum (default 'none') covers from index `checksumFrom`
     * (default: behind `start`) and stands before `end`.
     * After garbage the search goes on one byte behind the failed start. A frame that stays unfinished for
     * `idle` ms (default 100, 0: never) is given up.
     */
    | {
      type: 'length';
      start: number[];
      lengthAt: number;
      lengthField?: 'u8' | 'u16be' | 'u16le';
      extra?: number;
      checksum?: ChecksumKind;
      checksumFrom?: number;
      end?: number[];
      idle?: number;
      max?: number
    }
    /**
     * Up to a silence of `ms` (1 to 60000), or of `chars` characters on the wire (up to 1000; default 3.5, as
     * in MODBUS over Serial Line V1.02, 2.5.1.1). Timed in native code.
     */
    | {type: 'gap'; ms?: number; chars?: number; max?: number}
    /** RFC 1055: up to an END (C0), with ESC (DB) before what means something else. */
    | {type: 'slip'; max?: number};

  export interface OpenOptions {
    /** Prefer /dev/serial/by-id/... for USB adapters: numbers change. */
    path: string;
    /**
     * Default 9600. Any rate; EINVAL if the driver, once it is set, reports one that is more than 3 % off. That
     * need not be the one on the line: Linux's 8250 driver reports what was asked for, however much its divisor
     * misses it.
     */
    baudRate?: number;
    /** Default 8. */
    dataBits?: 5 | 6 | 7 | 8;
    /** Default 'none'. */
    parity?: 'none' | 'even' | 'odd';
    /** Default 1. */
    stopBits?: 1 | 2;
    /** Nobody else may open it: EBUSY for them. Default true. */
    exclusive?: boolean;
    /** Modem lines, default false: some boards restart when they rise. */
    dtr?: boolean;
    /** Likewise. */
    rts?: boolean;
    /** Drop the modem lines at close. Default false. */
    hupcl?: boolean;
    /** Look for a lost device again, with growing pauses. Default true; false: losing it closes the port. */
    reconnect?: boolean;
    /** Default {type: 'none'}. */
    framing?: Framing;
    /**
     * 1 to 64 bytes that stop the device, harmless while it is at rest, and a lease of 20 to 600000 ms. See
     * arm().
     */
    failsafe?: {bytes: BytesLike; lease: number};
  }

  export interface PortEvents {
    frame: Uint8Array;
    /** The device is gone: ERR_DISCONNECTED. */
    disconnect: CodedError;
    /** It is back, and open. */
    reconnect: undefined;
    /** deskd-guard has sent the failsafe bytes: 'lease', 'supervisor', 'guard'. */
    stopped: {reason: string};
    close: undefined;
  }

  export interface RequestOptions {
    /** Which frame is the answer. Absent: the next one. */
    match?: (frame: Uint8Array) => boolean;
    /** For each attempt, 1 to 3600000 ms. Default 1000. */
    timeout?: number;
    /** Further attempts after the first, 0 to 100. Default 0. */
    retries?: number;
    signal?: AbortSignal;
  }

  export class SerialPort {
    private constructor();
    readonly path: string;
    /** Whether the device is there. */
    readonly connected: boolean;
    readonly closed: boolean;
    /** Counts since opening. garbageBytes: bytes that were no part of a frame. */
    readonly stats: {frames: number; garbageBytes: number; badChecksums: number; oversize: number};

    on<E extends keyof PortEvents>(name: E, fn: (value: PortEvents[E]) => void): Unsubscribe;
    /** The next one. Rejects with ETIMEDOUT, ERR_CLOSED, or the signal's reason. */
    once<E extends keyof PortEvents>(name: E, options?: WaitOptions): Promise<PortEvents[E]>;
    /** Frames from now on. */
    frames(options?: StreamOptions): BoundedStream<Uint8Array>;

    /**
     * Resolves when the kernel has taken all bytes. Rejects with ERR_DISCONNECTED, ERR_CLOSED, or
     * ERR_QUEUE_FULL when 64 KiB wait already.
     */
    write(data: BytesLike): Promise<void>;

    /**
     * Sends `data` and resolves with the answer. Requests run one after another, at most 64 wait
     * (ERR_OVERFLOW); each attempt drops older input first. Rejects with ETIMEDOUT after the last attempt,
     * ERR_DISCONNECTED, ERR_CLOSED. 'frame' listeners see the answers too.
     */
    request(data: BytesLike, options?: RequestOptions): Promise<Uint8Array>;

    /**
     * From now on, until disarm(): deskd-guard sends the failsafe bytes when this script's process or deskd
     * ends, or when neither arm() nor renew() has been called for the lease; 'stopped' tells the reason. For a
     * device that goes on by itself. Rejects with ERR_NOT_SUPPORTED without `failsafe`, ERR_GUARD. In the
     * foreground (deskd-host) nobody watches.
     */
    arm(): Promise<void>;
    /** The lease, counted from now. Throws ERR_NOT_SUPPORTED without `failsafe`, ERR_CLOSED. */
    renew(): void;
    /** The device is at rest: nobody has to stop it. Rejects as arm() does. */
    disarm(): Promise<void>;

    /**
     * 'close' listeners run before it returns, nothing afterwards. Bytes not yet taken by the kernel are
     * dropped.
     */
    close(): void;
    [Symbol.asyncDispose](): Promise<void>;
  }

  /** Rejects with the system's code: ENOENT, EACCES, EBUSY (with the holder where it is known), ENOTTY. */
  export function open(options: OpenOptions): Promise<SerialPort>;

  /** Sum of the bytes modulo 256. */
  export function sum8(data: BytesLike): number;
  export function xor8(data: BytesLike): number;
  /** Polynomial 0x31, initial value 0xFF, as of Sensirion's sensors (data sheet of the SHT3x, 4.12). */
  export function crc8(data: BytesLike): number;
  /**
   * Polynomial 0x8005 reflected, initial value 0xFFFF (MODBUS over Serial Line V1.02, 6.2.2). Modbus sends the
   * low byte first, LoctekMotion the high one (iMicknl/LoctekMotion_IoT).
   */
  export function crc16Modbus(data: BytesLike): number;
  export const checksum: {
    sum8(data: BytesLike): number;
    xor8(data: BytesLike): number;
    crc8(data: BytesLike): number;
    crc16Modbus(data: BytesLike): number;
  };
}

declare module 'deskd:i2c' {
  export interface TransferOptions {
    /**
     * Milliseconds until the promise rejects with ETIMEDOUT, waiting for the bus included; 1 to 600000. A
     * transfer that waits is not done after that; of one that the bus is at, nobody hears any more.
     */
    timeout?: number;
    /** Further attempts, 0 to 100, when another master has won the bus. */
    retries?: number;
    /** Also when nobody acknowledged, a millisecond apart: for chips that do not answer while they work. */
    retryNack?: boolean;
  }

  export interface OpenOptions extends TransferOptions {
    /** 1, "i2c-1" or "/dev/i2c-1". */
    bus: number | string;
    /** 0 to 0x7f, without the bit for reading and writing. */
    address: number;
    /** The address has 10 bits, 0 to 0x3ff. EOPNOTSUPP if the adapter has no such addresses. */
    tenBit?: boolean;
    /** Every transfer ends with SMBus's packet error code; a wrong one is ERR_BUS. Default false. */
    pec?: boolean;
    /** For every transfer, default 1000. */
    timeout?: number;
    /** For every transfer, default 2. */
    retries?: number;
    /** For every transfer, default false. */
    retryNack?: boolean;
  }

  export interface RegisterOptions extends TransferOptions {
    /** Of the register's number: 1 (default) or 2. */
    registerBytes?: 1 | 2;
    /** Which byte of a value travels first, and of a register's number, too. Default 'big'. */
    order?: 'big' | 'little';
    /** Of the register's number, where it is not that of its value. */
    registerOrder?: 'big' | 'little';
  }

  /** Up to 8192 bytes (the limit of Linux's i2c-dev). */
  export type Segment = {write: BytesLike} | {read: number};

  /**
   * A device on a bus. Transfers of all scripts on a bus are done one after another, by a thread beside the
   * script's own: a chip that stretches the clock delays no timer. At most 64 of a script wait
   * (ERR_OVERFLOW). Promises reject with ERR_NACK (nobody acknowledged), ETIMEDOUT, ERR_BUS (lost
   * arbitration, wrong packet error code, other faults on the wires), ERR_CLOSED, or the system's code:
   * EOPNOTSUPP for what the adapter cannot do, ENODEV if it has gone (the next transfer opens it again).
   */
  export class I2cDevice {
    private constructor();
    /** As it was given to open(). */
    readonly bus: string;
    readonly address: number;
    readonly closed: boolean;

    /**
     * All segments, 1 to 42 (I2C_RDWR_IOCTL_MAX_MSGS of Linux), as one transaction, with repeated starts
     * between them. Resolves with what was read, one array for each segment that reads. Adapters that know only
     * SMBus do what has the shape of one of its messages.
     */
    transfer(segments: Segment[], options?: TransferOptions): Promise<Uint8Array[]>;
    /** Up to 8192 bytes. */
    write(data: BytesLike, options?: TransferOptions): Promise<void>;
    /** 1 to 8192 bytes. */
    read(length: number, options?: TransferOptions): Promise<Uint8Array>;

    /** From this register (0 to 255, or to 65535 with `registerBytes: 2`) on, `length` bytes, 1 (default) to 8192. */
    readRegister(register: number, options?: RegisterOptions & {length?: number}): Promise<Uint8Array>;
    readUint8(register: number, options?: RegisterOptions): Promise<number>;
    readUint16(register: number, options?: RegisterOptions): Promise<number>;
    /** In two's complement. */
    readInt16(register: number, options?: RegisterOptions): Promise<number>;
    /** A number of `length` bytes, 1 (default) to 4, or bytes as they are. */
    writeRegister(register: number, value: number | BytesLike,
                  options?: RegisterOptions & {length?: number}): Promise<void>;

    /**
     * Runs `fn` while no other script, nor any program that honours the lock (`flock /dev/i2c-1 ...`), can
     * use the bus, and resolves with its result. The script's own devices can. Locks of one script take
     * turns, so one inside another runs out of time. `timeout` (1 to 600000 ms, default 5000) is for waiting: then
     * ETIMEDOUT. Keep it short,
     * since transfers of other scripts run out of time meanwhile. The lock ends with the process.
     */
    lock<T>(fn: (device: I2cDevice) => T | Promise<T>, options?: {timeout?: number}): Promise<T>;

    /** What has not been answered rejects with ERR_CLOSED; a lock is given back. */
    close(): void;
    [Symbol.asyncDispose](): Promise<void>;
  }

  /**
   * Opens the bus; the device itself is not asked. Rejects with ENOENT (naming the buses that there are) or
   * EACCES (naming the group that may).
   */
  export function open(options: OpenOptions): Promise<I2cDevice>;

  /**
   * The addresses from 0x08 to 0x77 (others are reserved: I2C-bus specification, UM10204, 3.1.12) where
   * somebody answers, asked as i2cdetect does it: no data is written. Those that the kernel keeps for drivers
   * of its own are left out. `timeout`: 1 to 600000 ms, default 10000. Rejects as open() does, or with
   * ETIMEDOUT.
   */
  export function scan(bus: number | string, options?: {timeout?: number}): Promise<number[]>;
}

declare module 'deskd:mqtt' {
  export interface Message {
    readonly topic: string;
    readonly payload: Uint8Array;
    readonly qos: 0 | 1 | 2;
    /** Stored by the broker, perhaps long ago: never act on such a command. */
    readonly retained: boolean;
    /** As UTF-8; what is none becomes U+FFFD. */
    text(): string;
    /** Throws ERR_BAD_JSON (a SyntaxError) naming the topic. */
    json(): any;
  }

  export interface Subscription {
    readonly filter: string;
    readonly closed: boolean;
    close(): void;
    [Symbol.asyncDispose](): Promise<void>;
  }

  /** Whether the daemon has its broker now. */
  export let connected: boolean;

  /**
   * Resolves when the broker has the message (qos 1, the default, and 2) or it was sent (0). Retained messages
   * are kept, the latest of each topic, and sent again after a reconnect; without a connection others reject
   * with ERR_OFFLINE. Objects are sent as JSON. A payload has up to 128 KiB (a RangeError). Rejects with
   * ERR_PERMISSION for topics that are not below deskd/NODE/DEVICE/, the script's own device, nor granted;
   * ERR_RATE beyond limits.publishes_per_s, default 100; ERR_QUOTA for more than 512 retained topics;
   * ERR_QUEUE_FULL when 1000 wait.
   */
  export function publish(topic: string,
    payload: string | number | boolean | object | ArrayBufferView | ArrayBuffer,
    options?: {qos?: 0 | 1 | 2; retain?: boolean}): Promise<void>;

  /**
   * Resolves when the broker has accepted it. It lasts over reconnects, until close(). `qos`: default 1. Rejects with
   * ERR_PERMISSION for a filter that is not granted, ERR_LIMIT beyond limits.subscriptions, default 100, ERR_RATE,
   * ERR_QUEUE_FULL. What `fn` throws ends the script.
   */
  export function subscribe(filter: string, fn: (message: Message) => unknown,
                            options?: {qos?: 0 | 1 | 2}): Promise<Subscription>;

  /**
   * The next message, without those that the broker had stored unless `retained`. Rejects as subscribe() does, with
   * ETIMEDOUT, or with the signal's reason.
   */
  export function next(filter: string,
                       options?: WaitOptions & {qos?: 0 | 1 | 2; retained?: boolean}): Promise<Message>;

  /** The connection to the broker comes and goes. */
  export function on(name: 'online' | 'offline', fn: () => void): Unsubscribe;
  export function once(name: 'online' | 'offline', options?: WaitOptions): Promise<void>;
}

declare module 'deskd:storage' {
  /**
   * JSON values under keys (1 to 512 bytes of UTF-8), in a file of the script's own. What is set can be read at
   * once, and is on the disk when the promise resolves: a power failure after that takes nothing back. Changes
   * that go on and on are written once a second, which SD cards need; those made meanwhile wait for that
   * together, so do not await each of many, use Promise.all() or a transaction. Everything is written before
   * the script ends in order.
   *
   * Rejects with ERR_QUOTA (limits.storage_kib, default 1024 KiB of keys and values), ERR_QUEUE_FULL (over 256
   * requests or 1 MiB at a time), ENOSPC, EIO and the like, ERR_NOT_SUPPORTED (deskd has no state directory),
   * ERR_STORAGE_DAMAGED (the file is set aside, the store begins empty); nothing is half done then. With
   * `deskd-host FILE`, values are forgotten at the end. Keys that begin with "deskd:" are for deskd's own use.
   */
  export interface Store {
    /** `fallback`, by default undefined, if there is none. */
    get<T = any>(key: string, fallback?: T): Promise<T>;
    /** Whatever JSON.stringify() takes, up to 128 KiB of it. */
    set(key: string, value: unknown): Promise<void>;
    /** Whether there was one. */
    delete(key: string): Promise<boolean>;
    /** Those that begin with `prefix`, sorted. */
    keys(prefix?: string): Promise<string[]>;
    /**
     * All of what fn changes through its argument happens at its end, or nothing if it throws. If what it has
     * read was changed meanwhile it runs again, up to 20 times, then it rejects with ERR_CONFLICT. Up to
     * 200 KiB of keys and values, read and written.
     */
    transaction<T>(fn: (transaction: Transaction) => T | Promise<T>): Promise<T>;
    /** Writes everything now. */
    flush(): Promise<void>;
  }

  /** Of no use after its end: ERR_CLOSED. */
  export interface Transaction {
    get<T = any>(key: string, fallback?: T): Promise<T>;
    set(key: string, value: unknown): Promise<void>;
    delete(key: string): Promise<boolean>;
    keys(prefix?: string): Promise<string[]>;
  }

  export const get: Store['get'];
  export const set: Store['set'];
  const remove: Store['delete'];
  export {remove as delete};
  export const keys: Store['keys'];
  export const transaction: Store['transaction'];
  export const flush: Store['flush'];
  /** What all scripts have together; 4 MiB. */
  export const shared: Store;
}

declare module 'deskd:gpio' {
  /** true: active. That is high, or low with `activeLow`. */
  export type Level = boolean | 0 | 1;
  /** Who pulls a line that nobody drives. Default 'as-is': whatever it was before. */
  export type Bias = 'as-is' | 'disabled' | 'pull-up' | 'pull-down';

  /**
   * A line by its name ("GPIO17"), by chip and offset ("gpiochip0:17"), or by the chip's label and offset
   * ("pinctrl-rp1:17"). Prefer names: chips are numbered as the kernel pleases. An unknown or ambiguous one
   * is refused with a list of the candidates.
   */
  export type LineName = string;

  interface CommonOutputOptions {
    /** Active is low. Default false. */
    activeLow?: boolean;
    /** Default 'push-pull'. */
    drive?: 'push-pull' | 'open-drain' | 'open-source';
    bias?: Bias;
  }
  export interface OutputOptions extends CommonOutputOptions {
    line: LineName;
    /** Driven at once. Required: there is no level that suits everybody. */
    initial: Level;
    /** Driven when the output closes or the script ends, whatever ends it short of being killed. Required. */
    safe: Level;
  }
  /**
   * A line that moves something. The process deskd-guard drives it, and drives it safe when the script's process or
   * deskd ends, hangs or is stopped: at once after an end, within the lease after a silence.
   */
  export interface MotionOptions extends OutputOptions {
    /**
     * 20 to 600000 ms: it goes to its safe level when neither set() nor renew() has been called for so long. Without
     * it deskd renews 1000 ms by itself, for as long as the script's loop turns.
     */
    lease?: number;
    /** 1 to 86400000 ms: after that long it goes to its safe level, however often it is renewed. */
    maxOn?: number;
    /** 0 to 86400000 ms: and stays there for so long. Only with maxOn. */
    rest?: number;
  }
  export interface OutputsOptions extends CommonOutputOptions {
    /** Up to 64 lines of one chip, set together. */
    lines: readonly LineName[];
    /** A level for each. */
    initial: readonly Level[];
    safe: readonly Level[];
  }

  /** Lines that this script drives. V is boolean, or boolean[] for several lines. */
  export class Output<V extends boolean | boolean[] = boolean> {
    private constructor();
    /** What was driven last, also after close(). */
    readonly value: V;
    readonly closed: boolean;
    /**
     * Drives the line, or all lines at the same time. Ends a pulse. Rejects with the system's code. What moves may be
     * refused, and stays as it is then: ERR_INTERLOCK, ERR_DEAD_TIME, ERR_RESTING, ERR_UNSAFE (another output of the
     * script could not be driven to its safe level so far), ERR_GUARD (deskd-guard is being started again).
     */
    set(value: V extends boolean ? Level : readonly Level[]): Promise<void>;
    /**
     * Drives the opposite of the safe level for 1 to 60000 ms, then the safe level. Timed natively: never
     * shorter, and longer only while the script keeps its loop busy. Resolves with true at its end, with
     * false when set() or close() comes before it. While one runs another rejects with ERR_BUSY.
     */
    pulse(milliseconds: number): Promise<boolean>;
    /** A set() or a pulse has changed the value. */
    on(name: 'change', fn: (value: V) => void): Unsubscribe;
    /**
     * deskd-guard has driven it safe: 'lease', 'supervisor' (deskd was silent), 'maxOn', 'guard' (deskd-guard
     * died), or why the line could not be had again after that.
     */
    on(name: 'expired', fn: (end: {reason: string}) => void): Unsubscribe;
    on(name: 'close', fn: () => void): Unsubscribe;
    /** What moves stays as it is for its lease, counted from now. Throws ERR_CLOSED. */
    renew(): void;
    once(name: 'change', options?: WaitOptions & {filter?: (value: V) => boolean}): Promise<V>;
    /** Drives the safe level and gives the lines back. Throws if the level could not be driven. */
    close(): void;
    [Symbol.asyncDispose](): Promise<void>;
  }

  export interface InputOptions<E extends Edge = Edge> {
    line: LineName;
    bias?: Bias;
    /** Active is low: a rising event then means that the line fell. Default false. */
    activeLow?: boolean;
    /** The edges that are told. Default 'both'. */
    edge?: E;
    /**
     * A level counts once it has lasted this long: 0 (default) to 10000 ms. It is told once, and never again
     * while it stays. Done by the kernel with libgpiod 2, by deskd with the same meaning otherwise.
     */
    debounce?: number;
  }
  export type Edge = 'both' | 'rising' | 'falling' | 'none';

  export interface EdgeEvent {
    /**
     * The level after the edge. libgpiod 1 has the kernel read it a moment later, so that of quick edges two
     * may carry the same; not with a debounce.
     */
    readonly value: boolean;
    /** The same. */
    readonly rising: boolean;
    /**
     * When the kernel saw the edge, with a debounce when the level counted: on the clock of
     * performance.now(), which is CLOCK_MONOTONIC. (Kernels before 5.7 stamp with another clock.)
     */
    readonly timestampMs: number;
    /** Counts this input's events from 1 on. A gap: the kernel had to forget some. */
    readonly sequence: number;
  }

  /** A line that this script reads. Which events there are depends on `edge`. */
  export class Input<E extends Edge = 'both'> {
    private constructor();
    /** The level now; with a debounce, the one that counts. Throws ERR_CLOSED after close(). */
    readonly value: boolean;
    readonly closed: boolean;
    /**
     * How many edges the kernel forgot, because more than 1024 waited for the script. libgpiod 1 does not
     * tell (there 16 may wait): always 0.
     */
    readonly lost: number;
    /** Edges from now on; there is no event for the level at the beginning. 'change' is either edge. */
    on(name: E extends 'both' ? 'rising' | 'falling' | 'change' : E extends 'none' ? never : E | 'change',
       fn: (event: EdgeEvent) => void): Unsubscribe;
    on(name: 'close', fn: () => void): Unsubscribe;
    once(name: E extends 'both' ? 'rising' | 'falling' | 'change' : E extends 'none' ? never : E | 'change',
         options?: WaitOptions & {filter?: (event: EdgeEvent) => boolean}): Promise<EdgeEvent>;
    /** Edges from now on. */
    events(options?: StreamOptions): BoundedStream<EdgeEvent>;
    close(): void;
    [Symbol.asyncDispose](): Promise<void>;
  }

  export interface LineInfo {
    /** "gpiochip0" */
    readonly chip: string;
    /** "pinctrl-bcm2711" */
    readonly label: string;
    readonly offset: number;
    /** Empty if it has none. */
    readonly name: string;
    readonly used: boolean;
    /** Who holds it, as far as they say: deskd's scripts are "deskd:NAME". */
    readonly consumer: string;
    readonly output: boolean;
  }

  /**
   * Takes a line, or several that are set together. Rejects with EBUSY (the message says who holds the
   * line), EACCES (what to do), or whatever else the system says.
   */
  export function output(options: OutputOptions | MotionOptions): Promise<Output>;
  export function output(options: OutputsOptions): Promise<Output<boolean[]>>;
  /**
   * Takes a line as input, and rejects likewise. When it cannot be read any more, because its chip has gone,
   * the input closes and the script fails with the system's error.
   */
  export function input<E extends Edge = 'both'>(options: InputOptions<E>): Promise<Input<E>>;
  /**
   * Of these outputs, each of one line, never more than one is on, and none within `deadTime` (0 to 60000 ms) after
   * another has gone off; they move something from then on. All are at their safe level when it resolves.
   */
  export function interlock(outputs: readonly Output[], options: {deadTime: number}): Promise<void>;
  /** All lines of all chips that may be opened. */
  export function lines(): Promise<LineInfo[]>;
}

declare module 'deskd:hub' {
  /**
   * `name` of an entity is a label; its id is the property, 1 to 64 of [a-z0-9-], and should never change: a
   * TypeError for others, ERR_IN_USE for one that the device has. The options are those of Home Assistant's
   * MQTT discovery (home-assistant.io/integrations/mqtt), others are refused.
   */
  export interface EntityOptions {
    name?: string;
    /** 'mdi:desk' */
    icon?: string;
    category?: 'config' | 'diagnostic';
    /** 'temperature', 'motion' and so on: Home Assistant's device classes for the kind of entity. */
    deviceClass?: string;
    /** false: a hub has it, and shows it when a person says so. */
    enabledByDefault?: boolean;
  }

  /**
   * A handler's exception or rejection is published to the property's `error` topic as JSON {command,
   * message, code} and logged; the script goes on. So is a payload that makes no sense, which never reaches
   * the handler.
   */
  export type Handler<T> = (value: T) => unknown | Promise<unknown>;

  export interface Entity {
    readonly property: string;
    /** Takes it out of the hub; later values are ignored. */
    remove(): void;
  }
  export interface Sensor extends Entity {
    /** null: unknown. Published when it changes. */
    set(value: number | string | null): void;
  }
  export interface BinarySensor extends Entity {
    /** null: unknown. Published when it changes. */
    set(value: boolean | null): void;
  }
  export interface Switch extends Entity {
    /** What it is, null: unknown. Published when it changes. */
    set(value: boolean | null): void;
  }
  export interface NumberEntity extends Entity {
    /** Published inside min and max, since hubs refuse anything else. */
    set(value: number | null): void;
    /** Other limits, if they are others: -1e9 to 1e9, max above min. */
    setRange(range: {min: number; max: number}): void;
  }
  export interface Select extends Entity {
    /** One of its options, else a RangeError. null: unknown. */
    set(value: string | null): void;
  }
  export interface Button extends Entity {}
  export interface EventEntity extends Entity {
    /** One of its types, else a RangeError. Not retained: who is not there misses it. */
    fire(type: string, attributes?: object): void;
  }
  export interface Cover extends Entity {
    /** position: 0 (closed) to 100 (open). At rest say 'open' or 'closed' rather than 'stopped'. */
    set(value: {
      state?: 'open' | 'opening' | 'closed' | 'closing' | 'stopped' | null;
      position?: number | null;
    }): void;
  }

  export interface Device {
    /**
     * Its position is the property 'position', or '<property>-position' for a cover that is not called
     * 'cover'.
     */
    cover(property: string, options?: EntityOptions & {
      onCommand?: Handler<'open' | 'close' | 'stop'>;
      onPosition?: Handler<number>;
    }): Cover;
    sensor(property: string, options?: EntityOptions & {
      unit?: string; stateClass?: 'measurement' | 'total' | 'total_increasing';
      /** At most so many decimals. Default 6. */
      precision?: number;
      /** Seconds after which a hub calls the value unavailable. */
      expireAfter?: number;
      /** A hub takes each value for an event, also the same again. */
      forceUpdate?: boolean;
      /** All texts that it may have, with deviceClass 'enum'. */
      options?: string[];
    }): Sensor;
    binarySensor(property: string, options?: EntityOptions & {
      /** Seconds after which a hub calls the value unavailable. */
      expireAfter?: number;
      forceUpdate?: boolean;
      /** Seconds after which a hub takes it for off. */
      offDelay?: number;
    }): BinarySensor;
    /**
     * The handler gets a number from min (default 0) to max (100); `step` binds only the hub's user
     * interface.
     */
    number(property: string, options?: EntityOptions & {
      min?: number;
      max?: number;
      step?: number;
      mode?: 'auto' | 'box' | 'slider';
      unit?: string;
      precision?: number;
      onCommand?: Handler<number>;
    }): NumberEntity;
    /** No option may be called "none": hubs read that as unknown. */
    select(property: string, options: EntityOptions & {
      options: string[];
      onCommand?: Handler<string>
    }): Select;
    button(property: string, options: EntityOptions & {onPress: () => unknown}): Button;
    switch(property: string, options?: EntityOptions & {onCommand?: Handler<boolean>}): Switch;
    event(property: string, options: EntityOptions & {eventTypes: string[]}): EventEntity;
    /** One JSON object beside the states, published when it changes. Retained. Up to 16 KiB. */
    attributes(values: object): void;
    /** false while the hardware does not answer: hubs show all entities as unavailable. */
    available(flag: boolean): void;
  }

  /**
   * This script's device; a script has one. deskd builds topics and discovery, sends everything again after a
   * reconnect, ignores commands that were retained or have become stale, and removes what the script no longer
   * declares. A second one in a script throws ERR_IN_USE. Without `name` hubs show the script's name, or
   * `title` of its settings.
   */
  export function device(info?: {
    name?: string; manufacturer?: string; model?: string; serialNumber?: string; version?: string;
    hardwareVersion?: string; area?: string;
  }): Device;
}

/**
 * Functions that are called at times of the wall clock.
 *
 * An expression has five fields, "minute hour day month weekday", or six with "second" before them; or it is
 * @yearly (@annually), @monthly, @weekly, @daily (@midnight) or @hourly. A field is a list, with commas, of values
 * (7), ranges (9-17) and `*`, each with a step behind it or without (10-40/15; 5/10 is 5 and every 10th after it).
 * Months and weekdays may be names of three letters in any case; 0 and 7 are Sunday, and "sat-sun" is a range. `L`
 * is the last day of the month. If day and weekday both do not begin with `*`, one of them that fits is enough;
 * else both have to fit.
 *
 * An expression whose seconds, minutes or hours begin with `*` (or name all there are) is an interval: it runs
 * whenever the wall clock shows a time that it matches. Any other names times of the day.
 *
 * Errors: a TypeError names the field, what was expected and what was found, also for a day that never comes (30
 * February); ERR_TIME_ZONES if the machine has no time zone database (package tzdata), or /etc/localtime does not
 * tell its zone. Changes of the clock are known as far as that database lists them: Debian's to 2037.
 */
declare module 'deskd:cron' {
  export interface ZoneOptions {
    /** "Europe/Berlin", "UTC". Default: the machine's, as it is now. */
    timeZone?: string;
    /**
     * Where clocks are set forward, times that do not exist: 'once' (default) runs at the first moment after the
     * gap, once for all of the expression's times that fall into it; 'skip' leaves them out. Where clocks are set
     * back, times that come twice: both run the first time only. An interval is the same under both: it runs in
     * both of the hours that are called the same, and at no time that does not exist.
     */
    dst?: 'once' | 'skip';
  }

  export interface JobOptions extends ZoneOptions {
    /**
     * A run is missed when it is more than 60 s late: the clock was set over it, the machine was suspended or
     * waited for a synchronised clock, or (for a job with a name) the script was not running. 'skip' (default): it
     * is left out. 'run': one call makes up for all that were missed.
     */
    missed?: 'skip' | 'run';
    /**
     * When it is due while the promise of an earlier call has not settled: leave it out (default), run it
     * afterwards (16 may wait, more are left out), or run it beside.
     */
    overlap?: 'skip' | 'queue' | 'allow';
    /**
     * While the clock may be wrong, as after the start of a board without a clock battery: 'hold' (default) calls
     * nobody until it is synchronised (by systemd-timesyncd, chrony or another that tells the kernel); 'run' goes
     * by it all the same, unless it shows a time before this deskd was built.
     */
    unsynchronized?: 'hold' | 'run';
    /** Each run is up to so many ms later, by chance. 0 (default) to 86400000. */
    jitter?: number;
    /**
     * Under which its last run is remembered, in the script's store (deskd:storage). No other open job of the
     * script may have it: EEXIST.
     */
    name?: string;
  }

  export interface Run {
    /** When it should have been, without jitter. Of those that were missed, the first. */
    readonly scheduled: Date;
    readonly missed: boolean;
  }

  export interface Job {
    readonly expression: string;
    readonly name: string | undefined;
    /** Without jitter. null: closed, held, or not within 60 years. */
    readonly next: Date | null;
    /** When the function was called last, by this job. */
    readonly previous: Date | null;
    /** It waits for a synchronised clock. */
    readonly held: boolean;
    /** Calls that have not ended. */
    readonly running: number;
    /** How many runs were left out because of `overlap`. */
    readonly skipped: number;
    readonly closed: boolean;
    /**
     * Calls the function as if it were due now, also while it is held. Resolves with true when that has ended,
     * with false if it was left out; rejects with what the function throws, or ERR_CLOSED.
     */
    run(): Promise<boolean>;
    /** What waits is left out; a call that is under way goes on. */
    close(): void;
    [Symbol.dispose](): void;
  }

  /**
   * Calls `fn` whenever the expression says so. What it throws, or rejects with, ends the script like an exception
   * in a timer. None begins while the script unloads. When the clock is set back, times of the day that have run
   * within three hours are not run again (intervals: within a minute).
   */
  export function schedule(expression: string, fn: (run: Run) => unknown, options?: JobOptions): Job;

  /** `after`: a Date, or milliseconds since 1970, up to the year 9999; default now. */
  export interface NextOptions extends ZoneOptions {
    after?: Date | number;
  }
  export interface NextTimesOptions extends NextOptions {
    /** 1 to 1000. */
    count: number;
  }
  /** The first `count` times after `after`, fewer if there are not so many within 60 years. */
  export function next(expression: string, options: NextTimesOptions): Date[];
  /** The first of them, or null. */
  export function next(expression: string, options?: NextOptions): Date | null;
}

declare module 'deskd:desk' {
  import type {Device} from 'deskd:hub';

  export interface Fault {
    readonly code: string;
    readonly text: string;
    /** When a cool-down ends, on the desk's clock. */
    readonly until?: number;
  }

  /** What a driver tells the desk. */
  export interface DeskSink {
    /** Every height report. Two that agree are needed before one is believed. */
    height(mm: number): void;
    /** The hand controller was used: ends the move, and blocks the next one for `overrideMs`. */
    keypad(key: string): void;
    /** It was stopped, and not by the driver: deskd-guard has sent a port's failsafe bytes. Ends the move. */
    stopped(): void;
    /** A fault stops the desk and refuses moves until it is null again. */
    fault(fault: Fault | null): void;
    connected(connected: boolean): void;
    limits(limits: {minMm: number; maxMm: number}): void;
    /**
     * The driver moves the desk by itself, as away from an obstacle, and has reported a fault so that nobody else
     * does; null when that is over.
     */
    moves(direction: 'up' | 'down' | null): void;
  }

  /** The hardware. All commands return at once. */
  export interface DeskDriver {
    attach(sink: DeskSink): void;
    /** Move until stop(). */
    raise(): void;
    lower(): void;
    /** On the wire before it returns, whatever else is going on; must not throw. */
    stop(): void;
    /**
     * Move to a height and stop there. Absent: the desk raises, lowers and stops in time, learning how it
     * coasts.
     */
    goto?(mm: number): void;
    /** Move to a height that the controller has stored. */
    recall?(slot: number): void;
    /** Whether the hardware has said anything since the last command; absent: not known. */
    readonly answers?: boolean;
    /** Whether anything suggests that it has moved since then, however little; absent: its height tells. */
    readonly stirred?: boolean;
    /**
     * Move by about a millimetre: how a move that is made by raising and lowering ends where it was meant to,
     * with five at most.
     */
    tap?(direction: 'up' | 'down'): void;
    /**
     * Whether the last command has not been given to the hardware yet, because that has to wake up and tell
     * where it is: heights that come until then are no motion, and may change the way to go.
     */
    readonly waking?: boolean;
  }

  export interface Clock {
    now(): number;
    setTimeout(fn: () => void, milliseconds: number): unknown;
    clearTimeout(timer: any): void;
  }

  /** Numbers beyond their range are refused with a RangeError. */
  export interface DeskOptions {
    /** Limits until the driver reports others, 200 to 2500, at least 20 apart; defaults 600 and 1300. */
    minMm?: number;
    maxMm?: number;
    /** Slowest speed to expect, for the time a move may take. 1 to 200, default 20. */
    speedMmPerS?: number;
    /** A height that would take more speed is believed only when a second one agrees. 20 to 2000, default 80. */
    fastestMmPerS?: number;
    /** This near is there. 1 to 20, default 3. */
    toleranceMm?: number;
    /** The same where deskd stops the desk itself. 1 to 30, default 8. */
    stepToleranceMm?: number;
    /** Shorter moves are refused with ERR_TOO_SHORT. 0 to 100, default 10. */
    minTravelMm?: number;
    /** First guess of the way after a stop. 0 to 50, default 8; learned from then on. */
    coastMm?: number;
    /** A height that stays this long means rest. 100 to 5000, default 700. */
    restMs?: number;
    /** A move that does not begin within this is given up. 200 to 20000, default 3000. */
    startMs?: number;
    /** The same for the driver's goto; then the desk is raised and lowered instead. 200 to 20000, default 2000. */
    gotoStartMs?: number;
    /** Without progress, or without heights, a move is stopped after this. 200 to 20000, default 3000. */
    stallMs?: number;
    /** Longest wait for rest after a stop. 200 to 20000, default 2500. */
    settleMs?: number;
    /** Pause after the hand controller was used. 0 to 60000, default 2000. */
    overrideMs?: number;
    /** Added to one and a half times the expected time. 0 to 60000, default 5000. */
    marginMs?: number;
    /** No move lasts longer. 1000 to 120000, default 60000. */
    maxMoveMs?: number;
    /** 0 (default): no limit; up to 10000. */
    maxMovesPerHour?: number;
    /** Returns why a move must not begin now ("nobody is there"), or undefined. */
    guard?: (kind: 'moveTo' | 'up' | 'down' | 'recall') => string | undefined;
    /** For tests. */
    clock?: Clock;
  }

  export type MoveReason =
    /** It is where it was meant to be, as near as the desk can. */
    | 'target'
    /** It is at the end of its range, which up() and down() were meant for. */
    | 'limit'
    /** stop(), the signal, the lock, deskd-guard, or another move. */
    | 'stopped'
    /** Nothing moved, or no height came, for stallMs. An obstacle, or a hand. */
    | 'stall'
    /** The hand controller was used. */
    | 'override'
    | 'timeout' | 'disconnect' | 'fault';

  export interface MoveResult {
    readonly reached: boolean;
    readonly heightMm: number | null;
    readonly targetMm: number | null;
    readonly reason: MoveReason;
  }

  export interface DeskEvents {
    /** Something that can be asked for has changed, other than the height. */
    change: undefined;
    height: number;
    move: MoveResult;
    /** 'up' and 'down' also for motion that nobody here asked for. */
    keypad: string;
    preset: {slot: number; heightMm: number};
    /** Worth a line in the log. */
    notice: string;
  }

  /**
   * A desk: one move at a time. A move that is begun resolves with how it ended; one that is not rejects with
   * ERR_DISCONNECTED, ERR_DESK_FAULT, ERR_DESK_LOCKED, ERR_DESK_OVERRIDE, ERR_DESK_HOURLY, ERR_DESK_GUARD,
   * ERR_HEIGHT_UNKNOWN, ERR_OUT_OF_RANGE, ERR_TOO_SHORT, ERR_NOT_SUPPORTED or ERR_CLOSED. Nothing is retried,
   * and nothing moves without a fresh command. Before it reverses the desk is stopped and waited for.
   */
  export class Desk {
    constructor(driver: DeskDriver, options?: DeskOptions);
    /** null: not known. */
    readonly heightMm: number | null;
    readonly targetMm: number | null;
    /** 0 only at the bottom, 100 only at the top. */
    readonly position: number | null;
    /** Moves or is about to, whoever asked for it. */
    readonly moving: boolean;
    /** A move of ours is under way. */
    readonly commanded: boolean;
    readonly direction: 'up' | 'down' | null;
    readonly connected: boolean;
    readonly locked: boolean;
    readonly fault: Fault | null;
    readonly minMm: number;
    readonly maxMm: number;
    readonly minTravelMm: number;
    /** How heights are reached: by the controller itself, or by raising and lowering. */
    readonly goto: 'native' | 'step';
    readonly lastMove: MoveResult | null;
    /** Heights of the controller's presets, as observed. */
    readonly presetHeights: Map<number, number>;

    /** Rejections of once(): ETIMEDOUT, ERR_CLOSED, the signal's reason. */
    on<E extends keyof DeskEvents>(name: E, fn: (value: DeskEvents[E]) => void): Unsubscribe;
    once<E extends keyof DeskEvents>(name: E, options?: WaitOptions): Promise<DeskEvents[E]>;

    /** Replaces a move under way. */
    moveTo(mm: number, options?: {signal?: AbortSignal}): Promise<MoveResult>;
    /** To the end of the range, also while the height is unknown. */
    up(options?: {timeoutMs?: number; signal?: AbortSignal}): Promise<MoveResult>;
    down(options?: {timeoutMs?: number; signal?: AbortSignal}): Promise<MoveResult>;
    /** To a height that the controller has stored; ERR_NOT_SUPPORTED if the driver has none. */
    recall(slot: number, options?: {signal?: AbortSignal}): Promise<MoveResult>;
    /** Always accepted; the hardware has it when this returns. The promise resolves at rest. */
    stop(): Promise<void>;
    /** A locked desk stops, and refuses to move. */
    setLocked(locked: boolean): void;
    /** Stops, and calls nobody any more. */
    close(): void;
  }

  export interface ExposeOptions {
    device: Device;
    /**
     * Heights of one's own or slots of the controller, for the preset selection; "manual" is always there.
     */
    presets?: ({name: string; heightMm: number} | {name: string; slot: number})[];
    /** Keys that the keypad event may have. Default up, down. */
    keys?: string[];
    /** false: no cover, so that "close all covers" leaves the desk alone. */
    cover?: boolean;
    /** Between two updates while it moves, 200 to 5000. Default 200. */
    updateMs?: number;
    /**
     * deskd:mqtt; with `offlineStopMs` (default 5000): a desk under way stops when the broker is away that
     * long.
     */
    connection?: {on(name: 'online' | 'offline', fn: () => void): Unsubscribe};
    /** 0 to 600000; 0: let it arrive. */
    offlineStopMs?: number;
    /** More attributes, asked for at each update at rest. */
    attributes?: () => object;
    clock?: Clock;
  }

  /**
   * Shows the desk in the hub: cover with position, height, target, preset, stop, moving, fault, lock,
   * keypad; and obeys its commands. A move that ends with stall, timeout, fault or disconnect is reported
   * like a refused one, with code ERR_MOVE_STALL and so on.
   */
  export function exposeDesk(desk: Desk, options: ExposeOptions): Exposure;

  export interface Exposure {
    /** Everything as it is now; what the hub knows already is not sent again. */
    publishAll(): void;
  }
}

/**
 * The simulated board: only where hardware is simulated (`deskd --sim`, `deskd --board SOCKET`,
 * `deskd-host --board SOCKET`); elsewhere the import fails with ERR_NOT_SIMULATED. It is a Raspberry Pi's:
 * a line is a name ("GPIO17"), "gpiochip0:17" or "pinctrl-bcm2711:17"; a bus "i2c-1" or "1".
 *
 * Everything is in force when its promise resolves. Errors: EINVAL says what was expected, ENODEV that the
 * board is gone. What a script does to the board stays when the script ends.
 */
declare module 'deskd:sim' {
  /** Drives a line as a button or a wire from outside does; null lets go. Where two drive, low wins. */
  export function drive(line: string, level: boolean | 0 | 1 | null): Promise<void>;
  /** A resistor, stronger than the pull of the chip. */
  export function pull(line: string, direction: 'up' | 'down' | 'none'): Promise<void>;
  /** Connects two lines; what is connected has one level. */
  export function wire(a: string, b: string): Promise<void>;
  /** Cuts all wires of the line. */
  export function unwire(line: string): Promise<void>;
  /**
   * From now on a contact drives the line: each change from outside goes back `times` times (0 to 1000000;
   * default 0: a clean contact), evenly within `ms` (0 to 60000, default 5), before it stays.
   */
  export function bounce(line: string, contact?: {times?: number; ms?: number}): Promise<void>;
  /** Somebody else has the line: requests of it fail with EBUSY, naming `consumer`. */
  export function hold(line: string, consumer: string): Promise<void>;
  /** Lets go of it again. */
  export function unhold(line: string): Promise<void>;
  /** Of the wire, whoever drives it. */
  export function level(line: string): Promise<boolean>;

  export type Operation = 'gpio-lines' | 'gpio-request' | 'gpio-set' | 'gpio-get' | 'i2c-open' |
    'i2c-transfer' | 'i2c-probe' | 'serial-add';
  /**
   * Lets an operation fail with an error number ("EIO"): after `after` uses that go well (default 0), `count`
   * times (default 1; Infinity: from then on), only for `line` if there is one.
   */
  export function fault(operation: Operation, code: string,
                        when?: {after?: number; count?: number; line?: string}): Promise<void>;
  /** Those of fault(): none fails any more. */
  export function clearFaults(): Promise<void>;

  export const i2c: {
    buses(): Promise<string[]>;
    /** Kinds: "registers" (256 of 8 bits, named "0x10" and so on) and models of chips. 0x08 to 0x77. */
    add(bus: string, address: number, kind: string): Promise<void>;
    remove(bus: string, address: number): Promise<void>;
    /** What the chip measures or sees; which names there are, each kind says in its error. */
    set(bus: string, address: number, name: string, value: number): Promise<void>;
    get(bus: string, address: number, name: string): Promise<number>;
    /** Of one address, or of all. "stuck": transfers and probes end when the fault is cleared. */
    fault(bus: string, kind: 'nack' | 'stuck' | 'none', address?: number): Promise<void>;
    /** As if a driver of the kernel had the address. */
    claim(bus: string, address: number, claimed?: boolean): Promise<void>;
  };

  export const serial: {
    /** Resolves with the path to open. Letters, digits, - and _. */
    add(name: string): Promise<string>;
    remove(name: string): Promise<void>;
    /** The cable: whoever has the port open sees a hang-up. */
    unplug(name: string): Promise<void>;
    plug(name: string): Promise<void>;
    /** What the device at the other end sends. */
    send(name: string, bytes: BytesLike): Promise<void>;
    /** What it has received since the last call; the last 64 KiB of it. */
    take(name: string): Promise<Uint8Array>;
  };

  /**
   * Connects something that needs more than a level. "ultrasonic": {trigger, echo, distance}, two lines and
   * millimetres; it knows "distance" and "connected". "loctek": a LoctekMotion desk. "relay-desk": a desk with two
   * relays, {up, down} and what measures it. Their options and values are in the headers of hal/sim.
   */
  export function plant(kind: string,
                        options?: Record<string, string | number | boolean>): Promise<SimPlant>;
  export class SimPlant {
    private constructor();
    readonly kind: string;
    set(name: string, value: string | number | boolean): Promise<void>;
    get(name: string): Promise<string | number>;
    /** It drives nothing any more, and its serial ports are gone. */
    remove(): Promise<void>;
  }

  export interface Change {
    /** CLOCK_MONOTONIC, to the nanosecond; the same in all processes of the machine. */
    readonly timestampMs: number;
    /** The line's name; "gpiochip1:7" for one without. */
    readonly line: string;
    readonly level: boolean;
  }
  export interface RecordingEvents {
    change: Change;
    /** How many changes were dropped because they were not taken in time: 65536 wait. */
    lost: number;
    /** Also when the board is gone. */
    close: undefined;
  }
  export class SimRecording {
    private constructor();
    readonly closed: boolean;
    on<E extends keyof RecordingEvents>(name: E, fn: (value: RecordingEvents[E]) => void): Unsubscribe;
    once<E extends keyof RecordingEvents>(name: E, options?: WaitOptions): Promise<RecordingEvents[E]>;
    changes(options?: StreamOptions): BoundedStream<Change>;
    close(): void;
    [Symbol.asyncDispose](): Promise<void>;
  }
  /** What the wires do from now on, seen by the board itself. */
  export function record(): Promise<SimRecording>;
}

/**
 * Tests of scripts, run by `deskctl test NAME.test.js` on a simulated board (deskd:sim drives it), each file in
 * a process of its own, with the settings of NAME.toml. Elsewhere importing it fails with ERR_NOT_TESTING.
 * Cases run one after another when the file's top level has ended; each may take 10 s of real time. What a case
 * imports with `await import('./NAME.js')` is the script under test; a file can do that once.
 */
declare module 'deskd:test' {
  /** A case. It fails with what `fn` throws, or what its promise rejects with. */
  export function test(name: string, fn: () => unknown): void;

  /** A pattern for the error's text, or properties of the error: values, or patterns for their text. */
  export type ExpectedError = RegExp | Record<string, unknown>;

  /** They throw an AssertionError that says what was expected and what was found. */
  export const assert: {
    ok(value: unknown, message?: string): void;
    /** The same value, or built-in and plain objects of one class with the same content; other objects only themselves. */
    equal(actual: unknown, expected: unknown, message?: string): void;
    near(actual: number, expected: number, tolerance: number, message?: string): void;
    match(text: string, pattern: RegExp): void;
    /** Returns the error; without `expected` any will do. */
    throws(fn: () => unknown, expected?: ExpectedError): any;
    rejects(promise: Promise<unknown>, expected?: ExpectedError): Promise<any>;
  };

  /**
   * Time that stands: timers, Date and performance.now() of the whole script, from freeze() to the end of the case.
   * What native code times goes on in real time: debouncing, pulses and leases of deskd:gpio, gaps on serial ports,
   * deskd:cron.
   */
  export const clock: {
    readonly frozen: boolean;
    /** Timers that wait. */
    readonly pending: number;
    /** `now`: what Date shows from here on; default: the time. */
    freeze(options?: {now?: Date | number}): void;
    /** Lets time pass: timers run in order, with promises settled in between. Rejects with what one throws. */
    advance(milliseconds: number): Promise<void>;
    /** Timers that wait never fire. */
    thaw(): void;
  };
}

// Globals, as browsers have them. What is not listed here, and is not ECMAScript's, does not exist.

/**
 * The script's log, for `deskctl logs NAME` and the journal. Arguments as in browsers, %s, %d, %i, %f, %j, %o,
 * %O, %c, too.
 */
interface Console {
  /** Priority 6, information. */
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  /** Priority 7. */
  debug(...values: unknown[]): void;
  /** Priority 4. */
  warn(...values: unknown[]): void;
  /** Priority 3. */
  error(...values: unknown[]): void;
  dir(value: unknown): void;
  /** The stack, at priority 7. */
  trace(...values: unknown[]): void;
  /** Logs, at priority 3, where the condition is false; goes on. */
  assert(condition?: unknown, ...values: unknown[]): void;
  /** Lines are indented by two more until groupEnd(). */
  group(...values: unknown[]): void;
  groupCollapsed(...values: unknown[]): void;
  groupEnd(): void;
  /** Up to 1000 labels are known at a time. */
  count(label?: string): void;
  countReset(label?: string): void;
  time(label?: string): void;
  /** Milliseconds since time(). */
  timeLog(label?: string, ...values: unknown[]): void;
  timeEnd(label?: string): void;
}
declare var console: Console;

/**
 * Calls back once, after 0 (default) to 2147483647 ms; what is longer counts as that. While it waits it counts
 * as a handle: ERR_LIMIT beyond limits.handles, default 1000. What it throws ends the script.
 */
declare function setTimeout(callback: (...values: any[]) => unknown, milliseconds?: number, ...values: any[]): number;
/** The same again and again, every 1 (default) to 2147483647 ms. */
declare function setInterval(callback: (...values: any[]) => unknown, milliseconds?: number, ...values: any[]): number;
/** Whatever is no timer that waits is ignored. */
declare function clearTimeout(timer?: number | null): void;
declare function clearInterval(timer?: number | null): void;
/** Calls back in this turn of the loop, when what runs now has ended. */
declare function queueMicrotask(callback: () => void): void;

/** A copy. A DataCloneError for functions and other values that have none; nothing can be transferred. */
declare function structuredClone<T>(value: T, options?: {transfer?: readonly []}): T;

/** Base64 of a text of characters up to U+00FF, one a byte; else an InvalidCharacterError. */
declare function btoa(text: string): string;
/** The reverse; an InvalidCharacterError for what is no base64. */
declare function atob(text: string): string;

interface TextEncoder {
  readonly encoding: 'utf-8';
  encode(text?: string): Uint8Array;
  /** As many whole characters as fit; `read` counts UTF-16 units, `written` bytes. */
  encodeInto(text: string, target: Uint8Array): {read: number; written: number};
}
declare var TextEncoder: {
  prototype: TextEncoder;
  new(): TextEncoder;
};

interface TextDecoder {
  readonly encoding: 'utf-8';
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  /** With `stream` an incomplete character at the end waits for the next call. */
  decode(bytes?: ArrayBufferView | ArrayBuffer | SharedArrayBuffer, options?: {stream?: boolean}): string;
}
declare var TextDecoder: {
  prototype: TextDecoder;
  /**
   * Only UTF-8, else a RangeError. `fatal`: decode() throws a TypeError with ERR_ENCODING_INVALID_DATA instead
   * of writing U+FFFD. `ignoreBOM`: a byte order mark stays in the text.
   */
  new(label?: string, options?: {fatal?: boolean; ignoreBOM?: boolean}): TextDecoder;
};

/** `code` is the web's legacy number, 0 for names that have none: compare `name`. */
interface DOMException extends Error {
  readonly name: string;
  readonly code: number;
}
declare var DOMException: {
  prototype: DOMException;
  new(message?: string, name?: string): DOMException;
};

interface EventInit {
  bubbles?: boolean;
  cancelable?: boolean;
  composed?: boolean;
}
interface Event {
  readonly type: string;
  readonly target: EventTarget | null;
  readonly srcElement: EventTarget | null;
  /** null when it is not being dispatched. */
  readonly currentTarget: EventTarget | null;
  readonly eventPhase: number;
  readonly bubbles: boolean;
  readonly cancelable: boolean;
  readonly composed: boolean;
  /** Milliseconds since the script's first use of events. */
  readonly timeStamp: number;
  readonly isTrusted: boolean;
  readonly defaultPrevented: boolean;
  readonly NONE: 0;
  readonly CAPTURING_PHASE: 1;
  readonly AT_TARGET: 2;
  readonly BUBBLING_PHASE: 3;
  composedPath(): EventTarget[];
  preventDefault(): void;
  stopPropagation(): void;
  stopImmediatePropagation(): void;
}
declare var Event: {
  prototype: Event;
  new(type: string, options?: EventInit): Event;
  readonly NONE: 0;
  readonly CAPTURING_PHASE: 1;
  readonly AT_TARGET: 2;
  readonly BUBBLING_PHASE: 3;
};

interface CustomEventInit<T = any> extends EventInit {
  detail?: T;
}
interface CustomEvent<T = any> extends Event {
  readonly detail: T;
}
declare var CustomEvent: {
  prototype: CustomEvent;
  new<T>(type: string, options?: CustomEventInit<T>): CustomEvent<T>;
};

interface EventListenerObject {
  handleEvent(event: any): unknown;
}
/** A target has no parents: events do not travel. A listener that throws ends the script when the others have run. */
interface EventTarget {
  addEventListener(type: string, listener: ((event: any) => unknown) | EventListenerObject | null,
                   options?: boolean | {capture?: boolean; once?: boolean; passive?: boolean; signal?: AbortSignal}): void;
  removeEventListener(type: string, listener: ((event: any) => unknown) | EventListenerObject | null,
                      options?: boolean | {capture?: boolean}): void;
  /** false if a listener has called preventDefault(). */
  dispatchEvent(event: Event): boolean;
}
declare var EventTarget: {
  prototype: EventTarget;
  new(): EventTarget;
};

interface AbortSignal extends EventTarget {
  readonly aborted: boolean;
  readonly reason: any;
  onabort: ((this: AbortSignal, event: Event) => any) | null;
  /** Throws the reason. */
  throwIfAborted(): void;
}
declare var AbortSignal: {
  prototype: AbortSignal;
  /** Default reason: a DOMException named AbortError. */
  abort(reason?: any): AbortSignal;
  /** Aborts after 0 to 2147483647 ms with a DOMException named TimeoutError. */
  timeout(milliseconds: number): AbortSignal;
  /** Aborts with the first of them, for its reason. */
  any(signals: Iterable<AbortSignal>): AbortSignal;
};

interface AbortController {
  readonly signal: AbortSignal;
  abort(reason?: any): void;
}
declare var AbortController: {
  prototype: AbortController;
  new(): AbortController;
};

interface Performance {
  /** CLOCK_MONOTONIC in milliseconds: the clock of edges and recordings, the same in all processes of the machine. */
  now(): number;
  /** What Date.now() was when now() was 0. */
  readonly timeOrigin: number;
  toJSON(): any;
}
declare var performance: Performance;

interface Crypto {
  /**
   * Fills integers, up to 65536 bytes of them (else a QuotaExceededError), from the kernel's generator. Returns
   * the same array.
   */
  getRandomValues<T extends ArrayBufferView | null>(array: T): T;
  /** Version 4. */
  randomUUID(): `${string}-${string}-${string}-${string}-${string}`;
}
declare var crypto: Crypto;

/** From bytes: there is nothing to fetch or stream from. Its memory counts for limits.memory_mib. */
declare namespace WebAssembly {
  type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'externref' | 'anyfunc';
  type ImportExportKind = 'function' | 'global' | 'memory' | 'table' | 'tag';
  type Imports = Record<string, Record<string, any>>;
  type Bytes = ArrayBufferView | ArrayBuffer;

  interface Module {}
  var Module: {
    prototype: Module;
    /** Throws a CompileError. */
    new(bytes: Bytes): Module;
    customSections(module: Module, name: string): ArrayBuffer[];
    exports(module: Module): {name: string; kind: ImportExportKind}[];
    imports(module: Module): {module: string; name: string; kind: ImportExportKind}[];
  };

  interface Instance {
    readonly exports: Record<string, any>;
  }
  var Instance: {
    prototype: Instance;
    /** Throws a LinkError, or a RuntimeError of the module's start function. */
    new(module: Module, imports?: Imports): Instance;
  };

  interface Memory {
    readonly buffer: ArrayBuffer;
    /** By so many pages of 64 KiB; returns how many there were. A RangeError beyond the maximum. */
    grow(pages: number): number;
  }
  var Memory: {
    prototype: Memory;
    /** In pages of 64 KiB. */
    new(size: {initial: number; maximum?: number; shared?: boolean}): Memory;
  };

  interface Table {
    readonly length: number;
    get(index: number): any;
    set(index: number, value?: any): void;
    /** Returns the length it had. */
    grow(delta: number, value?: any): number;
  }
  var Table: {
    prototype: Table;
    new(size: {element: 'anyfunc' | 'externref'; initial: number; maximum?: number}, value?: any): Table;
  };

  interface Global<T extends ValueType = ValueType> {
    value: any;
    valueOf(): any;
  }
  var Global: {
    prototype: Global;
    new<T extends ValueType = ValueType>(type: {value: T; mutable?: boolean}, value?: any): Global<T>;
  };

  interface Tag {}
  var Tag: {
    prototype: Tag;
    new(type: {parameters: ValueType[]}): Tag;
  };

  interface Exception extends Error {
    is(tag: Tag): boolean;
    getArg(tag: Tag, index: number): any;
  }
  var Exception: {
    prototype: Exception;
    /** A value for each of the tag's parameters. */
    new(tag: Tag, values?: any[]): Exception;
  };

  interface CompileError extends Error {}
  var CompileError: {
    prototype: CompileError;
    new(message?: string): CompileError;
  };
  interface LinkError extends Error {}
  var LinkError: {
    prototype: LinkError;
    new(message?: string): LinkError;
  };
  /** A trap. */
  interface RuntimeError extends Error {}
  var RuntimeError: {
    prototype: RuntimeError;
    new(message?: string): RuntimeError;
  };

  function validate(bytes: Bytes): boolean;
  /** Rejects with a CompileError. */
  function compile(bytes: Bytes): Promise<Module>;
  function instantiate(bytes: Bytes, imports?: Imports): Promise<{module: Module; instance: Instance}>;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;
}

interface ImportMeta {
  /** file:// and the path of this file. */
  readonly url: string;
}

/** V8's. */
interface ErrorConstructor {
  /** Gives the object a `stack`, without the frames from `below` on. */
  captureStackTrace(object: object, below?: Function): void;
  stackTraceLimit: number;
}

interface SymbolConstructor {
  readonly dispose: unique symbol;
  readonly asyncDispose: unique symbol;
}
