/**
 * How fast held invitations go out: released by a wave, sent over SMPP to a simulated centre by the sender's own
 * process, recorded in the ledger; what a killed sender repeats, and whether two senders keep one contract.
 */
import { setTimeout as pause } from 'node:timers/promises';

import {
  startSmsSimulator,
  type SmsSimulator,
  type SmsSimulatorSettings,
} from '../../gateways/sms/simulator';
import { openLedger, type Ledger } from '../../ledger/database';
import { parseLedgerKeys } from '../../ledger/encryption';
import { takeWaveStep } from '../../ledger/invitation-wave-steps';
import { textCounts } from '../../ledger/text-message-dispatch';
import type { Benchmark } from '../measurement/benchmark';
import { cpuSecondsOf } from '../measurement/cpu-time';
import type { Measured } from '../measurement/report';
import { onStage, type Stage } from '../measurement/stage';
import type { Supervised } from '../runtime/supervised';
import { approvedWave, handsetMobile, prepareTexts, seedInvitations } from './texts-audience';

/** 1.5 million in the nineteen minutes that a morning leaves for it. */
const target = 1_340;
const throughputTexts = 30_000;
const killedTexts = 12_000;
const contractTexts = 4_500;
const contractPerSecond = 300;
/** No contract bounds these: what is measured is how fast the sender is. */
const unbounded = 20_000;
const window = 256;
const patienceMs = 240_000;

export const textsBenchmark: Benchmark = {
  name: 'texts',
  about: 'held invitations released and sent over SMPP, a killed sender, and two senders under one contract',
  run: (say) =>
    onStage(async (stage) => {
      const ledger = openLedger({
        databaseUrl: stage.databaseUrl,
        keys: parseLedgerKeys(
          stage.settings['YIYUE_DATA_KEYS'] ?? '',
          stage.settings['YIYUE_INDEX_KEY'] ?? '',
        ),
        applicationName: 'yiyue-bench',
      });
      try {
        await prepareTexts(ledger);
        const bench = new TextsBench(stage, ledger, say);
        return [
          ...(await bench.throughput()),
          ...(await bench.killed('killed', { dedupe: true })),
          ...(await bench.killed('killed-plain', { dedupe: false, referenceTag: null })),
          ...(await bench.contract()),
        ];
      } finally {
        await ledger.close();
      }
    }),
};

interface Sent {
  readonly lost: number;
  readonly duplicates: number;
}

class TextsBench {
  #senders = 0;

  constructor(
    private readonly stage: Stage,
    private readonly ledger: Ledger,
    private readonly say: (progress: string) => void,
  ) {}

