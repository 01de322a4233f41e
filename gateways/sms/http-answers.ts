/** Reads the plain-text answers of a Mitake-like HTTP gateway and says what each status code means. */
import { readGatewayTime } from './gateway-time';
import type { ReceiptStatus, SendOutcome } from './port';

type Meaning =
  /** The gateway has the text. */
  | { readonly sent: 'accepted' }
  /** It has it and knows how it ended. */
  | { readonly sent: 'accepted'; readonly receipt: ReceiptStatus }
  | { readonly sent: 'busy'; readonly retryAfterMs: number }
  /** Account or settings are at fault; somebody can mend them. */
  | { readonly sent: 'refused' }
  /** This text to this number can never pass. */
  | { readonly sent: 'neverAgain'; readonly receipt?: ReceiptStatus }
  | { readonly sent: 'noSuchMessage' };

/** The gateway's published status codes: digits are states of a text, letters are errors of a call. */
const meanings: Readonly<Record<string, Meaning>> = {
  '0': { sent: 'accepted' },
  '1': { sent: 'accepted' },
  '2': { sent: 'accepted' },
  '3': { sent: 'accepted' },
  '4': { sent: 'accepted', receipt: 'delivered' },
  '5': { sent: 'neverAgain', receipt: 'failed' },
  '6': { sent: 'neverAgain', receipt: 'failed' },
  '7': { sent: 'neverAgain', receipt: 'rejected' },
  '8': { sent: 'accepted', receipt: 'expired' },
  '9': { sent: 'accepted', receipt: 'deleted' },
  a: { sent: 'busy', retryAfterMs: 60_000 },
  b: { sent: 'busy', retryAfterMs: 60_000 },
  l: { sent: 'busy', retryAfterMs: 1_000 },
  r: { sent: 'busy', retryAfterMs: 60_000 },
  u: { sent: 'neverAgain' },
  v: { sent: 'neverAgain' },
  x: { sent: 'neverAgain' },
  z: { sent: 'noSuchMessage' },
};

/** Account, password, address, billing and so on (`*`, c–k, m–p, s, t, w, y), and whatever is new. */
const otherwise: Meaning = { sent: 'refused' };

/** Codes end up in the ledger and in metrics, so only the documented form of them is kept. */
function codeOf(status: string): string {
  return /^[0-9a-zA-Z*]$/.test(status) ? `status_${status}` : 'status_unreadable';
}

/**
 * The outcome that an answer to SmSend tells: lines `name=value` under a `[section]`, of which `msgid`,
 * `statuscode` and `Duplicate` matter. An answer without a status tells nothing: `unknown`.
 */
export function readSendAnswer(text: string, segments: number): SendOutcome {
  const fields = readFields(text);
  const status = fields.get('statuscode');
  if (status === undefined) {
    return { kind: 'unknown', reason: 'unreadableAnswer' };
  }
  const meaning = meanings[status] ?? otherwise;
  switch (meaning.sent) {
    case 'accepted': {
      const gatewayMessageId = fields.get('msgid');
      if (gatewayMessageId === undefined || gatewayMessageId === '') {
        return { kind: 'unknown', reason: 'unreadableAnswer' };
      }
      return fields.get('duplicate') === 'Y'
        ? { kind: 'duplicate', gatewayMessageId }
        : { kind: 'accepted', gatewayMessageId, segments };
    }
    case 'busy':
      return { kind: 'throttled', retryAfterMs: meaning.retryAfterMs };
    case 'neverAgain':
      return { kind: 'rejected', code: codeOf(status), permanent: true };
    case 'refused':
    case 'noSuchMessage':
      return { kind: 'rejected', code: codeOf(status), permanent: false };
  }
}

/** One row of an answer to SmQuery: `msgid`, `statuscode`, `statustime`, parted by tabs. */
export interface StatusRow {
  readonly gatewayMessageId: string;
  /** Undefined while the text is on its way. */
  readonly receipt?: ReceiptStatus;
  readonly at?: Date;
}

/** What an answer to SmQuery holds; `unreadable` for errors and for answers about something else. */
export type QueryAnswer =
  | { readonly kind: 'rows'; readonly rows: readonly StatusRow[] }
  | { readonly kind: 'noSuchMessage' }
  | { readonly kind: 'unreadable' };

/** Reads an answer to SmQuery. A gateway that does not know the question answers with the account's balance. */
export function readQueryAnswer(text: string): QueryAnswer {
  const rows = text
    .split(/\r?\n/)
    .map(readRow)
    .filter((row) => row !== undefined);
  if (rows.length > 0) {
    return { kind: 'rows', rows };
  }
  const status = readFields(text).get('statuscode');
  const nothing = status !== undefined && meanings[status]?.sent === 'noSuchMessage';
  return { kind: nothing ? 'noSuchMessage' : 'unreadable' };
}

function readRow(line: string): StatusRow | undefined {
  const [gatewayMessageId, status, time] = line.split('\t');
  if (!gatewayMessageId || status === undefined) {
    return undefined;
  }
  const meaning = meanings[status] ?? otherwise;
  const receipt = 'receipt' in meaning ? meaning.receipt : undefined;
  const at = readGatewayTime(time ?? '');
  return { gatewayMessageId, ...(receipt ? { receipt } : {}), ...(at ? { at } : {}) };
}

/** The fields of the answer's first section, names in lower case (gateways disagree about `Duplicate`). */
function readFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, name, value] = /^\s*(\w+)=(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined && !fields.has(name.toLowerCase())) {
      fields.set(name.toLowerCase(), value);
    }
  }
  return fields;
}
