/**
 * Family bonds (家人代辦): who may act for whom. A bond with a child stands at once and until the fifteenth birthday; one
 * with an elder waits for the elder's word. Either of the two ends it, and from that commit on nothing more is done.
 */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import type { Instant, PlainDate } from '../domain/civil-time/plain-date';
import {
  answerUntil,
  fifteenthBirthday,
  standingOfBond,
  type FamilyKind,
  type FamilyStanding,
} from '../domain/family/family-bond';
import type { Outcome, Refusal } from '../domain/refusal/refusals';
import { stationMay } from '../domain/station/station';
import { citizenCommand, type CommandContext, type Decision } from './citizen-command';
import type { Ledger, LedgerReader, LedgerTx } from './database';
import { queueText, findContactFor } from './text-message';

/** A bond as either of the two sees it. */
export interface FamilyBond {
  readonly familyBondId: string;
  readonly kind: FamilyKind;
  /** Who acts. */
  readonly byKey: string;
  /** For whom. */
  readonly forKey: string;
  readonly standing: FamilyStanding;
  readonly askedAt: Instant;
  readonly answerUntil: Instant | null;
  readonly agreedAt: Instant | null;
  /** Civil date. */
  readonly endsOn: PlainDate | null;
  readonly endedAt: Instant | null;
}

export interface FamilyReceipt {
  readonly familyBondId: string;
}

/** What happens to bonds, as the history of both people names it. */
export const familyActNames = [
  'beginFamily',
  'askFamily',
  'agreeFamily',
  'declineFamily',
  'endFamily',
] as const;
export type FamilyAct = (typeof familyActNames)[number];

/** The `channel` under which an act in somebody's name stands in that person's history. */
export function familyChannel(familyBondId: string, byKey: string): string {
  return `family:${familyBondId}/by:${byKey}`;
}

/**
 * Makes the bond of a parent with a child that the registry confirmed. A bond that stands already is answered again.
 * Refuses with `familyChildGrownUp`.
 */
export async function takeChild(
  ledger: Ledger,
  context: CommandContext,
  { childKey }: { readonly childKey: string },
): Promise<Outcome<FamilyReceipt>> {
  return citizenCommand<FamilyReceipt>(
    ledger,
    context,
    [],
    async (tx, { stationKind }) => {
      if (stationKind) return { refusal: { code: 'stationMayNot' } };
      const { birthDate, today } = await facts(tx, childKey);
      const endsOn = fifteenthBirthday(birthDate);
      if (today >= endsOn) return { refusal: { code: 'familyChildGrownUp' } };
      const found = await openBond(tx, context.personKey, childKey);
      if (found) return { outcome: { familyBondId: found.familyBondId } };
      const bond = { kind: 'child', byKey: context.personKey, forKey: childKey, endsOn } as const;
      const familyBondId = await insertBond(tx, bond);
      await note(tx, context, { familyBondId, otherKey: childKey }, 'beginFamily');
      return { outcome: { familyBondId } };
    },
    { withPeople: [childKey] },
  );
}

/**
 * Asks an elder, whose child the registry confirmed the person to be, for their word. A request that waits, or a bond
 * that stands, is answered again. Where the elder gave a mobile they are told of the request by text.
 */
export async function askElder(
  ledger: Ledger,
  context: CommandContext,
  { elderKey }: { readonly elderKey: string },
): Promise<Outcome<FamilyReceipt>> {
  return citizenCommand<FamilyReceipt>(
    ledger,
    context,
    [],
    async (tx, { now, stationKind }) => {
      if (stationKind) return { refusal: { code: 'stationMayNot' } };
      const found = await openBond(tx, context.personKey, elderKey);
      if (found && found.standing !== 'expired') return { outcome: { familyBondId: found.familyBondId } };
      if (found) {
        await sql`update family_bond set ended_at = ledger_now(), ending = 'expired'
          where family_bond_id = ${found.familyBondId}::uuid`.execute(tx);
      }
      const until = answerUntil(now);
      const bond = { kind: 'elder', byKey: context.personKey, forKey: elderKey, answerUntil: until } as const;
      const familyBondId = await insertBond(tx, bond);
      await note(tx, context, { familyBondId, otherKey: elderKey }, 'askFamily');
      const contactId = await findContactFor(tx, elderKey, null);
      if (contactId !== undefined) {
        await queueText(tx, {
          ...{ personKey: elderKey, purpose: 'familyAsked', occasion: familyBondId, contactId },
          parameters: { answerUntil: until },
        });
      }
      return { outcome: { familyBondId } };
    },
    { withPeople: [elderKey] },
  );
}