  async throughput(): Promise<readonly Measured[]> {
    return this.#withCentre({ dedupe: true }, async (centre) => {
      const roundId = await this.#seeded('throughput', throughputTexts);
      const sender = await this.#sender(centre, unbounded);
      const waveId = await approvedWave(this.ledger, roundId, unbounded);
      const cpuBefore = this.#cpu(sender);
      const from = performance.now();
      const releasing = this.#release(waveId);
      await this.#until('accepted', roundId, throughputTexts);
      await releasing;
      const acceptedMs = performance.now() - from;
      await this.#until('delivered', roundId, throughputTexts);
      const deliveredMs = performance.now() - from;
      const cpuAfter = this.#cpu(sender);
      await sender.stop();
      const { lost, duplicates } = await this.#seen(centre, roundId);
      const perSecond = (ms: number) => (throughputTexts / ms) * 1_000;
      return [
        {
          name: 'texts.accepted-and-recorded',
          value: perSecond(acceptedMs),
          unit: 'texts/s',
          better: 'higher',
          target,
          peers: [{ name: 'texts', value: throughputTexts }],
        },
        {
          name: 'texts.with-receipts-recorded',
          value: perSecond(deliveredMs),
          unit: 'texts/s',
          better: 'higher',
        },
        { name: 'texts.lost', value: lost, unit: 'count', better: 'lower', target: 0 },
        { name: 'texts.duplicates', value: duplicates, unit: 'count', better: 'lower', target: 0 },
        ...(cpuBefore && cpuAfter
          ? [
              {
                name: 'texts.sender-cpu',
                value: ((cpuAfter.sender - cpuBefore.sender) / throughputTexts) * 1_000,
                unit: 'ms/text',
                better: 'lower' as const,
                peers: [
                  {
                    name: 'database, ms/text',
                    value: ((cpuAfter.database - cpuBefore.database) / throughputTexts) * 1_000,
                  },
                ],
              },
            ]
          : []),
      ];
    });
  }

  /** kill -9 of the sender in the middle, and at once a new one. */
  async killed(name: string, settings: SmsSimulatorSettings): Promise<readonly Measured[]> {
    return this.#withCentre(settings, async (centre) => {
      const roundId = await this.#seeded(name, killedTexts);
      const before = await textCounts(this.ledger.db);
      const sender = await this.#sender(centre, unbounded, settings.referenceTag === null);
      const releasing = this.#release(await approvedWave(this.ledger, roundId, unbounded));
      while (centre.inbox().length < killedTexts / 2) await pause(5);
      await sender.kill('SIGKILL');
      const killedAt = performance.now();
      await sender.start();
      await releasing;
      await this.#until('accepted', roundId, killedTexts);
      const seconds = (performance.now() - killedAt) / 1_000;
      await sender.stop();
      const { lost, duplicates } = await this.#seen(centre, roundId);
      const counted = (await textCounts(this.ledger.db)).repeats - before.repeats;
      const dedupes = settings.referenceTag !== null;
      return [
        { name: `texts.${name}.lost`, value: lost, unit: 'count', better: 'lower', target: 0 },
        {
          name: `texts.${name}.duplicates`,
          value: duplicates,
          unit: 'count',
          better: 'lower',
          target: dedupes ? 0 : window,
          peers: [{ name: 'counted in the ledger', value: counted }],
        },
        {
          name: `texts.${name}.duplicates-not-counted`,
          value: Math.max(0, duplicates - counted),
          unit: 'count',
          better: 'lower',
          target: 0,
        },
        { name: `texts.${name}.all-accepted-after-kill`, value: seconds, unit: 's', better: 'lower' },
      ];
    });
  }

  /** Two senders at once: what the centre took within any second. */
  async contract(): Promise<readonly Measured[]> {
    return this.#withCentre({ dedupe: true }, async (centre) => {
      const roundId = await this.#seeded('contract', contractTexts);
      const senders = [
        await this.#sender(centre, contractPerSecond),
        await this.#sender(centre, contractPerSecond),
      ];
      const waveId = await approvedWave(this.ledger, roundId, unbounded);
      const from = performance.now();
      await this.#release(waveId);
      await this.#until('accepted', roundId, contractTexts);
      const seconds = (performance.now() - from) / 1_000;
      for (const sender of senders) await sender.stop();
      const times = centre.inbox().map(({ receivedAt }) => Date.parse(receivedAt));
      const share = (spanSeconds: number) =>
        mostWithin(times, spanSeconds * 1_000) / (spanSeconds * contractPerSecond);
      return [
        {
          name: 'texts.two-senders.most-in-five-seconds',
          value: share(5),
          unit: 'of the contract',
          better: 'lower',
          // Each text may go a tenth of a second after its turn.
          target: 1.05,
          peers: [
            { name: 'in one second, of the contract', value: share(1) },
            { name: 'contract, texts/s', value: contractPerSecond },
            { name: 'reached, texts/s', value: contractTexts / seconds },
          ],
        },
      ];
    });
  }

  async #withCentre<T>(
    settings: SmsSimulatorSettings,
    use: (centre: SmsSimulator) => Promise<T>,
  ): Promise<T> {
    const centre = await startSmsSimulator({ receiptDelayMs: 200, receiptRetryMs: 5_000, ...settings });
    try {
      return await use(centre);
    } finally {
      await centre.close();
    }
  }

  async #seeded(name: string, texts: number): Promise<string> {
    this.say(`${name}: writing ${String(texts)} invitations`);
    await seedInvitations(this.ledger, name, texts);
    this.say(`${name}: sending`);
    return name;
  }

  async #sender(centre: SmsSimulator, ratePerSecond: number, plain = false): Promise<Supervised> {
    this.#senders += 1;
    return this.stage.start({
      name: `text-sender-${String(this.#senders)}`,
      script: 'workers/text-sender.js',
      settings: {
        ...this.stage.settings,
        // The sender has nothing to do with the engine; its frame asks for the address.
        TEMPORAL_ADDRESS: '127.0.0.1:9',
        SMS_GATEWAY_URL: centre.smppUrl,
        SMS_RATE_PER_SECOND: String(ratePerSecond),
        SMS_WINDOW: String(window),
        ...(plain ? { SMS_REFERENCE_TAG: '0' } : {}),
      },
    });
  }

  /** What the wave's workflow does from the approval on. */
  async #release(waveId: string): Promise<void> {
    for (;;) {
      const answer = await takeWaveStep(this.ledger, waveId, 'release');
      if (answer.answer === 'done') return;
      await pause(200);
    }
  }

  async #until(status: 'accepted' | 'delivered', roundId: string, texts: number): Promise<void> {
    const wanted = status === 'accepted' ? ['accepted', 'delivered'] : ['delivered'];
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const { rows } = await this.ledger.pool.query<{ count: number }>(
        'select count(*) from text_message where occasion = $1 and status = any($2)',
        [roundId, wanted],
      );
      const count = rows[0]?.count ?? 0;
      if (count >= texts) return;
      if (Date.now() > deadline) throw new Error(`only ${String(count)} of ${String(texts)} were ${status}`);
      await pause(100);
    }
  }

  /** Held against what the phones received: which texts of the round none of them has, and which came again. */
  async #seen(centre: SmsSimulator, roundId: string): Promise<Sent> {
    const mobiles = centre.inbox().flatMap(({ mobile }) => (mobile === handsetMobile ? [] : mobile));
    const different = new Set(mobiles).size;
    const { rows } = await this.ledger.pool.query<{ count: number }>(
      'select count(*) from text_message where occasion = $1',
      [roundId],
    );
    return { lost: (rows[0]?.count ?? 0) - different, duplicates: mobiles.length - different };
  }

  #cpu(sender: Supervised): { readonly sender: number; readonly database: number } | undefined {
    const [own, database] = [cpuSecondsOf(sender.pid), cpuSecondsOf(this.stage.database.pid)];
    return own === undefined || database === undefined ? undefined : { sender: own, database };
  }
}

/** The most of the ascending times that lie within any span of so many milliseconds. */
function mostWithin(times: readonly number[], spanMs: number): number {
  let most = 0;
  let from = 0;
  times.forEach((time, n) => {
    while ((times[from] ?? time) <= time - spanMs) from += 1;
    most = Math.max(most, n - from + 1);
  });
  return most;
}
