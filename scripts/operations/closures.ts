/** `operations closures …`: a typhoon day, proposed by one operator and confirmed by another. */
import { parseArgs } from 'node:util';
import { PlainFailure } from '../runtime/failure';
import type { OperationsCommand } from './staff-call';

interface Closure {
  readonly closureId: string;
  readonly state: 'proposed' | 'underWay' | 'carriedOut' | 'reopened';
  readonly reason: string;
  readonly dates: readonly string[];
  readonly countyCodes: readonly string[];
  readonly districtCodes: readonly string[];
  readonly siteIds: readonly string[];
  readonly proposedBy: string;
  readonly confirmedBy: string | null;
  readonly rebookUntil: string | null;
  readonly windows: number | null;
  readonly cancelled: number;
  readonly toCancel: number;
}

interface Preview {
  readonly sites: number;
  readonly windows: number;
  readonly appointments: number;
  readonly people: number;
  readonly byCounty: readonly { countyCode: string; sites: number; appointments: number }[];
  readonly rebooking: readonly {
    roundId: string;
    product: string;
    appointments: number;
    leftElsewhere: number;
  }[];
  readonly digest: string;
}

const address = (closureId: string, more = '') =>
  `/v1/staff/closures/${encodeURIComponent(closureId)}${more}`;

export const closureCommands: readonly OperationsCommand[] = [
  {
    words: ['closures', 'list'],
    usage: '   closures, the newest first',
    async run(call) {
      const { closures } = (await call('GET', '/v1/staff/closures')) as { closures: readonly Closure[] };
      return closures.length === 0 ? 'There are no closures.' : closures.map(closureLine).join('\n');
    },
  },
  {
    words: ['closures', 'show'],
    usage: 'NAME   how far a closure is, or what a proposed one would do',
    async run(call, args) {
      const { closure, preview } = (await call('GET', address(nameIn(args, 1)))) as {
        closure: Closure;
        preview: Preview | null;
      };
      return [closureLine(closure), ...(preview ? previewLines(closure.closureId, preview) : [])].join('\n');
    },
  },
  {
    words: ['closures', 'propose'],
    usage:
      'NAME --reason typhoon|disaster|siteUnavailable --date DAY… [--county CODE…] [--district CODE…] [--site ID…]   shows what it would do',
    async run(call, args) {
      const { positionals, values } = readOptions(args);
      const { closure, preview } = (await call('PUT', address(nameIn(positionals, 1)), {
        reason: values.reason,
        dates: values.date,
        countyCodes: values.county ?? [],
        districtCodes: values.district ?? [],
        siteIds: values.site ?? [],
      })) as { closure: Closure; preview: Preview };
      return [closureLine(closure), ...previewLines(closure.closureId, preview)].join('\n');
    },
  },
  {
    words: ['closures', 'confirm'],
    usage:
      'NAME DIGEST APPOINTMENTS   closes at once what another operator proposed; at most so many appointments',
    async run(call, args) {
      const [, digest = '', atMost = ''] = args;
      const name = nameIn(args, 3);
      if (!/^\d{1,9}$/.test(atMost))
        throw new PlainFailure('APPOINTMENTS is the most that may be cancelled.');
      const body = { digest, atMost: Number(atMost) };
      const { closure } = (await call('POST', address(name, '/confirmation'), body)) as { closure: Closure };
      return closureLine(closure);
    },
  },
  {
    words: ['closures', 'reopen'],
    usage: 'NAME   opens again what is still to come; who was cancelled books anew',
    async run(call, args) {
      const { closure } = (await call('POST', address(nameIn(args, 1), '/reopening'))) as {
        closure: Closure;
      };
      return closureLine(closure);
    },
  },
];

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        reason: { type: 'string' },
        date: { type: 'string', multiple: true },
        county: { type: 'string', multiple: true },
        district: { type: 'string', multiple: true },
        site: { type: 'string', multiple: true },
      },
    });
  } catch (error) {
    throw new PlainFailure(error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error));
  }
}

function nameIn(args: readonly string[], words: number): string {
  const [name] = args;
  if (name === undefined || args.length !== words)
    throw new PlainFailure('Name the closure; see npm run operations.');
  return name;
}

const stateWords: Readonly<Record<Closure['state'], string>> = {
  proposed: 'proposed, nothing is closed',
  underWay: 'closed, appointments are being cancelled',
  carriedOut: 'closed, everybody is cancelled and told',
  reopened: 'open again',
};

function closureLine(closure: Closure): string {
  const { countyCodes, districtCodes, siteIds, dates } = closure;
  const area = [...countyCodes, ...districtCodes, ...siteIds].join(', ');
  const by = closure.confirmedBy === null ? '' : `, confirmed by ${closure.confirmedBy}`;
  const so = closure.windows === null ? '' : `; ${String(closure.windows)} windows`;
  const people =
    closure.confirmedBy === null
      ? ''
      : `, ${String(closure.cancelled)} appointments cancelled, ${String(closure.toCancel)} to go, booking again until ${closure.rebookUntil ?? ''}`;
  return `${closure.closureId} (${closure.reason}): ${stateWords[closure.state]}. ${dates.join(', ')} in ${area}; proposed by ${closure.proposedBy}${by}${so}${people}.`;
}

function previewLines(closureId: string, preview: Preview): string[] {
  const { sites, windows, appointments, people, byCounty, rebooking, digest } = preview;
  return [
    `It would close ${String(windows)} windows at ${String(sites)} sites and cancel ${String(appointments)} appointments of ${String(people)} people.`,
    ...byCounty.map(
      (county) =>
        `  county ${county.countyCode}: ${String(county.sites)} sites, ${String(county.appointments)} appointments`,
    ),
    ...rebooking.map(
      (again) =>
        `  ${again.product} in ${again.roundId}: ${String(again.appointments)} to book again, ${String(again.leftElsewhere)} places left elsewhere${again.leftElsewhere < again.appointments ? ' – TOO FEW: import more sessions' : ''}`,
    ),
    `Another operator confirms it: npm run operations -- closures confirm ${closureId} ${digest} ${String(appointments)}`,
  ];
}
