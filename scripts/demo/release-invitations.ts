/** What two operators do after a settlement: release its invitations in a wave, the one starting it, the other approving. */
import { isOver, type WaveStage, type WaveView } from '../../domain/invitation-wave/wave';
import { enrolOperator } from '../../ledger/operator';
import { staffCall } from '../operations/staff-call';
import { demonstrationHandset } from '../demo-data/handset';
import { persistently, type Instance } from './instance';
import { expectThat } from './way';

const waves = '/v1/staff/invitation-waves';
const handsets = '/v1/staff/test-handsets';
/** Each stage takes seconds; a worker that was killed comes back within some more. */
const stageWithinMs = 60_000;

/** What was seen of a wave from its start to its end. */
export interface ReleasedInvitations {
  /** Test handsets that got it first. */
  readonly handsets: number;
  /** People whose text the gateway took. */
  readonly people: number;
  readonly startedBy: string;
  readonly approvedBy: string | null;
  /** What who started it was answered when approving it alone. */
  readonly refusal: string;
}

/** Releases all held invitations of the round; parts of the instance may be killed and come back meanwhile. */
export async function releaseInvitations(instance: Instance, roundId: string): Promise<ReleasedInvitations> {
  const [starter, approver] = await persistently(() => operators(instance));
  await persistently(async () => {
    const { handsets: known } = (await starter('GET', handsets)) as { handsets: readonly unknown[] };
    if (known.length > 0) return;
    await starter('POST', handsets, { label: '指揮中心測試手機', mobile: demonstrationHandset });
  });
  const { waveId } = await persistently(async () => {
    const { waves: known } = (await starter('GET', `${waves}?roundId=${roundId}`)) as {
      waves: readonly WaveView[];
    };
    const open = known.find(({ stage }) => !isOver(stage));
    return (
      open ?? ((await starter('POST', waves, { roundId, ratePerSecond: 40, lookSeconds: 0 })) as WaveView)
    );
  });
  const address = `${waves}/${waveId}`;
  const until = (wanted: WaveStage) =>
    persistently(async () => {
      const wave = (await starter('GET', address)) as WaveView;
      expectThat(wave.paused === null, 'the wave goes on by itself');
      expectThat(wave.stage === wanted, `the wave comes to ${wanted}, and it is at ${wave.stage}`);
      return wave;
    }, stageWithinMs);
  const tested = await until('awaitingApproval');
  const refusal = await starter('POST', `${address}/approval`).then(
    () => 'nothing',
    (error: unknown) => codeIn(error),
  );
  await persistently(async () => {
    const { stage } = (await approver('GET', address)) as WaveView;
    if (stage === 'awaitingApproval') await approver('POST', `${address}/approval`);
  });
  const { texts, startedBy, approvedBy } = await until('done');
  return {
    handsets: tested.tests.accepted + tested.tests.delivered,
    people: texts.accepted + texts.delivered,
    ...{ startedBy, approvedBy, refusal },
  };
}

async function operators(instance: Instance) {
  const { db } = instance.ledger;
  const enrol = async (name: string) => staffCall(instance.url, (await enrolOperator(db, name)).key);
  return [await enrol('lin'), await enrol('wu')] as const;
}

/** The problem's code, which stands in brackets at the end of its sentence. */
function codeIn(error: unknown): string {
  const sentence = error instanceof Error ? error.message : String(error);
  return /\[(\w+)\]/.exec(sentence)?.[1] ?? sentence;
}
