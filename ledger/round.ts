/** The rounds as the ledger holds them, and which of them concerns people now. */
import { sql } from 'kysely';

import type { Instant, PlainDate } from '../domain/civil-time/plain-date';
import { groupInRound, type Round, type RoundKind } from '../domain/round/round';
import type { LedgerReader } from './database';

interface RoundRow {
  round_id: string;
  kind: RoundKind;
  name_zh: string;
  name_en: string;
  open_groups: number[];
  all_products_preselected: boolean;
  registration_opens_at: Date | null;
  registration_ends_at: Date | null;
  settles_at: Date | null;
  age_reckoned_on: PlainDate;
  products: { product: string; nameZh: string; nameEn: string }[] | null;
  dose_intervals: Round['doseIntervals'][number][] | null;
  booking_windows: Round['bookingWindows'][number][] | null;
}

/** Every round that is not closed, in the order of their ids. There are few: keep them for a second rather than ask each time. */
export async function readRounds(db: LedgerReader): Promise<readonly Round[]> {
  return (await roundRows(db, null)).map(roundOf);
}

/** Ids of the rounds, not closed, that an import changed within the last `withinMs` milliseconds. */
export async function roundsChangedLately(db: LedgerReader, withinMs: number): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('round')
    .select('round_id')
    .where('closed_at', 'is', null)
    .where('changed_at', '>', sql<Date>`ledger_now() - ${withinMs} * interval '1 millisecond'`)
    .execute();
  return new Set(rows.map((row) => row.round_id));
}

/** One round, closed or not. */
export async function findRound(db: LedgerReader, roundId: string): Promise<Round | undefined> {
  const [row] = await roundRows(db, roundId);
  return row && roundOf(row);
}

/** One round; throws when there is none of that id. */
export async function getRound(db: LedgerReader, roundId: string): Promise<Round> {
  const round = await findRound(db, roundId);
  if (!round) throw new Error(`there is no round ${roundId}`);
  return round;
}

/** One round for the transaction that decides on it; `closedForGood` is true once the round was closed. */
async function roundRows(db: LedgerReader, roundId: string | null): Promise<readonly RoundRow[]> {
  const { rows } = await sql<RoundRow>`
    select r.round_id, r.kind, r.name_zh, r.name_en, r.open_groups, r.all_products_preselected,
      r.registration_opens_at, r.registration_ends_at, r.settles_at, r.age_reckoned_on,
      (select json_agg(json_build_object('product', v.product, 'nameZh', v.name_zh, 'nameEn', v.name_en) order by p.place)
        from round_product p join vaccine_product v using (product) where p.round_id = r.round_id) as products,
      (select json_agg(json_build_object('fromProduct', i.from_product, 'toProduct', i.to_product,
          'doseNumber', i.dose_number, 'intervalDays', i.interval_days, 'needsMixedIntent', i.needs_mixed_intent)
          order by i.from_product, i.to_product, i.dose_number)
        from dose_interval i where i.round_id = r.round_id) as dose_intervals,
      (select json_agg(json_build_object('product', w.product, 'ageFrom', w.age_from, 'ageTo', w.age_to,
          'opensAt', w.opens_at, 'closesAt', w.closes_at) order by p.place, w.age_from desc)
        from booking_window w join round_product p using (round_id, product) where w.round_id = r.round_id) as booking_windows
    from round r
    where case when ${roundId}::text is null then r.closed_at is null else r.round_id = ${roundId} end
    order by r.round_id
  `.execute(db);
  return rows;
}

function roundOf(row: RoundRow): Round {
  return {
    roundId: row.round_id,
    kind: row.kind,
    nameZh: row.name_zh,
    nameEn: row.name_en,
    openGroups: row.open_groups,
    allProductsPreselected: row.all_products_preselected,
    registrationOpensAt: row.registration_opens_at?.toISOString() ?? null,
    registrationEndsAt: row.registration_ends_at?.toISOString() ?? null,
    settlesAt: row.settles_at?.toISOString() ?? null,
    ageReckonedOn: row.age_reckoned_on,
    products: row.products ?? [],
    doseIntervals: row.dose_intervals ?? [],
    bookingWindows: (row.booking_windows ?? []).map((window) => ({
      ...window,
      opensAt: new Date(window.opensAt).toISOString(),
      closesAt: new Date(window.closesAt).toISOString(),
    })),
  };
}