/**
 * The elder's word on a request: `context` is the elder's own. Refuses with `familyBondUnknown`, `familyRequestExpired`
 * and `familyBondEnded` (it was taken back, or answered otherwise). The same word again changes nothing.
 */
export async function answerFamilyRequest(
  ledger: Ledger,
  context: CommandContext,
  { familyBondId, agreed }: { readonly familyBondId: string; readonly agreed: boolean },
): Promise<Outcome<FamilyReceipt>> {
  return onBond(ledger, context, familyBondId, async (tx, bond) => {
    if (bond.kind !== 'elder' || bond.forKey !== context.personKey) return unknown;
    const done = agreed ? 'stands' : 'declined';
    if (bond.standing === done) return { outcome: { familyBondId } };
    if (bond.standing === 'expired') return { refusal: { code: 'familyRequestExpired' } };
    if (bond.standing !== 'waiting') return { refusal: { code: 'familyBondEnded' } };
    if (!agreed) {
      await end(tx, familyBondId, 'declined');
    } else {
      const contactId = await findContactFor(tx, bond.forKey, null);
      await sql`update family_bond set agreed_at = ledger_now(), contact_id = ${contactId ?? null}::uuid
        where family_bond_id = ${familyBondId}::uuid`.execute(tx);
      if (contactId !== undefined) {
        await queueText(tx, {
          ...{ personKey: bond.forKey, purpose: 'familyAgreed', occasion: familyBondId, contactId },
          parameters: {},
        });
      }
    }
    await note(tx, context, { familyBondId, otherKey: bond.byKey }, agreed ? 'agreeFamily' : 'declineFamily');
    return { outcome: { familyBondId } };
  });
}

/**
 * Ends a bond, or takes a request back, by whichever of the two. Refuses with `familyBondUnknown`; what has ended
 * already stays as it ended.
 */
export async function endFamilyBond(
  ledger: Ledger,
  context: CommandContext,
  { familyBondId }: { readonly familyBondId: string },
): Promise<Outcome<FamilyReceipt>> {
  return onBond(ledger, context, familyBondId, async (tx, bond) => {
    const byActor = bond.byKey === context.personKey;
    if (bond.standing !== 'stands' && bond.standing !== 'waiting') return { outcome: { familyBondId } };
    const asked = bond.standing === 'waiting';
    await end(
      tx,
      familyBondId,
      byActor ? (asked ? 'takenBack' : 'endedByActor') : asked ? 'declined' : 'endedByPerson',
    );
    await note(tx, context, { familyBondId, otherKey: byActor ? bond.forKey : bond.byKey }, 'endFamily');
    return { outcome: { familyBondId } };
  });
}

/** The bonds in which the person acts or is acted for, newest first; those that ended long ago are left out. */
export async function familyBondsOf(db: LedgerReader, personKey: string): Promise<readonly FamilyBond[]> {
  return readBonds(
    db,
    sql`(by_key = ${personKey}::uuid or for_key = ${personKey}::uuid)
      and (ended_at is null or ended_at > ledger_now() - ${endedShownDays} * interval '1 day')`,
  );
}

/** What the person who acts has by that id; undefined for a bond of others, and for one in which they are acted for. */
export async function findActing(
  db: LedgerReader,
  byKey: string,
  familyBondId: string,
): Promise<FamilyBond | undefined> {
  const [bond] = await readBonds(db, sql`family_bond_id = ${familyBondId}::uuid and by_key = ${byKey}::uuid`);
  return bond;
}

const endedShownDays = 180;
const mostListed = 100;
const unknown = { refusal: { code: 'familyBondUnknown' } } as const satisfies { refusal: Refusal };

interface BondRow {
  family_bond_id: string;
  kind: FamilyKind;
  by_key: string;
  for_key: string;
  asked_at: Date;
  answer_until: Date | null;
  agreed_at: Date | null;
  ends_on: PlainDate | null;
  ended_at: Date | null;
  ending: Parameters<typeof standingOfBond>[0]['ending'];
  now: Date;
  today: PlainDate;
}

