/** `operations card-bridge …`: which card bridges are enrolled, and ending one. */
import { PlainFailure } from '../runtime/failure';
import type { OperationsCommand } from './staff-call';

interface Bridge {
  readonly bridgeId: string;
  readonly name: string;
  readonly stationId: string | null;
  readonly enrolledAt: string;
  readonly revokedAt: string | null;
}

export const cardBridgeCommands: readonly OperationsCommand[] = [
  {
    words: ['card-bridge', 'list'],
    usage: '[STATION]   the newest card bridges, or those of one station',
    async run(call, [stationId]) {
      const query = stationId === undefined ? '' : `?stationId=${encodeURIComponent(stationId)}`;
      const { cardBridges } = (await call('GET', `/v1/staff/card-bridges${query}`)) as {
        cardBridges: readonly Bridge[];
      };
      if (cardBridges.length === 0) return 'No card bridge is enrolled.';
      return cardBridges
        .map(({ bridgeId, name, stationId: station, enrolledAt, revokedAt }) =>
          [
            ...[bridgeId, station ?? 'a citizen’s', name, `since ${enrolledAt}`],
            ...(revokedAt === null ? [] : [`revoked ${revokedAt}`]),
          ].join('  '),
        )
        .join('\n');
    },
  },
  {
    words: ['card-bridge', 'revoke'],
    usage: 'BRIDGE   nothing that it signs is taken from now on',
    async run(call, [bridgeId = '']) {
      if (!/^[0-9a-f-]{36}$/.test(bridgeId)) throw new PlainFailure('BRIDGE is an id that the list shows.');
      await call('DELETE', `/v1/staff/card-bridges/${bridgeId}`);
      return `The card bridge ${bridgeId} is revoked.`;
    },
  },
];
