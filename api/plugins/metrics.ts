/** Measurements in Prometheus' form: requests by route, citizens' acts by outcome, and how far behind the engine is. */
import fp from 'fastify-plugin';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Outcome } from '../../domain/refusal/refusals';
import { signInMethods, type SignInMethod } from '../../domain/sign-in/sign-in-methods';
import type { AccountCountedAct } from '../card-account/account-acts';
import { bookingBatchCounts } from '../../ledger/booking-batch';
import { countAsleep, outboxLag } from '../../ledger/citizen-outbox';

/** What citizens and stations do, as the metrics name it. */
export type CountedAct =
  | 'signIn'
  | 'disownSignIn'
  | 'register'
  | 'withdraw'
  | 'book'
  | 'move'
  | 'cancel'
  | 'lookUp'
  | 'authenticateMobile'
  | 'setPasswordByMobile'
  | 'bindByMobile'
  | 'attend'
  | 'joinWaitingList'
  | 'leaveWaitingList'
  | 'acceptOffer'
  | 'declineOffer'
  | 'askLeftover'
  | 'stopAskingLeftover'
  | 'phoneLeftover'
  | 'readCard'
  | 'bindDevice'
  | 'renameDevice'
  | 'removeDevice'
  | 'makeDeviceCode'
  | 'produceAppOtp'
  | 'takeChild'
  | 'askElder'
  | 'answerFamilyRequest'
  | 'endFamilyBond'
  | 'consentForChild'
  | 'bookNeighbours'
  | AccountCountedAct;

declare module 'fastify' {
  interface FastifyInstance {
    readonly metrics: Registry;
    /** Counts the act by its outcome: `accepted` or the refusal's code. */
    countAct(act: CountedAct, outcome: Outcome<unknown>): void;
    /** Counts a try to come in by its way and outcome. */
    countSignIn(method: SignInMethod, outcome: Outcome<unknown>): void;
    /** Counts a sign-in of which its owner says that it was somebody else. */
    countDisowned(method: SignInMethod): void;
  }
}

export interface MetricsPluginOptions {
  /** Also measure the process: memory, event loop, collections. One app a process may. */
  readonly ofProcess: boolean;
}

export const metricsPlugin = fp<MetricsPluginOptions>(
  async (app, { ofProcess }) => {
    const registry = new Registry();
    if (ofProcess) collectDefaultMetrics({ register: registry });
    const requests = new Histogram({
      name: 'yiyue_http_request_seconds',
      help: 'Time to answer, by route pattern, method and status',
      labelNames: ['route', 'method', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    });
    const acts = new Counter({
      name: 'yiyue_citizen_acts_total',
      help: 'What was asked of the rules, by act and outcome (accepted, or the code of the refusal)',
      labelNames: ['act', 'outcome'],
      registers: [registry],
    });
    const signIns = new Counter({
      name: 'yiyue_sign_ins_total',
      help: 'Tries to come in, by way and outcome (accepted, or the code of the refusal)',
      labelNames: ['method', 'outcome'],
      registers: [registry],
    });
    const disowned = new Counter({
      name: 'yiyue_sign_ins_disowned_total',
      help: 'Sign-ins of which their owners said that it was not them, by the way in',
      labelNames: ['method'],
      registers: [registry],
    });
    // There from the start, so that the first one is seen to be one more.
    for (const method of signInMethods) disowned.inc({ method }, 0);
    const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
    const unsent = gauge('yiyue_outbox_unsent', 'People whose newest state the engine was not given yet');
    const lag = gauge(
      'yiyue_outbox_oldest_unsent_seconds',
      'Age of the oldest state that the engine was not given',
    );
    const asleep = gauge('yiyue_outbox_asleep', 'People whose workflow sleeps until something falls due');
    const texts = gauge('yiyue_texts_unsent', 'Text messages not yet accepted by the gateway');
    const reachable = gauge('yiyue_ledger_reachable', '1 when the ledger answered this reading');

    new Counter({
      name: 'yiyue_http_requests_turned_away_total',
      help: 'Requests turned away at once because the process could not keep up; who waits in line is not counted',
      registers: [registry],
      collect() {
        this.reset();
        this.inc(app.turnedAwayForLoad());
      },
    });
    const batchCounter = (name: string, help: string, count: 'batches' | 'wishes' | 'repeated') =>
      new Counter({
        name,
        help,
        registers: [registry],
        collect() {
          this.reset();
          this.inc(bookingBatchCounts(app.ledger)[count]);
        },
      });
    batchCounter('yiyue_booking_batches_total', 'Batches in which bookings were decided', 'batches');
    batchCounter('yiyue_booking_wishes_total', 'Wishes to book that were decided in batches', 'wishes');
    batchCounter(
      'yiyue_booking_wishes_repeated_total',
      'Wishes decided again: after a deadlock, a broken connection, or because their facts had changed',
      'repeated',
    );
    new Gauge({
      name: 'yiyue_booking_wishes_waiting',
      help: 'Wishes to book that wait for a batch',
      registers: [registry],
      collect() {
        this.set(bookingBatchCounts(app.ledger).waiting);
      },
    });

    app.decorate('metrics', registry);
    app.decorate('countAct', (act, outcome) => {
      acts.inc({ act, outcome: outcome.ok ? 'accepted' : outcome.refusal.code });
    });
    app.decorate('countSignIn', (method, outcome) => {
      signIns.inc({ method, outcome: outcome.ok ? 'accepted' : outcome.refusal.code });
    });
    app.decorate('countDisowned', (method) => disowned.inc({ method }));
    app.addHook('onResponse', (request, reply, done) => {
      const route = request.routeOptions.url ?? 'unknown';
      requests.observe({ route, method: request.method, status: reply.statusCode }, reply.elapsedTime / 1000);
      done();
    });

    async function readLedger(): Promise<void> {
      try {
        const behind = await outboxLag(app.ledger.db);
        const { count } = await app.ledger.db
          .selectFrom('text_message')
          .select(({ fn }) => fn.countAll<number>().as('count'))
          .where('status', 'in', ['queued', 'submitting', 'unknown'])
          .executeTakeFirstOrThrow();
        unsent.set(behind.unsent);
        lag.set(behind.oldestSeconds);
        asleep.set(await countAsleep(app.ledger.db));
        texts.set(Number(count));
        reachable.set(1);
      } catch {
        // A scrape while the ledger is away must still tell so; what was read before stays as it was.
        reachable.set(0);
      }
    }

    app.get(
      '/metrics',
      { config: { session: false, act: false }, schema: { hide: true } },
      async (_request, reply) => {
        await readLedger();
        return reply.type(registry.contentType).send(await registry.metrics());
      },
    );
  },
  { name: 'metrics', dependencies: ['ledger', 'pressure'] },
);
