/** Problem documents (RFC 9457): how a refusal becomes an answer that a program and a person can read. */
import type { Refusal } from '../domain/refusal/refusals';
import { problemTexts, type ProblemCode, type ProblemText, type ServiceProblemCode } from './problem-texts';

export type Language = 'zh' | 'en';

/** A field that did not have the required form; never repeats what was sent. */
export interface FieldProblem {
  /** JSON pointer into the part, e.g. `/mobile`. */
  readonly pointer: string;
  readonly part: 'body' | 'query' | 'path' | 'header';
  readonly zh: string;
  readonly en: string;
}

/** Reasons beyond the domain's refusals, with what their answers carry. */
export type ServiceProblem =
  | {
      readonly code: Exclude<
        ServiceProblemCode,
        'methodNotAllowed' | 'notReady' | 'ledgerUnavailable' | 'overloaded' | 'waitingRoom'
      >;
    }
  | { readonly code: 'methodNotAllowed'; readonly allow: readonly string[] }
  | { readonly code: 'notReady' | 'ledgerUnavailable' | 'overloaded'; readonly retryAfterSeconds: number }
  | {
      readonly code: 'waitingRoom';
      readonly retryAfterSeconds: number;
      /** People before them in line. */
      readonly ahead: number;
      readonly waitSecondsFrom?: number;
      readonly waitSecondsTo?: number;
    }
  | { readonly code: 'requestInvalid'; readonly errors: readonly FieldProblem[] };

export type AnyRefusal = Refusal | ServiceProblem;

/** The document as it is sent; members beyond these belong to the code. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  readonly zh: ProblemText;
  readonly en: ProblemText;
  readonly [member: string]: unknown;
}

/** Thrown by a route to refuse; the error handler answers with the problem document. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  constructor(readonly refusal: AnyRefusal) {
    super(refusal.code);
  }
}

/** Refuses a date that no calendar has; the pattern of a civil date lets the 30th of February pass. */
export function noSuchDay(pointer: string, part: 'query' | 'body'): RefusedRequest {
  return new RefusedRequest({
    code: 'requestInvalid',
    errors: [{ pointer, part, zh: '此日期不存在。', en: 'There is no such day.' }],
  });
}

/** The value of an accepted outcome; a refusal is thrown to the error handler. */
export function acceptedValue<T>(
  outcome: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal },
): T {
  if (!outcome.ok) throw new RefusedRequest(outcome.refusal);
  return outcome.value;
}

/** How long to wait when nothing better is known. */
export const retryAfterDefaultSeconds = 5;

/** HTTP status of a code. */
export function statusOf(code: ProblemCode): number {
  return problemTexts[code].status;
}

/** The document for a refusal, with title and detail in `language` and both languages beside them. */
export function problemDocument(refusal: AnyRefusal, language: Language): ProblemDocument {
  const { code, ...carried } = refusal;
  const { status, zh, en } = problemTexts[code];
  const { status: appointmentStatus, ...members } = carried as { status?: string };
  return {
    type: `urn:yiyue:problem:${code}`,
    ...(language === 'zh' ? zh : en),
    status,
    code,
    zh,
    en,
    // `status` is taken by RFC 9457 for the HTTP status.
    ...(appointmentStatus === undefined ? {} : { appointmentStatus }),
    ...members,
  };
}

/** Headers that belong to a refusal. */
export function problemHeaders(refusal: AnyRefusal): Record<string, string> {
  if ('retryAfterSeconds' in refusal) return { 'retry-after': String(refusal.retryAfterSeconds) };
  if (refusal.code === 'registryUnavailable') return { 'retry-after': '60' };
  if (refusal.code === 'methodNotAllowed') return { allow: refusal.allow.join(', ') };
  if (refusal.code === 'stationStaffUnknown') return { 'www-authenticate': 'Station-Staff' };
  if (refusal.code === 'stationUnknown') return { 'www-authenticate': 'Bearer realm="station"' };
  if (refusal.code === 'operatorUnknown') return { 'www-authenticate': 'Bearer realm="operator"' };
  return {};
}

/** The language that `Accept-Language` asks for; Chinese unless English is wanted more (RFC 9110, 12.5.4). */
export function languageOf(acceptLanguage: string | undefined): Language {
  let zh = 0;
  let en = 0;
  for (const range of (acceptLanguage ?? '').slice(0, 500).split(',')) {
    const [tag = '', ...parameters] = range.trim().toLowerCase().split(';');
    const q = parameters.map((parameter) => /^\s*q=([\d.]{1,5})$/.exec(parameter)?.[1]).find(Boolean);
    const weight = q === undefined ? 1 : Number(q) || 0;
    if (tag === 'zh' || tag.startsWith('zh-')) zh = Math.max(zh, weight);
    if (tag === 'en' || tag.startsWith('en-')) en = Math.max(en, weight);
  }
  return en > zh ? 'en' : 'zh';
}
