/** The throw-away world in which faults strike: real processes, durable, with wires that can be disturbed and clients. */
import { chmod, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { addDays, taipeiInstant, type PlainDate } from '../../domain/civil-time/plain-date';
import type { FaultOrder, InboxMessage } from '../../gateways/sms/simulator';
import { clockOffsetMs, ledgerNow, stepClockTo } from '../../ledger/clock';
import { pokeOverdue } from '../../ledger/citizen-outbox';
import { openLedger, type Ledger } from '../../ledger/database';
import { parseLedgerKeys } from '../../ledger/encryption';
import { findPersonKey } from '../../ledger/person';
import { SteppingClock } from '../../workers/stepping-clock';
import { openTemporalClient, type TemporalClient } from '../../workers/temporal-client';
import { tellClockStepped } from '../../workers/workflow-starts';
import { persistently } from '../demo/instance';
import { startStack, type PartName, type Stack } from '../runtime/stack';
import type { Outside, TextKnowledge } from './checks';
import { FaultClient } from './client';
import { linearizabilityChecker } from './linearizability';
import { Load } from './load';
import { ClientRecord } from './record';
import {
  bookingRound,
  dayOf,
  faultDays,
  faultPerson,
  loadFaultRounds,
  registrationRound,
  siteId,
} from './round-files';
import { Wire } from './wire';

/** More than a day has places for, so that some are always refused. */
const clientCount = 24;
/** People beside the load: for the faults' own acts and for controls. */
export const strangers = { abuser: 101, victim: 102, control: 103, signedOut: 104 } as const;
const signingInAtOnce = 6;
const usableWithinMs = 60_000;
const restWithinMs = 60_000;
/** The evening before a day: every reminder of that day has fallen due. */
const eveningMinute = 18 * 60 + 30;
const inboxPage = 1_000;

type Environment = Readonly<Record<string, string>>;

export class FaultWorld {
  readonly record = new ClientRecord();
  readonly clients: FaultClient[] = [];
  /** What a part gets into its environment at its next start. */
  readonly environment = new Map<PartName, Environment>();
  /** Texts that phones received, by their reference. */
  readonly inbox = new Map<string, number>();
  /** Texts that phones received without a reference of ours, by the gateway's id. */
  readonly unreferenced = new Set<string>();
  /** Texts that the gateway was told to refuse, by our reference. */
  readonly refused = new Set<string>();
  #inboxAfter = 0;
  readonly #strangers = new Map<string, FaultClient>();
  #load: Load | undefined;
  #day: PlainDate = '';
  slots: readonly number[] = [];

  private constructor(
    readonly home: string,
    readonly stack: Stack,
    readonly ledger: Ledger,
    readonly temporal: TemporalClient,
    readonly clock: SteppingClock,
    /** Between clients and API. */
    readonly httpWire: Wire,
    /** Between API and PostgreSQL. */
    readonly databaseWire: Wire,
    /** The program that decides about histories. */
    readonly linearizability: string,
    private readonly begunAt: string,
    environment: Map<PartName, Environment>,
  ) {
    this.environment = environment;
  }

  /** Starts everything, loads the rounds, and signs the clients in. */
  static async open(say: (progress: string) => void): Promise<FaultWorld> {
    const checker = await linearizabilityChecker(say);
    const home = await mkdtemp(path.join(os.tmpdir(), 'yiyue-faults-'));
    // PostgreSQL runs as another account when we are root.
    await chmod(home, 0o755);
    const begunAt = new Date().toISOString();
    const environment = new Map<PartName, Environment>();
    let databaseWire: Wire | undefined;
    const serials = [
      ...Array.from({ length: clientCount }, (_, index) => index + 1),
      ...Object.values(strangers),
    ];
    const stack = await startStack({
      home,
      mode: 'demonstration',
      durable: true,
      headless: true,
      throwAway: true,
      given: { SMS_RATE_PER_SECOND: '400' },
      loadData: (databaseUrl) => loadFaultRounds(databaseUrl, begunAt, serials.map(faultPerson)),
      environmentOf: async (part, databaseUrl) => {
        const own = environment.get(part) ?? {};
        if (part !== 'api' || databaseUrl === undefined) return own;
        const url = new URL(databaseUrl);
        databaseWire ??= await Wire.to(url.host);
        url.host = databaseWire.address;
        return { DATABASE_URL: url.href, ...own };
      },
      say,
    }).catch(async (error: unknown) => {
      await databaseWire?.close();
      throw error;
    });
    if (!databaseWire) throw new Error('the API was started without its wire');
    const { settings, databaseUrl, temporal: place } = stack;
    const ledger = openLedger({
      databaseUrl,
      keys: parseLedgerKeys(settings.YIYUE_DATA_KEYS ?? '', settings.YIYUE_INDEX_KEY ?? ''),
      maxConnections: 4,
      applicationName: 'yiyue-faults',
    });
    const temporal = openTemporalClient(place);
    const clock = new SteppingClock({
      ...{ mode: 'demonstration', ledger, temporal, taskQueue: 'citizen', awaitTexts: false, restWithinMs },
    });
    const httpWire = await Wire.to(new URL(stack.url).host);
    const world = new FaultWorld(
      ...([
        home,
        stack,
        ledger,
        temporal,
        clock,
        httpWire,
        databaseWire,
        checker,
        begunAt,
        environment,
      ] as const),
    );
    try {
      say('signing the clients in …');
      await world.#signIn();
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  /** Origin of the API, over the clients' wire. */
  get origin(): string {
    return `http://${this.httpWire.address}`;
  }

  /** What the ledger is compared with. */
  get outside(): Pick<Outside, 'acts' | TextKnowledge> {
    const { inbox, unreferenced, refused } = this;
    return { acts: this.record.acts, inbox, unreferenced, refused };
  }

  get load(): Load {
    this.#load ??= new Load(this.clients);
    return this.#load;
  }

  /** A client beside the load, signed in, with a record of its own. */
  async stranger(serial: number, record = new ClientRecord()): Promise<FaultClient> {
    const client = new FaultClient(serial, faultPerson(serial), this.origin, record);
    await client.signIn();
    client.personKey = (await findPersonKey(this.ledger, client.person.personNumber)) ?? '';
    return client;
  }

  /** One of the strangers, signed in once for the whole run. */
  async besideTheLoad(who: keyof typeof strangers): Promise<FaultClient> {
    const known = this.#strangers.get(who) ?? (await this.stranger(strangers[who]));
    this.#strangers.set(who, known);
    // A session that ended meanwhile is opened anew.
    if (!(await known.readBack())) await known.readBack();
    return known;
  }

  /** Windows of the last day, which no fault has for its own. */
  async slotsOfLastDay(): Promise<readonly number[]> {
    return this.#slotsOf(dayOf(this.begunAt, faultDays - 1));
  }

  /** From now on the clients act in the windows of the fault's own day. */
  async openDay(place: number): Promise<void> {
    this.#day = dayOf(this.begunAt, place);
    this.slots = await this.#slotsOf(this.#day);
  }

  async #slotsOf(day: PlainDate): Promise<readonly number[]> {
    const rows = await this.ledger.db
      .selectFrom('slot')
      .select('slot_id')
      .where('round_id', '=', bookingRound)
      .where('site_id', '=', siteId)
      .where('session_date', '=', day)
      .orderBy('slot_id')
      .execute();
    return rows.map(({ slot_id }) => slot_id);
  }

  /** Steps the ledger's clock to the evening before the fault's day and has everyone reminded who holds a place. */
  async stepToEveningBefore(): Promise<void> {
    const evening = taipeiInstant(addDays(this.#day, -1), eveningMinute);
    if (Date.parse(await ledgerNow(this.ledger.db)) > Date.parse(evening)) return;
    await stepClockTo(this.ledger.db, evening);
    const offset = await clockOffsetMs(this.ledger.db);
    for (const roundId of [bookingRound, registrationRound]) {
      await this.temporal.call((client) => tellClockStepped(client, 'citizen', roundId, offset));
    }
    await pokeOverdue(this.ledger.db, { graceMs: 0 });
  }

  async kill(part: PartName): Promise<number | undefined> {
    const { pid } = this.stack.process(part);
    await this.stack.process(part).kill('SIGKILL');
    return pid;
  }

  async start(part: PartName): Promise<void> {
    await this.stack.process(part).start();
  }

  /** Ends a part as a deployment does, and starts it with what `environment` says of it now. */
  async restart(part: PartName): Promise<void> {
    await this.stack.process(part).stop();
    await this.start(part);
  }

  /** Waits until API, ledger and engine answer; throws the last reason when they do not. */
  async untilUsable(): Promise<void> {
    const well = async (): Promise<void> => {
      const answer = await fetch(`${this.origin}/readyz`, { signal: AbortSignal.timeout(3_000) });
      if (!answer.ok) throw new Error(`the API is not ready: ${String(answer.status)}`);
    };
    await persistently(well, usableWithinMs);
    await persistently(() => ledgerNow(this.ledger.db), usableWithinMs);
    await persistently(
      () => this.temporal.call((client) => client.workflowService.getSystemInfo({})),
      usableWithinMs,
    );
  }

  /** Gives the SMS centre an order; counts as in `FaultOrder`. */
  async orderFromGateway(order: FaultOrder): Promise<void> {
    const answer = await fetch(new URL('/faults', this.stack.smsInboxUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
    });
    if (!answer.ok) throw new Error(`the SMS centre took no order: ${String(answer.status)}`);
  }

  /** The SMS centre is well again and refuses no number. */
  async mendGateway(): Promise<void> {
    const answer = await fetch(new URL('/faults', this.stack.smsInboxUrl), { method: 'DELETE' });
    if (!answer.ok) throw new Error(`the SMS centre was not mended: ${String(answer.status)}`);
  }

  async gatewayFaultsLeft(): Promise<Readonly<Record<string, unknown>>> {
    const answer = await fetch(new URL('/faults', this.stack.smsInboxUrl));
    return (await answer.json()) as Record<string, unknown>;
  }

  /** Reads what phones received since the last look. */
  async readInbox(): Promise<void> {
    for (;;) {
      const url = new URL(this.stack.smsInboxUrl ?? '');
      url.searchParams.set('after', String(this.#inboxAfter));
      url.searchParams.set('limit', String(inboxPage));
      const { messages, next } = (await (await fetch(url)).json()) as {
        messages: InboxMessage[];
        next: number;
      };
      for (const { textMessageId: id, messageId } of messages) {
        if (id === null) this.unreferenced.add(messageId);
        else this.inbox.set(id, (this.inbox.get(id) ?? 0) + 1);
      }
      this.#inboxAfter = next;
      if (messages.length < inboxPage) return;
    }
  }

  /** Everyone gives their place back, so that the next day begins with free people. */
  async clearDay(): Promise<void> {
    await Promise.all(
      this.clients.map(async (client) => {
        await persistently(async () => {
          if (!(await client.readBack())) throw new Error('the appointments could not be read');
        });
        if (client.held) await client.cancel();
      }),
    );
  }

  async close(): Promise<void> {
    await this.httpWire.close().catch(() => undefined);
    await this.databaseWire.close().catch(() => undefined);
    await this.temporal.close().catch(() => undefined);
    await this.ledger.close().catch(() => undefined);
    await this.stack.stop();
  }

  async #signIn(): Promise<void> {
    const waiting = Array.from({ length: clientCount }, (_, index) => index + 1);
    const lane = async (): Promise<void> => {
      for (let serial = waiting.pop(); serial !== undefined; serial = waiting.pop()) {
        this.clients.push(await this.stranger(serial, this.record));
      }
    };
    await Promise.all(Array.from({ length: signingInAtOnce }, lane));
  }
}
