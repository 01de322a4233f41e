/** What a wave of invitations needs: operators, a handset of staff, invited people whose text is held, and a sender. */
import { Registry } from 'prom-client';

import { parseMobile } from '../../domain/person-number/mobile';
import { connectSmsGateway } from '../../gateways/sms/connect';
import { startSmsSimulator, type SmsSimulator } from '../../gateways/sms/simulator';
import { startWave, type WaveOrder } from '../../ledger/invitation-wave';
import { enrolOperator } from '../../ledger/operator';
import { addTestHandset } from '../../ledger/test-handset';
import { openLog } from '../../workers/log';
import { startTextDelivery, type TextDeliveryOptions } from '../../workers/text-delivery';
import type { LedgerWorld } from './ledger-world';

/** The mobile of the handset that staff look at. */
export const staffMobile = '0911000222';

/** Enrols `lin`, who starts waves, and `wu`, who approves them, and adds a handset. */
export async function readyForWaves(world: LedgerWorld): Promise<void> {
  for (const name of ['lin', 'wu']) await enrolOperator(world.ledger.db, name);
  const parsed = parseMobile(staffMobile);
  if ('refusal' in parsed) throw new Error('a builder was given no mobile');
  await addTestHandset(world.ledger, 'lin', { label: '值班手機', mobile: parsed.mobile });
}

/** Invited people whose text is held, as a settlement leaves them. */
export async function heldInvitations(
  world: LedgerWorld,
  count: number,
  product = 'Moderna',
): Promise<readonly string[]> {
  const people: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const personKey = await world.person();
    await world.invite(personKey, { product });
    await world.heldInvitation(personKey, { product });
    people.push(personKey);
  }
  return people;
}

/** A wave over all held texts of the round, started by `lin`: two people in the trial, no time to look. */
export async function aWave(world: LedgerWorld, changes: Partial<WaveOrder> = {}): Promise<string> {
  const answer = await startWave(world.ledger, 'lin', {
    ...{ roundId: 'round-1', product: null, countyCodes: null },
    ...{ ratePerSecond: 1_000, trialSize: 2, lookSeconds: 0 },
    ...changes,
  });
  if (!answer.ok) throw new Error(answer.refusal.code);
  return answer.value.waveId;
}

/** A sender over SMPP to a centre of its own; `stop` ends both. */
export async function aSenderToPhones(
  world: LedgerWorld,
  changes: Partial<TextDeliveryOptions> = {},
): Promise<{ readonly centre: SmsSimulator; readonly stop: () => Promise<void> }> {
  const centre = await startSmsSimulator({ receiptDelayMs: 20, receiptRetryMs: 100 });
  const gateway = connectSmsGateway({
    url: centre.smppUrl,
    smpp: { responseTimeoutMs: 1_000, reconnectMinMs: 20, reconnectMaxMs: 100 },
  });
  const delivery = startTextDelivery({
    ...{ ledger: world.ledger, gateway, ratePerSecond: 1_000, idleMs: 20 },
    ...{ log: openLog('test', { write: () => undefined }), metrics: new Registry() },
    ...changes,
  });
  return {
    centre,
    stop: async () => {
      await delivery.stop();
      await gateway.close();
      await centre.close();
    },
  };
}
