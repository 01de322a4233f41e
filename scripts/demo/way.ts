/** One citizen under way through a round over HTTP: who it is, what was acknowledged, and how it is looked at. */
import type { Instant } from '../../domain/civil-time/plain-date';
import type { ObligationKind } from '../../domain/lifecycle/obligations';
import type { TextPurpose } from '../../domain/text-message/templates';
import { findPersonKey } from '../../ledger/person';
import { citizenOutlook, citizenWorkflowId, type CitizenOutlook } from '../../workflows/citizen/messages';
import { CitizenClient } from './citizen-client';
import { persistently, type Instance, type ReceivedText } from './instance';

/** Whoever walks: synthetic, with a mobile of their own. */
export interface Walker {
  readonly personNumber: string;
  readonly cardNumber: string;
  readonly mobile: string;
}

/** A write that the API or the station's door said yes to; it has to be in the ledger ever after. */
export interface AcknowledgedWrite {
  readonly act: 'register' | 'change' | 'withdraw' | 'book' | 'move' | 'cancel' | 'attend';
  readonly registrationNumber?: string;
  readonly appointmentNumber?: string;
  /** The place that was taken (`book`, `move`) or given back (`cancel`). */
  readonly slotId?: number;
}

/** Something was not as it should be; says what, without anything personal. */
export class NotAsItShouldBe extends Error {
  override readonly name = 'NotAsItShouldBe';
}

/** Throws unless it holds. `sentence` says what should be. */
export function expectThat(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new NotAsItShouldBe(`It should be that ${sentence}.`);
}

/** What a window (時段) of a site tells of itself over HTTP. */
export interface OfferedSlot {
  readonly slotId: number;
  readonly startsAt: Instant;
  readonly endsAt: Instant;
  readonly left: number;
}

/** What is found out step by step. */
interface FactsOfTheWay {
  roundId: string;
  settlesAt: Instant;
  registrationNumber: string;
  product: string;
  bookingOpensAt: Instant;
  siteId: string;
  /** Two free windows of the site, the earlier one first. */
  windows: readonly [OfferedSlot, OfferedSlot];
  appointmentNumber: string;
  slot: OfferedSlot;
}

export class Way {
  readonly acknowledged: AcknowledgedWrite[] = [];
  /** All that the phone received, in the order of its coming. */
  readonly texts: ReceivedText[] = [];
  readonly #facts: Partial<FactsOfTheWay> = {};
  #personKey: string | undefined;

  constructor(
    readonly instance: Instance,
    readonly walker: Walker,
    readonly client = new CitizenClient(instance.url),
  ) {}

  /** What an earlier step found out. */
  know<K extends keyof FactsOfTheWay>(name: K): FactsOfTheWay[K] {
    const value = this.#facts[name];
    if (value === undefined) throw new Error(`no step before has found out "${name}"`);
    return value;
  }

  learn(facts: Partial<FactsOfTheWay>): void {
    Object.assign(this.#facts, facts);
  }

  /** The opaque key under which ledger and engine know the person. */
  async personKey(): Promise<string> {
    this.#personKey ??= await findPersonKey(this.instance.ledger, this.walker.personNumber);
    expectThat(this.#personKey !== undefined, 'the ledger knows the person once they signed in');
    return this.#personKey;
  }

  /** Site and windows that were found, for someone else to look at. */
  places(): Pick<FactsOfTheWay, 'siteId' | 'windows'> {
    return { siteId: this.know('siteId'), windows: this.know('windows') };
  }

  /** Signs in anew; a session ends ten minutes after the last act. */
  async signIn(): Promise<{ readonly expiresAt: Instant }> {
    const { personNumber, cardNumber } = this.walker;
    return this.client.signIn(personNumber, cardNumber);
  }

  /** Waits for rest, then expects that since the last look exactly these texts came, each in the government's form. */
  async textsCame(...purposes: readonly TextPurpose[]): Promise<readonly ReceivedText[]> {
    await this.instance.clock.untilRest();
    const { mobile } = this.walker;
    const came = await this.instance.received(mobile, this.texts.at(-1)?.sequence ?? 0);
    this.texts.push(...came);
    const seen = came.map(({ purpose }) => purpose ?? 'unknown').sort();
    expectThat(
      seen.join() === [...purposes].sort().join(),
      `the phone receives ${purposes.join(', ') || 'nothing'}, and it received ${seen.join(', ') || 'nothing'}`,
    );
    for (const { body } of came) expectGovernmentForm(body, mobile);
    return came;
  }

  /** What the person's workflow waits for, once it holds the ledger's newest version. */
  async outlook(): Promise<CitizenOutlook> {
    const personKey = await this.personKey();
    await this.instance.clock.untilRest();
    return persistently(async () => {
      const outlook = await this.instance.temporal.call((client) =>
        client.workflow.getHandle(citizenWorkflowId(personKey)).query(citizenOutlook),
      );
      const { version } = await this.instance.ledger.db
        .selectFrom('person')
        .select('version')
        .where('person_key', '=', personKey)
        .executeTakeFirstOrThrow();
      expectThat(outlook.version === version, 'the workflow holds the newest version');
      return outlook;
    });
  }

  /** Expects that the workflow waits for this next; `null`: for nothing. Answers when, in Taipei's time. */
  async expectNext(...kinds: readonly (ObligationKind | null)[]): Promise<string> {
    const { next } = await this.outlook();
    const kind = next?.kind ?? null;
    expectThat(
      kinds.includes(kind),
      `the workflow waits for ${kinds.join(' or ')}, and it waits for ${String(kind)}`,
    );
    return next === null
      ? 'workflow waits for nothing'
      : `workflow waits for ${next.kind} at ${taipeiMinute(next.dueAt)}`;
  }
}

/** Government short-code rule: last three digits of the mobile and the sending agency first, and no link anywhere. */
export function expectGovernmentForm(body: string, mobile: string): void {
  const opening = `【末三碼${mobile.slice(-3)}】中央流行疫情指揮中心：`;
  expectThat(body.startsWith(opening), 'a text opens with the last three digits and the agency');
  expectThat(!/https?:|www\.|\b[a-z0-9-]+\.(tw|com|net|org)\b/i.test(body), 'a text carries no link');
}

/** `2026-11-21 14:05` in Taipei. */
export function taipeiMinute(instant: Instant): string {
  return new Date(Date.parse(instant) + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
}
