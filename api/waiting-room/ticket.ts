/** What somebody at the door holds: a place in line, or the right of someone whose session ran out to come back. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * A place in line (號碼牌), as the browser keeps it for looking how far the line has come. Nothing in it is secret or
 * personal; it is signed so that nobody makes one. For whom it was drawn is kept in the ledger.
 */
export interface Ticket {
  readonly kind: 'ticket';
  /** As it was given out; draws move the place, never the number. */
  readonly number: number;
  /** How many stood before it then: the length of the way, for showing how much of it is done. */
  readonly aheadAtFirst: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** Good for signing in again as the same person, without waiting a second time. */
export interface ReturnPass {
  readonly kind: 'return';
  /** A keyed hash of whose session it was. */
  readonly personTag: string;
  readonly expiresAt: number;
}

export type DoorPass = Ticket | ReturnPass;

/** Longer than any line: whoever's turn came while they slept comes in when they wake. */
export const ticketLifeMs = 12 * 3_600_000;
/** Time to come back after a session ran out, from the last act on. */
export const returnLifeMs = 30 * 60_000;

export interface DoorPasses {
  seal(pass: DoorPass): string;
  /** `undefined` for what we did not make and for what has expired. */
  open(sealed: string | undefined): DoorPass | undefined;
  tagOf(personKey: string): string;
  /** Under which a place is kept for whoever has the person number of this index. */
  placeTagOf(numberIndex: Buffer): Buffer;
}

/** `key`: 32 bytes, the same on all processes. */
export function doorPasses(key: Buffer): DoorPasses {
  const secret = createHmac('sha256', key).update('waiting room').digest();
  const signed = (purpose: string, text: string): string =>
    createHmac('sha256', secret).update(`${purpose}:${text}`).digest('base64url');

  return {
    seal(pass) {
      const text =
        pass.kind === 'ticket'
          ? `t.${String(pass.number)}.${String(pass.aheadAtFirst)}.${String(pass.expiresAt)}`
          : `r.${pass.personTag}.${String(pass.expiresAt)}`;
      return `${text}.${signed('pass', text)}`;
    },
    open(sealed) {
      if (sealed === undefined || sealed.length > 200) return undefined;
      const end = sealed.lastIndexOf('.');
      const text = sealed.slice(0, Math.max(0, end));
      const given = Buffer.from(sealed.slice(end + 1));
      const expected = Buffer.from(signed('pass', text));
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
      const pass = passOf(text.split('.'));
      return pass && pass.expiresAt * 1_000 > Date.now() ? pass : undefined;
    },
    tagOf: (personKey) => signed('person', personKey),
    placeTagOf: (numberIndex) => createHmac('sha256', secret).update('place:').update(numberIndex).digest(),
  };
}

function passOf([kind, ...parts]: readonly string[]): DoorPass | undefined {
  const [a = '', b = '', c = ''] = parts;
  if (kind === 't')
    return { kind: 'ticket', number: Number(a), aheadAtFirst: Number(b), expiresAt: Number(c) };
  if (kind === 'r') return { kind: 'return', personTag: a, expiresAt: Number(b) };
  return undefined;
}
