/** `operations waves …`, `operations handsets …`: invitations released stage by stage, and the handsets that get them first. */
import { parseArgs } from 'node:util';

import { isOver, type WaveCounts, type WaveView } from '../../domain/invitation-wave/wave';
import type { WavePreview } from '../../ledger/invitation-wave-audience';
import { PlainFailure } from '../runtime/failure';
import type { OperationsCommand, StaffCall } from './staff-call';

interface Handset {
  readonly handsetId: string;
  readonly label: string;
  readonly maskedMobile: string;
}

const waves = '/v1/staff/invitation-waves';
const handsets = '/v1/staff/test-handsets';

export const waveCommands: readonly OperationsCommand[] = [
  {
    words: ['waves', 'preview'],
    usage: 'ROUND [--product P] [--county C]…   how many texts, whose, and how they read',
    async run(call, args) {
      const { order } = orderFrom(args);
      return previewed((await call('POST', `${waves}/previews`, order)) as WavePreview);
    },
  },
  {
    words: ['waves', 'start'],
    usage:
      'ROUND --rate N [--trial N] [--look SECONDS] [--product P] [--county C]…   to handsets, then to a trial',
    async run(call, args) {
      const { order, pace } = orderFrom(args);
      if (pace.ratePerSecond === undefined)
        throw new PlainFailure('--rate says how many texts a second go out.');
      return told((await call('POST', waves, { ...order, ...pace })) as WaveView);
    },
  },
  {
    words: ['waves', 'list'],
    usage: '[ROUND]   all waves, newest first',
    async run(call, [round]) {
      const query = round === undefined ? '' : `?roundId=${encodeURIComponent(round)}`;
      const { waves: found } = (await call('GET', `${waves}${query}`)) as { waves: readonly WaveView[] };
      return found.length === 0 ? 'There is no wave yet.' : found.map(told).join('\n\n');
    },
  },
  {
    words: ['waves', 'show'],
    usage: 'WAVE   how far it is',
    run: async (call, [wave]) => told((await call('GET', addressOf(wave))) as WaveView),
  },
  command('approve', 'approval', 'lets the rest go; not by who started it'),
  command('pause', 'pause', 'holds back what no sender has in its hands'),
  command('resume', 'resumption', 'goes on where a pause stopped it'),
  command('stop', 'stop', 'ends it; what was not let go is held again'),
  {
    words: ['handsets', 'list'],
    usage: '   the handsets of staff that get every wave first',
    async run(call) {
      const { handsets: found } = (await call('GET', handsets)) as { handsets: readonly Handset[] };
      return found.length === 0 ? 'There is no test handset yet.' : found.map(handsetLine).join('\n');
    },
  },
  {
    words: ['handsets', 'add'],
    usage: 'LABEL MOBILE   adds one',
    async run(call, [label, mobile]) {
      if (label === undefined || mobile === undefined)
        throw new PlainFailure('A handset has a label and a mobile.');
      return handsetLine((await call('POST', handsets, { label, mobile })) as Handset);
    },
  },
  {
    words: ['handsets', 'remove'],
    usage: 'ID   takes one out of use',
    async run(call, [id = '']) {
      await call('DELETE', `${handsets}/${encodeURIComponent(id)}`);
      return 'The handset is out of use.';
    },
  },
];

function command(word: string, path: string, does: string): OperationsCommand {
  return {
    words: ['waves', word],
    usage: `WAVE   ${does}`,
    run: async (call: StaffCall, [wave]) =>
      told((await call('POST', `${addressOf(wave)}/${path}`)) as WaveView),
  };
}

function addressOf(wave: string | undefined): string {
  if (wave === undefined) throw new PlainFailure('WAVE is missing; operations waves list names them.');
  return `${waves}/${encodeURIComponent(wave)}`;
}

function orderFrom(args: readonly string[]): {
  readonly order: object;
  readonly pace: {
    readonly ratePerSecond?: number;
    readonly trialSize?: number;
    readonly lookSeconds?: number;
  };
} {
  const { values, positionals } = parsed(args);
  const [roundId] = positionals;
  if (roundId === undefined || positionals.length > 1) throw new PlainFailure('Name one round.');
  return {
    order: {
      roundId,
      ...(values.product === undefined ? {} : { product: values.product }),
      ...(values.county === undefined ? {} : { countyCodes: values.county }),
    },
    pace: {
      ...numbered('ratePerSecond', values.rate),
      ...numbered('trialSize', values.trial),
      ...numbered('lookSeconds', values.look),
    },
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        product: { type: 'string' },
        county: { type: 'string', multiple: true },
        rate: { type: 'string' },
        trial: { type: 'string' },
        look: { type: 'string' },
      },
    });
  } catch (error) {
    throw new PlainFailure(error instanceof Error ? error.message : String(error));
  }
}

function numbered<K extends string>(name: K, text: string | undefined): { readonly [key in K]?: number } {
  if (text === undefined) return {};
  if (!/^\d{1,6}$/.test(text)) throw new PlainFailure(`${text} is no number.`);
  return { [name]: Number(text) } as { readonly [key in K]?: number };
}

function previewed({ texts, byProduct, byCounty, samples }: WavePreview): string {
  if (texts === 0) return 'No held invitation would go out.';
  return [
    `${String(texts)} texts`,
    ...byProduct.map((one) => `  ${one.product}  ${String(one.texts)}`),
    ...byCounty.map((one) => `  county ${one.countyCode}  ${String(one.texts)}`),
    ...samples.flatMap((sample) => [
      `reading so, for ${String(sample.texts)}:`,
      `  ${sample.zh}`,
      `  ${sample.en}`,
    ]),
  ].join('\n');
}

/** A wave in a few lines. */
function told(wave: WaveView): string {
  const { stage, paused, texts, tests, audience, released } = wave;
  const next =
    stage === 'awaitingApproval'
      ? `: npm run operations -- waves approve ${wave.waveId}, by another operator`
      : '';
  return [
    `${wave.waveId}  ${stage}${paused ? `, paused (${paused.reason}${paused.by ? ` by ${paused.by}` : ''})` : ''}${next}`,
    `  started by ${wave.startedBy}${wave.approvedBy ? `, approved by ${wave.approvedBy}` : ''}${
      wave.stoppedBy ? `, stopped by ${wave.stoppedBy}` : ''
    }`,
    `  test handsets: ${countsLine(tests)}`,
    `  people: ${String(audience)}, let go ${String(released)}${isOver(stage) ? '' : ` at ${String(wave.ratePerSecond)}/s`}: ${countsLine(texts)}`,
  ].join('\n');
}

function countsLine(counts: WaveCounts): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.length === 0
    ? 'none yet'
    : some.map(([status, count]) => `${status} ${String(count)}`).join(', ');
}

function handsetLine({ handsetId, label, maskedMobile }: Handset): string {
  return `${handsetId}  ${maskedMobile}  ${label}`;
}