/** What a round asks of people at a given instant; the front page says it in words. */
export type RoundState =
  | { readonly state: 'registrationNotOpenYet'; readonly opensAt: Instant }
  | { readonly state: 'registrationOpen'; readonly endsAt: Instant }
  | { readonly state: 'settling'; readonly settlesAt: Instant }
  | { readonly state: 'bookingNotOpenYet'; readonly opensAt: Instant }
  | { readonly state: 'bookingOpen'; readonly closesAt: Instant }
  | { readonly state: 'over' };

/** The state of a round at `now`, from its dates alone. */
export function roundStateAt(round: Round, now: Instant): RoundState {
  const at = Date.parse(now);
  const before = (instant: Instant | null): instant is Instant =>
    instant !== null && at < Date.parse(instant);
  if (before(round.registrationOpensAt))
    return { state: 'registrationNotOpenYet', opensAt: round.registrationOpensAt };
  if (before(round.registrationEndsAt))
    return { state: 'registrationOpen', endsAt: round.registrationEndsAt };
  if (before(round.settlesAt)) return { state: 'settling', settlesAt: round.settlesAt };
  const opensAt = bookingOpensAt(round);
  const closesAt = bookingClosesAt(round);
  if (opensAt !== null && before(opensAt)) return { state: 'bookingNotOpenYet', opensAt };
  if (closesAt !== null && before(closesAt)) return { state: 'bookingOpen', closesAt };
  return { state: 'over' };
}

/** When the first booking window opens; `null` while none is set. */
export function bookingOpensAt(round: Round): Instant | null {
  return round.bookingWindows.map(({ opensAt }) => opensAt).sort(byInstant)[0] ?? null;
}

/** When the last booking window closes; `null` while none is set. */
export function bookingClosesAt(round: Round): Instant | null {
  return (
    round.bookingWindows
      .map(({ closesAt }) => closesAt)
      .sort(byInstant)
      .at(-1) ?? null
  );
}

const byInstant = (a: Instant, b: Instant): number => Date.parse(a) - Date.parse(b);

/** Which rounds concern people at `now`. */
export interface CurrentRounds {
  /** Where one registers now; before an opening the next to open; after an end, that which is being settled. */
  readonly registration?: Round;
  /** Those among the registration rounds of which several are open at once; the first is `registration`. */
  readonly registrations: readonly Round[];
  /** Rounds whose booking has not ended: windows open now first, then those yet to open. */
  readonly booking: readonly Round[];
}

/**
 * Sorts the rounds by what can be done at `now`. Of several rounds open for registration at once the person's groups
 * decide: see `registrationRoundFor`.
 */
export function currentRounds(rounds: readonly Round[], now: Instant): CurrentRounds {
  const withState = rounds.map((round) => ({ round, state: roundStateAt(round, now) }));
  const open = withState.filter(({ state }) => state.state === 'registrationOpen').map(({ round }) => round);
  const coming = withState
    .filter(({ state }) => state.state === 'registrationNotOpenYet')
    .map(({ round }) => round)
    .sort((a, b) => byInstant(a.registrationOpensAt ?? now, b.registrationOpensAt ?? now));
  const settling = withState.filter(({ state }) => state.state === 'settling').map(({ round }) => round);
  const registrations = [...open, ...coming, ...settling];
  const places = { bookingOpen: 0, bookingNotOpenYet: 1 } as const;
  const booking = withState
    .flatMap(({ round, state }) =>
      state.state === 'bookingOpen' || state.state === 'bookingNotOpenYet'
        ? [{ round, place: places[state.state] }]
        : [],
    )
    .sort((a, b) => a.place - b.place)
    .map(({ round }) => round);
  const first = registrations[0];
  return first ? { registration: first, registrations, booking } : { registrations, booking };
}

/** The registration round of a person with these groups at `now`: of those that concern people, the first open to them. */
export function registrationRoundFor(
  rounds: readonly Round[],
  priorityGroups: readonly number[],
  now: Instant,
): Round | undefined {
  return currentRounds(rounds, now).registrations.find(
    (round) => groupInRound(round, priorityGroups) !== undefined,
  );
}
