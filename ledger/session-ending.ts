/** An operator ends all sessions of a person who called for help: somebody else is in, or may be. */
import type { SessionAct } from './audit';
import type { Ledger } from './database';
import { operatorChannel } from './operator-audit';
import { findPersonKey } from './person';
import { endSessionsOf } from './sign-in';

/** Answers how many were ended; nobody of that number has none. The person's own history keeps the act. */
export async function endSessionsByOperator(
  ledger: Ledger,
  operatorId: string,
  personNumber: string,
): Promise<number> {
  const personKey = await findPersonKey(ledger, personNumber);
  if (personKey === undefined) return 0;
  return ledger.db.transaction().execute(async (tx) => {
    const ended = await endSessionsOf(tx, personKey);
    await tx
      .insertInto('audit_entry')
      .values({
        ...{ person_key: personKey, version: null, act: 'endSessions' satisfies SessionAct, actor: 'staff' },
        channel: operatorChannel(operatorId),
        detail: JSON.stringify({ endedSessions: ended.length }),
      })
      .execute();
    return ended.length;
  });
}
