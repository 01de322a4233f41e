/**
 * A change of password that is asked for again because its answer was lost. It ended all sessions, that in which it
 * was asked for too, so that whoever asks again stands before the door.
 */
import type { FastifyRequest } from 'fastify';

import { findAnswer } from '../../ledger/idempotency';
import type { Idempotency } from '../plugins/idempotency';

/** Was just this, under this key, done for the person whose session then ended? */
export async function wasChangedBefore(
  request: FastifyRequest,
  idempotency: Idempotency | undefined,
): Promise<boolean> {
  const personKey = request.personOfEndedSession;
  if (personKey === null || !idempotency) return false;
  const before = await findAnswer(request.server.ledger, { personKey, idempotency });
  return before?.ok === true;
}
