/** For each way in, somebody whom we know and nobody at all, asked for in the same words: what must look alike. */
import type { AppWithPeople } from './app-with-people';
import { CardReader } from './card-reader';
import { syntheticCardNumber, syntheticNationalId } from '../demo-data/synthetic-numbers';

/** One request. */
export interface Asked {
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Left out: with a solved captcha. A card that was read takes its place. */
  readonly cookie?: string;
}

export interface Case {
  readonly name: string;
  /** Asks about somebody known, the `turn`th time. */
  known(turn: number): Promise<Asked> | Asked;
  /** Asks about nobody. */
  unknown(turn: number): Promise<Asked> | Asked;
}

/** So many people each, in turn: neither side must be told by how often its rows were touched. */
const people = 10;
const nobodysNumbers = Array.from({ length: people }, (_, serial) =>
  syntheticNationalId('Z', 'male', serial),
);
const nobodys = (turn: number): string => nobodysNumbers[turn % people] ?? '';
const wrongCard = syntheticCardNumber(99_999);

const session = (body: Asked['body']): Asked => ({ url: '/v1/sessions', body });

/** What is measured, by the ways that `app` has. */
export function casesOf(app: AppWithPeople): readonly Case[] {
  const inGroup = (turn: number) => app.inOpenGroup[turn % app.inOpenGroup.length] ?? app.cleared;
  const byCard = (personNumber: string, cardNumber: string) =>
    session({ method: 'card-number', personNumber, cardNumber });
  const byBirthDate = (personNumber: string, birthDate: string, cardNumber: string) =>
    session({ method: 'birth-date', personNumber, birthDate, cardNumber });
  const byCode = (personNumber: string, otp: string) => session({ method: 'app-otp', personNumber, otp });
  const reader = new CardReader(app.url);
  const byPassword = async (card: Parameters<CardReader['read']>[0]): Promise<Asked> => {
    const { cookie, cardProof } = await reader.read(card);
    const { personNumber } = card;
    return { ...session({ method: 'card-password', personNumber, password: 'wrong-1x', cardProof }), cookie };
  };
  return [
    {
      name: 'card-number: another card',
      known: (turn) => byCard(inGroup(turn).personNumber, wrongCard),
      unknown: (turn) => byCard(nobodys(turn), wrongCard),
    },
    {
      name: 'card-number: the right card, in no open group',
      known: () => byCard(app.inNoGroup.personNumber, app.inNoGroup.cardNumber),
      unknown: () => byCard(nobodys(0), wrongCard),
    },
    {
      name: 'birth-date: all of it right, never a duplicate',
      known: (turn) => {
        const { personNumber, birthDate, cardNumber } = inGroup(turn);
        return byBirthDate(personNumber, birthDate, cardNumber);
      },
      unknown: (turn) => byBirthDate(nobodys(turn), '1970-01-01', wrongCard),
    },
    {
      name: 'birth-date: cleared, another date',
      known: () => byBirthDate(app.cleared.personNumber, '1970-01-01', app.cleared.cardNumber),
      unknown: () => byBirthDate(nobodys(0), '1970-01-01', wrongCard),
    },
    {
      name: 'app-otp: a code is at hand, another is typed',
      known: async (turn) => {
        const { personNumber } = inGroup(turn);
        return byCode(personNumber, otherThan(await app.producedOtp(personNumber)));
      },
      // A code is produced here too, for somebody who is not asked about: both sides begin after the same work.
      unknown: async (turn) =>
        byCode(nobodys(turn), otherThan(await app.producedOtp(inGroup(turn).personNumber))),
    },
    {
      name: 'app-otp: known, on no device',
      known: () => byCode(app.inNoGroup.personNumber, '000000'),
      unknown: () => byCode(nobodys(0), '000000'),
    },
    {
      name: 'card-password: another password',
      known: (turn) => byPassword(inGroup(turn)),
      unknown: (turn) => byPassword({ ...nobody, personNumber: nobodys(turn) }),
    },
    {
      name: 'card-password: known, without a registered password',
      known: () => byPassword(app.inNoGroup),
      unknown: () => byPassword({ ...nobody, personNumber: nobodys(0) }),
    },
  ];
}

const nobody = { cardNumber: wrongCard, birthDate: '1970-01-01' };
const otherThan = (otp: string): string => String((Number(otp) + 1) % 1_000_000).padStart(6, '0');
