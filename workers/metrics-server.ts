/** Serves a worker's Prometheus metrics at `/metrics` on a port of its own. */
import http from 'node:http';
import type { Registry } from 'prom-client';

import type { Settings } from '../config/settings';

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens when `METRICS_PORT` is set; undefined otherwise. Rejects when the port is taken. */
export async function serveMetrics(
  metrics: Registry,
  { METRICS_PORT, HOST }: Pick<Settings, 'METRICS_PORT' | 'HOST'>,
): Promise<MetricsServer | undefined> {
  if (METRICS_PORT === 0) return undefined;
  const server = http.createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    metrics.metrics().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(503).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(METRICS_PORT, HOST, resolve);
  });
  return {
    port: METRICS_PORT,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
