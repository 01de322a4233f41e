/** `operations waiting-room …`: how the line before signing in stands, and keeping one before an opening. */
import type { OperationsCommand, StaffCall } from './staff-call';

interface Room {
  readonly shutAt: string | null;
  readonly kept: boolean;
  readonly waiting: number;
  readonly admitted: number;
  readonly arrivalsPerSecond: number;
  readonly strained: boolean;
}

const keep = async (call: StaffCall, kept: boolean): Promise<string> =>
  sentences((await call('PUT', '/v1/staff/waiting-room', { kept })) as Room);

export const waitingRoomCommands: readonly OperationsCommand[] = [
  {
    words: ['waiting-room', 'show'],
    usage: '   how the line stands',
    run: async (call) => sentences((await call('GET', '/v1/staff/waiting-room')) as Room),
  },
  {
    words: ['waiting-room', 'keep'],
    usage: '   there is a line from now on, however few come: before an opening',
    run: (call) => keep(call, true),
  },
  {
    words: ['waiting-room', 'leave'],
    usage: '   there is a line only when more come than may',
    run: (call) => keep(call, false),
  },
];

function sentences({ shutAt, kept, waiting, admitted, arrivalsPerSecond, strained }: Room): string {
  const line =
    shutAt === null
      ? 'Everybody signs in without waiting.'
      : `People wait since ${shutAt}: ${String(waiting)} in line, ${String(admitted)} let in so far.`;
  const arrivals = `${String(Math.round(arrivalsPerSecond))} people a second come to the door.`;
  return [
    line,
    arrivals,
    ...(strained ? ['The line stands still: those inside keep a process busy.'] : []),
    ...(kept ? ['Operations keep the line until "waiting-room leave".'] : []),
  ].join('\n');
}
