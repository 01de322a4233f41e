/** "This was not me" (這不是我): whoever finds a sign-in among theirs that was somebody else's ends what came of it. */
import { sql } from 'kysely';

import type { Outcome } from '../domain/refusal/refusals';
import type { SignInMethod } from '../domain/sign-in/sign-in-methods';
import type { SessionAct } from './audit';
import { citizenCommand, type CommandContext } from './citizen-command';
import type { Ledger } from './database';
import { endSessionsOf, signInsKeptDays } from './sign-in';

export interface DisownedSignIn {
  readonly signInId: string;
  readonly method: SignInMethod;
  /** Set where a bound device vouched: it may be theirs no longer. */
  readonly boundDeviceId: string | null;
  /** Sessions that were ended by this; one that had ended by itself is among them. */
  readonly endedSessions: number;
  /** Under which keys address and browser were known to the person. */
  readonly knownAs: readonly string[];
  /** False when it had been disowned before. */
  readonly isNew: boolean;
}

/**
 * Disowns a sign-in and ends every session of the person but the one in which they say so: who came in once may have
 * come in again. Refuses with `signInUnknown`, with `signInIsThisOne` for the session that acts, and with
 * `sessionEnded`. Saying it again changes nothing.
 */
export async function disownSignIn(
  ledger: Ledger,
  context: CommandContext,
  { signInId }: { readonly signInId: string },
): Promise<Outcome<DisownedSignIn>> {
  return citizenCommand<DisownedSignIn>(ledger, context, [], async (tx) => {
    const { personKey, sessionId } = context;
    const found = await tx
      .selectFrom('sign_in')
      .select(['method', 'bound_device_id', 'known_as', 'disowned_at'])
      .where('session_id', '=', signInId)
      .where('person_key', '=', personKey)
      .where('at', '>', sql<Date>`clock_timestamp() - ${signInsKeptDays} * interval '1 day'`)
      .executeTakeFirst();
    if (!found) return { refusal: { code: 'signInUnknown' } };
    if (signInId === sessionId) return { refusal: { code: 'signInIsThisOne' } };
    const disowned = {
      signInId,
      method: found.method as SignInMethod,
      boundDeviceId: found.bound_device_id,
      knownAs: found.known_as,
    };
    if (found.disowned_at) return { outcome: { ...disowned, endedSessions: 0, isNew: false } };

    await tx
      .updateTable('sign_in')
      .set({ disowned_at: sql<Date>`clock_timestamp()` })
      .where('session_id', '=', signInId)
      .execute();
    const ended = await endSessionsOf(tx, personKey, sessionId === undefined ? {} : { except: sessionId });
    // Nothing of their registration or booking changed: no new version, nothing for the engine.
    await tx
      .insertInto('audit_entry')
      .values({
        ...{ person_key: personKey, version: null, act: 'disownSignIn' satisfies SessionAct },
        ...{ actor: context.actor, channel: context.channel },
        detail: JSON.stringify({ method: found.method, endedSessions: ended.length }),
      })
      .execute();
    return { outcome: { ...disowned, endedSessions: ended.length, isNew: true } };
  });
}
