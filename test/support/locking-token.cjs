/*
 * Makes a card of software count wrong PINs as cards do: flags before the last try, and locked after the third. The
 * count stands in the file WRONG_PINS, since each question has a process of its own. HANG: the card never answers.
 */
const { existsSync, readFileSync, writeFileSync, rmSync } = require('node:fs');
const binding = require('pkcs11js');

const file = process.env.WRONG_PINS;
const tries = 3;
const [lastTry, locked] = [0x20000, 0x40000];
const pinIncorrect = 0xa0;
const pinLocked = 0xa4;

const wrongPins = () => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0);

// The binding gives each module methods of its own, so they are wrapped one module at a time.
binding.PKCS11 = class extends binding.PKCS11 {
  constructor(...args) {
    super(...args);
    const { C_Initialize, C_Login, C_GetTokenInfo } = this;

    this.C_Initialize = (...asked) => {
      // What a driver does that waits for a reader: nothing of the process goes on.
      while (process.env.HANG === 'yes');
      return C_Initialize.apply(this, asked);
    };

    this.C_Login = (...asked) => {
      if (wrongPins() >= tries) throw Object.assign(new Error('CKR_PIN_LOCKED'), { code: pinLocked });
      try {
        C_Login.apply(this, asked);
        rmSync(file, { force: true });
      } catch (error) {
        if (error.code === pinIncorrect) writeFileSync(file, String(wrongPins() + 1));
        throw error;
      }
    };

    this.C_GetTokenInfo = (...asked) => {
      const info = C_GetTokenInfo.apply(this, asked);
      const flags = wrongPins() >= tries ? locked : wrongPins() === tries - 1 ? lastTry : 0;
      return { ...info, flags: info.flags | flags };
    };
  }
};
