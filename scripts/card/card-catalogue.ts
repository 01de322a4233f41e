/** The cards that can be put in: one of each demonstration person, and one of each kind that readers meet. */
import type { PlainDate } from '../../domain/civil-time/plain-date';
import { demonstrationPeople, type DemonstrationPerson } from '../demo-data/known-people';
import type { CardKind } from './card-behaviours';
import { cardImage } from './card-image';

/** A card by the word that one types for it. */
export interface CatalogueCard {
  readonly name: string;
  readonly what: string;
  readonly kind: CardKind;
  readonly owner: DemonstrationPerson;
}

/** Word, what is special, how the card answers, and whose of the demonstration people it is. */
const specialCards: readonly (readonly [string, string, CardKind, number])[] = [
  ['old', 'issued before late 2025', 'old', 0],
  ['new', 'issued since late 2025: refuses SELECT and gives its data all the same', 'new', 1],
  ['61xx', 'says first how much it has to say, as behind older readers', 'sixtyOne', 2],
  ['new-ui', 'new UI number', 'new', 4],
  ['old-ui', 'old UI number', 'old', 5],
  ['outside-big5', 'name with characters that Big5 does not have', 'old', 9],
  ['private-use', 'name with a character that only the household system knows', 'old', 10],
  ['foreign', 'name cut at twenty bytes', 'new', 11],
  ['professional', 'a health professional’s card', 'professional', 2],
  ['other', 'some other chip card', 'other', 0],
  ['upside-down', 'does not answer to reset, as a card put in the wrong way round', 'mute', 0],
  ['short', 'breaks off in its answer', 'shortReply', 0],
  ['one-byte', 'answers a single byte', 'oneByteReply', 0],
  ['oversize', 'answers far too much', 'oversizeReply', 0],
  ['noise', 'answers bytes that mean nothing', 'noise', 0],
];

export const catalogue: readonly CatalogueCard[] = [
  ...demonstrationPeople.map((owner): CatalogueCard => ({
    name: owner.name,
    what: owner.situation,
    kind: 'old',
    owner,
  })),
  ...specialCards.flatMap(([name, what, kind, index]): CatalogueCard[] => {
    const owner = demonstrationPeople[index];
    return owner ? [{ name, what, kind, owner }] : [];
  }),
];

/** The card of that name, or of the only one whose name begins so; case does not matter. */
export function findCard(typed: string): CatalogueCard | undefined {
  const wanted = typed.normalize('NFC').trim().toUpperCase();
  const named = catalogue.filter(({ name }) => name.toUpperCase() === wanted);
  const begun = catalogue.filter(({ name }) => wanted !== '' && name.toUpperCase().startsWith(wanted));
  return named[0] ?? (begun.length === 1 ? begun[0] : undefined);
}

/** What the card holds; `day` is the one on which the demonstration's people were made, for their birthdays. */
export function imageOf({ owner, kind }: CatalogueCard, day: PlainDate): Uint8Array {
  const { personNumber, cardNumber, name } = owner;
  return cardImage(
    {
      ...{ personNumber, cardNumber, name },
      birthDate: owner.onDay(day).birthDate,
      // The second character says so on numbers of every kind.
      sex: /^.[1AC8]/.test(personNumber) ? 'male' : 'female',
      issuedOn: kind === 'new' ? '2025-12-01' : '2020-01-02',
    },
    kind === 'new' ? 'nul' : 'space',
  );
}
