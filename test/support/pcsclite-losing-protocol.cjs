/*
 * The binding as it behaves when another program's reset ends just after we connected: the first exchange is refused,
 * since what was agreed on is no more. With the real service this takes one try in ten on a single busy processor.
 */
const Module = require('node:module');
const { EventEmitter } = require('node:events');

const mismatch = 'SCardTransmit error: Card protocol mismatch.(0x8010000f)';
let exchanges = 0;

class Reader extends EventEmitter {
  name = 'Virtual PCD 00 00';
  connected = false;
  connect(options, done) {
    this.connected = true;
    setImmediate(() => done(null, 2));
  }
  transmit(command, longest, protocol, done) {
    exchanges += 1;
    if (exchanges === 1) return setImmediate(() => done(new Error(mismatch)));
    setImmediate(() => done(null, Buffer.from(`${process.env.CARD_DATA}9000`, 'hex')));
  }
  disconnect(disposition, done) {
    this.connected = false;
    setImmediate(() => done(null));
  }
  close() {}
}

function open() {
  const root = new EventEmitter();
  root.close = () => undefined;
  const reader = new Reader();
  setImmediate(() => {
    root.emit('reader', reader);
    reader.emit('status', { state: 0x20, atr: Buffer.from('3B00', 'hex') });
  });
  return root;
}

const load = Module._load;
Module._load = (name, ...rest) => (name === 'pcsclite' ? open : load(name, ...rest));
