/** What each SMPP command_status on a submission means for the text that was submitted. */
import { errors } from 'smpp';
import type { SendOutcome } from './port';

type Refusal = Extract<SendOutcome, { kind: 'rejected' | 'throttled' }>;

/** How long to leave a busy centre alone; SMPP itself gives no hint. */
const breathMs = { throttled: 1_000, queueFull: 5_000, outage: 10_000 } as const;

type Meaning = 'neverAgain' | 'refused' | keyof typeof breathMs;

/**
 * SMPP 3.4 §5.1.3. `neverAgain` where the number or the message itself is at fault, so that the same
 * submission cannot ever pass; `refused` where account or settings are at fault and somebody can mend them.
 * Statuses that are not listed, vendors' own included, are `refused`.
 */
const meanings: Readonly<Record<string, Meaning>> = {
  ESME_RTHROTTLED: 'throttled',
  ESME_RMSGQFUL: 'queueFull',
  ESME_RINVBNDSTS: 'outage',
  ESME_RX_T_APPN: 'outage',
  ESME_RINVDSTADR: 'neverAgain',
  ESME_RINVDSTTON: 'neverAgain',
  ESME_RINVDSTNPI: 'neverAgain',
  ESME_RINVMSGLEN: 'neverAgain',
  ESME_RINVDCS: 'neverAgain',
  ESME_RX_R_APPN: 'neverAgain',
  ESME_RX_P_APPN: 'neverAgain',
  ESME_RPROHIBITED: 'neverAgain',
};

const names = new Map(Object.entries(errors).map(([name, value]) => [value, name]));

/** The specification's name of a status, or its number for vendors' own. */
export function statusName(status: number): string {
  return names.get(status) ?? `ESME_0x${status.toString(16).padStart(8, '0')}`;
}

/** The outcome of a submission that was answered with a status other than ESME_ROK. */
export function refusalOf(status: number): Refusal {
  const code = statusName(status);
  const meaning = meanings[code] ?? 'refused';
  if (meaning === 'neverAgain' || meaning === 'refused') {
    return { kind: 'rejected', code, permanent: meaning === 'neverAgain' };
  }
  return { kind: 'throttled', retryAfterMs: breathMs[meaning] };
}
