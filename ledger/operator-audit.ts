/** What operators did, in the immutable history: written with the act itself, read newest first. */
import type { Instant } from '../domain/civil-time/plain-date';
import type { LedgerReader } from './database';

/** Codes and counts; nothing personal. */
export type OperatorActDetail = Readonly<Record<string, string | number>>;

/** One act of the authority's staff. */
export interface OperatorActEntry {
  readonly at: Instant;
  readonly operatorId: string;
  /** A verb with its object, e.g. `confirmClosure`. */
  readonly act: string;
  /** The person whom it concerned; null where it concerned a round, a closure or a wave. */
  readonly personKey: string | null;
  readonly detail: OperatorActDetail;
}

const channelPrefix = 'operator:';

/** The `channel` under which an operator's acts stand in the history. */
export function operatorChannel(operatorId: string): string {
  return `${channelPrefix}${operatorId}`;
}

/** Records an act that concerns no single person. Call it in the transaction of the act itself. */
export function recordOperatorAct(
  tx: LedgerReader,
  operatorId: string,
  act: string,
  detail: OperatorActDetail,
): Promise<void> {
  return recordStaffAct(tx, operatorChannel(operatorId), act, detail);
}

/** The same for whoever of the staff acts: an operator, or a member of a station's staff, by their channel. */
export async function recordStaffAct(
  tx: LedgerReader,
  channel: string,
  act: string,
  detail: OperatorActDetail,
): Promise<void> {
  await tx
    .insertInto('audit_entry')
    .values({
      person_key: null,
      version: null,
      act,
      actor: 'staff',
      channel,
      detail: JSON.stringify(detail),
    })
    .execute();
}

/** The operators' latest acts by the ledger's time, newest first. */
export async function readOperatorActs(
  db: LedgerReader,
  { limit = 100 } = {},
): Promise<readonly OperatorActEntry[]> {
  const rows = await db
    .selectFrom('audit_entry')
    .select(['ledger_time', 'act', 'channel', 'person_key', 'detail'])
    .where('actor', '=', 'staff')
    .where('channel', 'like', `${channelPrefix}%`)
    .orderBy('recorded_at', 'desc')
    .orderBy('audit_entry_id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    at: row.ledger_time.toISOString(),
    operatorId: row.channel.slice(channelPrefix.length),
    act: row.act,
    personKey: row.person_key,
    detail: row.detail as OperatorActDetail,
  }));
}
