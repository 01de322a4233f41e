/** Tells the ledger how long citizens' acts take, so that the relay gives way while people are waiting. */
import { randomUUID } from 'node:crypto';
import fp from 'fastify-plugin';

import { apiLoadWindowMs, reportApiLoad, sweepApiLoad } from '../../ledger/api-load';

/** Acts that write to the ledger and answer as fast as they can; signing in takes a fixed time on purpose. */
const acts = /^\/(v1\/)?(appointments?|booking|registration|waiting-list)(\/|$)/;
const everyMs = 500;
/** Of a rush the newest acts say enough. */
const most = 2_000;

export const loadReportPlugin = fp(
  async (app) => {
    const processId = randomUUID();
    let answered: { readonly at: number; readonly ms: number }[] = [];
    let quiet = true;
    let reporting = false;

    app.addHook('onResponse', (request, reply, done) => {
      done();
      if (request.method === 'GET' || request.method === 'HEAD') return;
      if (!acts.test(request.routeOptions.url ?? '')) return;
      answered.push({ at: Date.now(), ms: reply.elapsedTime });
    });

    async function report(): Promise<void> {
      answered = answered.filter(({ at }) => at > Date.now() - apiLoadWindowMs).slice(-most);
      // Silence is said once; afterwards nobody acts and nothing is written.
      if (reporting || (quiet && answered.length === 0)) return;
      reporting = true;
      quiet = answered.length === 0;
      const sorted = answered.map(({ ms }) => ms).sort((a, b) => a - b);
      const slowMs = sorted[Math.floor(sorted.length * 0.9)] ?? 0;
      // A ledger that is away is told of elsewhere.
      await reportApiLoad(app.ledger.db, processId, { acts: sorted.length, slowMs }).catch(() => undefined);
      reporting = false;
    }

    let timer: NodeJS.Timeout | undefined;
    app.addHook('onListen', async () => {
      void sweepApiLoad(app.ledger.db).catch(() => undefined);
      timer = setInterval(() => void report(), everyMs);
      timer.unref();
    });
    app.addHook('onClose', async () => clearInterval(timer));
  },
  { name: 'load-report', dependencies: ['ledger'] },
);
