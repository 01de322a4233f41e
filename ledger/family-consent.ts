/** A parent's own consent (監護人同意) for their child under fifteen, given and taken back where they act for the child. */
import { sql } from 'kysely';

import { ageOn, type PlainDate } from '../domain/civil-time/plain-date';
import { needsParentalConsent } from '../domain/consent/parental-consent';
import type { Outcome } from '../domain/refusal/refusals';
import { citizenCommand, type CommandContext } from './citizen-command';
import type { Ledger, LedgerTx } from './database';

export interface ConsentWish {
  /** Null: to whichever product is offered. */
  readonly product: string | null;
  /** False takes back what a parent gave here, to that product, or with null to all. */
  readonly given: boolean;
}

/**
 * Gives a parent's consent, or takes it back; the same wish again changes nothing. Refuses with `consentNotYours` for
 * whoever does not act as a parent, `consentNotNeeded` and `productNotOffered`.
 */
export async function consentForChild(
  ledger: Ledger,
  context: CommandContext,
  { product, given }: ConsentWish,
): Promise<Outcome<ConsentWish>> {
  return citizenCommand<ConsentWish>(ledger, context, [], async (tx, { personKey, birthDate, version }) => {
    if (context.inFamily?.kind !== 'child') return { refusal: { code: 'consentNotYours' } };
    const { known, today } = await readFacts(tx, product);
    if (product !== null && !known) return { refusal: { code: 'productNotOffered', product } };
    // A round may reckon the age at a day to come.
    const age = ageOn(birthDate, today);
    if (given && !needsParentalConsent(age) && !needsParentalConsent(age + 1)) {
      return { refusal: { code: 'consentNotNeeded' } };
    }
    const { rows } = given
      ? await sql`
          insert into parental_consent as c (person_key, product, consented_on, recorded_by)
          values (${personKey}::uuid, ${product}, ledger_today(), ${context.channel})
          on conflict on constraint parental_consent_once do update
            set revoked_at = null, recorded_by = excluded.recorded_by, recorded_at = ledger_now()
            where c.revoked_at is not null
          returning person_key`.execute(tx)
      : await sql`
          update parental_consent set revoked_at = ledger_now()
          where person_key = ${personKey}::uuid and revoked_at is null and recorded_by like 'family:%'
            and (${product}::text is null or product = ${product})
          returning person_key`.execute(tx);
    if (rows.length > 0) {
      // Bookings under way were decided on the row as it was: a new one tells them that the facts have changed.
      await sql`update person set version = version where person_key = ${personKey}::uuid`.execute(tx);
      await tx
        .insertInto('audit_entry')
        .values({
          ...{ person_key: personKey, version, act: given ? 'recordConsent' : 'revokeConsent' },
          ...{ actor: context.actor, channel: context.channel },
          detail: JSON.stringify(product === null ? {} : { product }),
        })
        .execute();
    }
    return { outcome: { product, given } };
  });
}

async function readFacts(
  tx: LedgerTx,
  product: string | null,
): Promise<{ readonly known: boolean; readonly today: PlainDate }> {
  const { rows } = await sql<{ known: boolean; today: PlainDate }>`
    select ledger_today() as today,
      exists (select from vaccine_product where product = ${product}) as known`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error('a query without a table gives a row');
  return row;
}
