/** People of the demonstration whose cards are registered already, with one password for all of them to try. */
import type { Settings } from '../../config/settings';
import { parseCardNumber } from '../../domain/person-number/card-number';
import { parseMobile } from '../../domain/person-number/mobile';
import { parsePersonNumber } from '../../domain/person-number/person-number';
import { createHttpRegistry } from '../../gateways/insurance-registry/http-registry';
import { isCardRegistered, setAccountPassword } from '../../ledger/card-account';
import { openLedger } from '../../ledger/database';
import { parseLedgerKeys } from '../../ledger/encryption';
import { identifyPerson } from '../../ledger/person';
import type { DemonstrationPerson } from './known-people';

/** It is printed at each start: a demonstration keeps no secrets. */
export const demonstrationPassword = 'try-Yiyue7';

/** Every second one: so that those who still have to register can be tried too. */
export function hasDemonstrationAccount(index: number): boolean {
  return index % 2 === 0;
}

/** Registers the cards of these people, as staff at a counter would, unless they are registered. */
export async function ensureDemonstrationAccounts(
  settings: Partial<Readonly<Record<keyof Settings, string>>>,
  databaseUrl: string,
  people: readonly DemonstrationPerson[],
): Promise<void> {
  const ledger = openLedger({
    databaseUrl,
    keys: parseLedgerKeys(settings.YIYUE_DATA_KEYS ?? '', settings.YIYUE_INDEX_KEY ?? ''),
    maxConnections: 1,
  });
  const registry = createHttpRegistry({ url: settings.INSURANCE_REGISTRY_URL ?? '' });
  try {
    for (const { personNumber, cardNumber, mobile } of people) {
      const [person, card] = [parsePersonNumber(personNumber), parseCardNumber(cardNumber)];
      if ('refusal' in person || 'refusal' in card) throw new Error('a synthetic person has number and card');
      const answer = await registry.verifyCard({ personNumber: person.number, cardNumber: card.cardNumber });
      if (answer.outcome === 'noMatch') continue;
      const { personKey } = await identifyPerson(ledger, answer.person);
      if (await isCardRegistered(ledger.db, personKey)) continue;
      const parsed = parseMobile(mobile ?? '');
      const context = { personKey, actor: 'system', channel: 'demonstration' } as const;
      await setAccountPassword(ledger, context, {
        password: demonstrationPassword,
        by: 'demonstration',
        ...('mobile' in parsed && { mobile: parsed.mobile }),
      });
    }
  } finally {
    await ledger.close();
  }
}
