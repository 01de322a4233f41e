/** `operations settlement …`: what settling would come to, how far it is, its export, and the check of an export. */
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { counties } from '../../domain/area/area';
import type { CutOff } from '../../ledger/settlement-outcome';
import type { SettlementPreview } from '../../ledger/settlement-preview';
import type { SettlementProgress } from '../../ledger/settlement';
import { PlainFailure } from '../runtime/failure';
import { SettlementDoubt, verifySettlement } from './settlement-verification';
import type { OperationsCommand } from './staff-call';

export const settlementCommands: readonly OperationsCommand[] = [
  {
    words: ['settlement', 'preview'],
    usage: 'ROUND   how many would be invited now, where, and up to whom; changes nothing',
    async run(call, args) {
      const preview = await call('GET', `/v1/staff/rounds/${roundOf(args)}/settlement-preview`);
      return previewReport(preview as SettlementPreview);
    },
  },
  {
    words: ['settlement', 'show'],
    usage: 'ROUND   how far the settlement is, and what it took',
    async run(call, args) {
      const settlement = await call('GET', `/v1/staff/rounds/${roundOf(args)}/settlement`);
      return progressReport(settlement as SettlementProgress);
    },
  },
  {
    words: ['settlement', 'export'],
    usage: 'ROUND FILE   writes record, candidates and results for an auditor; holds birth dates',
    async run(call, [round, file, ...others]) {
      if (file === undefined || others.length > 0) throw new PlainFailure('Name a round and a file.');
      if (existsSync(file)) throw new PlainFailure(`${file} is there already.`);
      await call.save(`/v1/staff/rounds/${roundOf([round ?? ''])}/settlement-export`, file);
      return `${file} is written; npm run operations -- settlement verify ${file} checks it.`;
    },
  },
  {
    words: ['settlement', 'verify'],
    usage: 'FILE [FINGERPRINT]   checks an export: signature, digests, and the whole ranking; needs no key',
    run: (_call, [file, fingerprint, ...others]) => {
      if (file === undefined || others.length > 0)
        throw new PlainFailure('Name an export and, if you know it, the fingerprint of the key.');
      return verify(file, fingerprint);
    },
  },
];

function roundOf([round, ...others]: readonly string[]): string {
  if (round === undefined || others.length > 0) throw new PlainFailure('Name one round.');
  return encodeURIComponent(round);
}

async function verify(file: string, fingerprint: string | undefined): Promise<string> {
  if (!existsSync(file)) throw new PlainFailure(`There is no file ${file}.`);
  try {
    const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity });
    const checked = await verifySettlement(lines);
    if (fingerprint !== undefined && fingerprint !== checked.fingerprint)
      throw new SettlementDoubt(`It was signed by another key, ${checked.fingerprint}.`);
    const counts = `${checked.registrations.toLocaleString('en')} registrations, ${checked.invited.toLocaleString('en')} invited`;
    return [
      `${file} holds the settlement of ${checked.roundId} of ${checked.settledAt}: ${counts}.`,
      'Signature, digests and ranking are right.',
      `Signed by key ${checked.fingerprint}: compare it with the one on the settlement's page.`,
    ].join('\n');
  } catch (error) {
    if (error instanceof SettlementDoubt || error instanceof SyntaxError)
      throw new PlainFailure(`${file} does not hold: ${error.message}`);
    throw error;
  }
}

const countyName = new Map(counties.map(({ code, en }) => [code, en]));

function previewReport({ roundId, registrations, invited, cutOffs, areas }: SettlementPreview): string {
  const order = new Map(counties.map(({ code }, place) => [code, place]));
  const byCounty = (a: { countyCode: string }, b: { countyCode: string }) =>
    (order.get(a.countyCode) ?? 0) - (order.get(b.countyCode) ?? 0);
  const groups = [...new Set(areas.map(({ priorityGroup }) => priorityGroup))].sort((a, b) => a - b);
  return [
    `${roundId}: ${String(registrations)} registered, ${String(invited)} would be invited. Nothing was changed.`,
    ...groups.map((group) => {
      const those = areas.filter(({ priorityGroup }) => priorityGroup === group);
      const sum = (of: 'registered' | 'invited') => those.reduce((total, area) => total + area[of], 0);
      return `  group ${String(group)}: ${String(sum('invited'))} of ${String(sum('registered'))}`;
    }),
    ...[...cutOffs].sort(byCounty).map(cutOffLine),
  ].join('\n');
}

function cutOffLine(cutOff: CutOff): string {
  const { countyCode, product, doses, contenders, invited, lastGroup, lastBirthDate } = cutOff;
  const where = (countyName.get(countyCode) ?? countyCode).padEnd(18);
  const counts = `${String(invited)} of ${String(contenders)} for ${String(doses)} doses`;
  const last = lastBirthDate === null ? '' : `; last: group ${String(lastGroup)}, born ${lastBirthDate}`;
  return `  ${where} ${product.padEnd(10)} ${counts}${last}`;
}

function progressReport(settlement: SettlementProgress): string {
  const { settledAt, decidedAt, completedAt, registrations, invited, remaining, resources } = settlement;
  const used = Object.entries(resources)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `  ${name}: ${String(value)}`);
  return [
    `begun ${settledAt}, decided ${decidedAt ?? '–'}, carried out ${completedAt ?? '–'}`,
    `${String(registrations)} registered, ${String(invited)} invited, ${String(remaining)} of them not yet recorded`,
    ...used,
  ].join('\n');
}
