/** A typhoon day in a ledger of tests: proposed by one operator, confirmed by another. */
import { addDays } from '../../domain/civil-time/plain-date';
import { confirmClosure, proposeClosure } from '../../ledger/closure';
import { enrolOperator } from '../../ledger/operator';
import { firstDay, type LedgerWorld } from './ledger-world';

/** Closes all sites of Taipei on that day; their appointments are still to be cancelled. */
export async function closeTaipei(world: LedgerWorld, day: number, closureId = 'typhoon'): Promise<void> {
  for (const operatorId of ['lin', 'wu']) await enrolOperator(world.ledger.db, operatorId);
  const proposed = await proposeClosure(world.ledger, 'lin', {
    ...{ closureId, reason: 'typhoon', countyCodes: ['63000'], districtCodes: [], siteIds: [] },
    dates: [addDays(firstDay, day)],
  });
  if (!proposed.ok) throw new Error(proposed.refusal.code);
  const { digest, appointments } = proposed.value.preview;
  const wish = { closureId, digest, atMost: appointments };
  const confirmed = await confirmClosure(world.ledger, 'wu', wish);
  if (!confirmed.ok) throw new Error(confirmed.refusal.code);
}
