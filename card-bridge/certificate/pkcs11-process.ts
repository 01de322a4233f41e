/**
 * The process that loads a card vendor's PKCS#11 module. It is one of its own because such a module is native code of
 * somebody else, whose calls block and may never come back; it answers one question, and is gone with PIN and session.
 */
import { createHash } from 'node:crypto';

import { constants, loadBinding, pkcs11CodeOf, type Handle, type Pkcs11 } from './pkcs11-binding';
import { problemAfterWrongPin, problemOfTokenCode, tokenFlags } from './pkcs11-codes';
import type { Pkcs11Question, Pkcs11Reply, TokenFound } from './pkcs11-messages';

type Sign = Extract<Pkcs11Question, { readonly act: 'sign' }>;

const wrongPin = 0xa0;
/** Longer than any signature of the keys that are taken: RSA of 8,192 bits. */
const longestSignature = 1_024;
/** The module was initialised before by this very process. */
const alreadyInitialised = 0x191;

/** The vendor's module at work: what is read of cards, and what is asked of them. */
class TokenModule {
  readonly #module: Pkcs11;

  constructor(binding: Pkcs11, file: string) {
    this.#module = binding;
    this.#module.load(file);
    try {
      this.#module.C_Initialize();
    } catch (error) {
      if (pkcs11CodeOf(error) !== alreadyInitialised) throw error;
    }
  }

  close(): void {
    try {
      this.#module.C_Finalize();
    } finally {
      this.#module.close();
    }
  }

  /** The cards that are in, with what anybody may read of them; one that is strange to the module has nothing. */
  look(): readonly TokenFound[] {
    return this.#module.C_GetSlotList(true).flatMap((slot) => {
      const reader = this.#module.C_GetSlotInfo(slot).slotDescription.replaceAll('\0', '').trim();
      const strange = { slot: slot.toString('hex'), reader, lastTry: false, locked: false, certificates: [] };
      try {
        const { flags } = this.#module.C_GetTokenInfo(slot);
        // Modules of software offer an empty slot as a card that was never made.
        if ((flags & tokenFlags.made) === 0) return [];
        const certificates = this.#within(slot, (session) => this.#certificates(session));
        const lastTry = (flags & tokenFlags.lastTry) !== 0;
        return [{ ...strange, lastTry, locked: (flags & tokenFlags.locked) !== 0, certificates }];
      } catch (error) {
        return problemOfTokenCode(pkcs11CodeOf(error)) === 'noToken' ? [] : [strange];
      }
    });
  }

  sign(asked: Sign): Pkcs11Reply {
    const slot = Buffer.from(asked.slot, 'hex');
    return this.#within(slot, (session): Pkcs11Reply => {
      try {
        this.#module.C_Login(session, constants.user, asked.pin);
      } catch (error) {
        if (pkcs11CodeOf(error) !== wrongPin) throw error;
        return { problem: problemAfterWrongPin(this.#module.C_GetTokenInfo(slot).flags) };
      }
      try {
        const key = this.#keyOf(session, asked);
        if (!key) return { problem: 'otherToken' };
        return { signature: this.#signature(session, key, Buffer.from(asked.text, 'hex')).toString('hex') };
      } finally {
        this.#module.C_Logout(session);
      }
    });
  }

  #within<T>(slot: Handle, act: (session: Handle) => T): T {
    const session = this.#module.C_OpenSession(slot, constants.serialSession);
    try {
      return act(session);
    } finally {
      this.#module.C_CloseSession(session);
    }
  }

  #find(session: Handle, objectClass: number): readonly Handle[] {
    this.#module.C_FindObjectsInit(session, [{ type: constants.classOf, value: objectClass }]);
    const found: Handle[] = [];
    for (let next = this.#module.C_FindObjects(session); next; next = this.#module.C_FindObjects(session)) {
      found.push(next);
    }
    this.#module.C_FindObjectsFinal(session);
    return found;
  }

  /** An attribute's bytes; empty where the card has none. */
  #bytes(session: Handle, object: Handle, type: number): Buffer {
    try {
      const [attribute] = this.#module.C_GetAttributeValue(session, object, [{ type }]);
      return Buffer.isBuffer(attribute?.value) ? attribute.value : Buffer.alloc(0);
    } catch {
      return Buffer.alloc(0);
    }
  }

  #certificates(session: Handle): TokenFound['certificates'] {
    return this.#find(session, constants.certificate).map((object) => ({
      keyId: this.#bytes(session, object, constants.id).toString('hex'),
      der: this.#bytes(session, object, constants.value).toString('hex'),
    }));
  }

  #keyOf(session: Handle, { keyId, modulus }: Sign): Handle | undefined {
    const keys = this.#find(session, constants.privateKey);
    const has = (type: number, wanted: string) => (key: Handle) =>
      wanted !== '' &&
      this.#bytes(session, key, type)
        .toString('hex')
        .replace(/^(00)+/, '') === wanted;
    // The modulus first: a card may give keys of one use and certificates of another the same name.
    return (
      keys.find(has(constants.modulus, modulus)) ?? keys.find(has(constants.id, keyId.replace(/^(00)+/, '')))
    );
  }

  /** RSA cards hash by themselves; the mechanism of elliptic curves takes what was hashed. */
  #signature(session: Handle, key: Handle, text: Buffer): Buffer {
    const type = this.#bytes(session, key, constants.keyType);
    const isCurve = type.length > 0 && type[0] === constants.ellipticCurve;
    this.#module.C_SignInit(session, { mechanism: isCurve ? constants.ecdsa : constants.sha256RsaPkcs }, key);
    const asked = isCurve ? createHash('sha256').update(text).digest() : text;
    return this.#module.C_Sign(session, asked, Buffer.alloc(longestSignature));
  }
}

function answerTo(question: Pkcs11Question): Pkcs11Reply {
  let binding: Pkcs11;
  try {
    binding = loadBinding();
  } catch {
    return { problem: 'noTokenBinding' };
  }
  let module: TokenModule;
  try {
    module = new TokenModule(binding, question.module);
  } catch {
    return { problem: 'noModule' };
  }
  try {
    return question.act === 'look' ? { tokens: module.look() } : module.sign(question);
  } catch (error) {
    return { problem: problemOfTokenCode(pkcs11CodeOf(error)) };
  } finally {
    module.close();
  }
}

// Whoever started us is gone, or has given us up.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.once('message', (question) => {
  process.send?.(answerTo(question as Pkcs11Question), undefined, {}, () => process.exit(0));
});