async function readBonds(db: LedgerReader, which: ReturnType<typeof sql>): Promise<readonly FamilyBond[]> {
  const { rows } = await sql<BondRow>`
    select family_bond_id, kind, by_key, for_key, asked_at, answer_until, agreed_at, ends_on, ended_at, ending,
      ledger_now() as now, ledger_today() as today
    from family_bond where ${which} order by asked_at desc, family_bond_id limit ${mostListed}
  `.execute(db);
  return rows.map((row) => {
    const times = {
      answerUntil: row.answer_until?.toISOString() ?? null,
      agreedAt: row.agreed_at?.toISOString() ?? null,
      endsOn: row.ends_on,
      ending: row.ending,
    };
    return {
      ...{ familyBondId: row.family_bond_id, kind: row.kind, byKey: row.by_key, forKey: row.for_key },
      standing: standingOfBond(times, row.now.toISOString(), row.today),
      askedAt: row.asked_at.toISOString(),
      ...{ answerUntil: times.answerUntil, agreedAt: times.agreedAt, endsOn: times.endsOn },
      endedAt: row.ended_at?.toISOString() ?? null,
    };
  });
}

/** The bond of these two that nobody ended; it may have run out by time. */
async function openBond(tx: LedgerTx, byKey: string, forKey: string): Promise<FamilyBond | undefined> {
  const [bond] = await readBonds(
    tx,
    sql`by_key = ${byKey}::uuid and for_key = ${forKey}::uuid and ended_at is null`,
  );
  return bond;
}

/** Runs `decide` on a bond of the person's with both people locked: who acts under it holds one of the two rows. */
async function onBond(
  ledger: Ledger,
  context: CommandContext,
  familyBondId: string,
  decide: (tx: LedgerTx, bond: FamilyBond) => Promise<Decision<FamilyReceipt>>,
): Promise<Outcome<FamilyReceipt>> {
  const own = sql`family_bond_id = ${familyBondId}::uuid
    and (by_key = ${context.personKey}::uuid or for_key = ${context.personKey}::uuid)`;
  const [found] = await readBonds(ledger.db, own);
  return citizenCommand<FamilyReceipt>(
    ledger,
    context,
    [],
    async (tx, { stationKind }) => {
      if (stationKind && !stationMay(stationKind, 'answerFamily'))
        return { refusal: { code: 'stationMayNot' } };
      const [bond] = await readBonds(tx, own);
      return bond ? decide(tx, bond) : unknown;
    },
    { withPeople: found ? [found.byKey, found.forKey] : [] },
  );
}

async function facts(
  tx: LedgerTx,
  personKey: string,
): Promise<{ readonly birthDate: PlainDate; readonly today: PlainDate }> {
  const { rows } = await sql<{ birth_date: PlainDate; today: PlainDate }>`
    select birth_date, ledger_today() as today from person where person_key = ${personKey}::uuid`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error('a bond is made with somebody whom the ledger knows');
  return { birthDate: row.birth_date, today: row.today };
}

async function insertBond(
  tx: LedgerTx,
  bond: Pick<FamilyBond, 'kind' | 'byKey' | 'forKey'> & {
    readonly endsOn?: PlainDate;
    readonly answerUntil?: Instant;
  },
): Promise<string> {
  const familyBondId = randomUUID();
  const agreed = bond.kind === 'child';
  await sql`
    insert into family_bond (family_bond_id, kind, by_key, for_key, agreed_at, ends_on, answer_until)
    values (${familyBondId}::uuid, ${bond.kind}, ${bond.byKey}::uuid, ${bond.forKey}::uuid,
      case when ${agreed} then ledger_now() end, ${bond.endsOn ?? null}::date, ${bond.answerUntil ?? null}::timestamptz)
  `.execute(tx);
  return familyBondId;
}

async function end(tx: LedgerTx, familyBondId: string, ending: string): Promise<void> {
  await sql`update family_bond set ended_at = ledger_now(), ending = ${ending}
    where family_bond_id = ${familyBondId}::uuid`.execute(tx);
}

/** In both histories: the acting person's by their own door, the other's naming who did it. Nothing for the engine. */
async function note(
  tx: LedgerTx,
  context: CommandContext,
  { familyBondId, otherKey }: { readonly familyBondId: string; readonly otherKey: string },
  act: FamilyAct,
): Promise<void> {
  const row = { version: null, act, actor: context.actor, detail: JSON.stringify({ familyBondId }) };
  await tx
    .insertInto('audit_entry')
    .values([
      { ...row, person_key: context.personKey, channel: context.channel },
      { ...row, person_key: otherKey, channel: `family:${familyBondId}/from:${context.personKey}` },
    ])
    .execute();
}
