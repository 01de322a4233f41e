/** Forms as they are sent: their fields read as text, their errors as pages show them, their one-time key. */
import type { FastifyRequest } from 'fastify';

import { idempotencyOf } from '../api/plugins/idempotency';
import type { CaptchaAnswer } from '../api/plugins/captcha';
import { parsePersonNumber } from '../domain/person-number/person-number';
import type { CommandContext } from '../ledger/citizen-command';
import type { FieldError } from './rendering';
import type { Words } from './words';

const longest = 4_000;

/** Text as it can be looked up: nobody types a NUL, and PostgreSQL takes none. */
function withoutNul(text: string): string {
  return text.replaceAll('\0', '');
}

/** A field of the form as it was typed, without white space at its ends; empty when it was not sent. */
export function field(request: FastifyRequest, name: string): string {
  const value = fieldsOf(request)[name];
  return typeof value === 'string' ? withoutNul(value.slice(0, longest)).trim() : '';
}

/** Whether the form has the field at all, empty or not. */
export function hasField(request: FastifyRequest, name: string): boolean {
  return name in fieldsOf(request);
}

/** All values of a field that may be sent several times. */
export function fieldValues(request: FastifyRequest, name: string): readonly string[] {
  const value = fieldsOf(request)[name];
  const values: readonly unknown[] = Array.isArray(value) ? value.slice(0, 50) : [value];
  return values.filter((item) => typeof item === 'string').map(withoutNul);
}

function fieldsOf(request: FastifyRequest): Record<string, unknown> {
  const { body } = request;
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

/** A parameter of the address. */
export function parameter(request: FastifyRequest, name: string): string {
  const value = ((request.query ?? {}) as Record<string, unknown>)[name];
  return typeof value === 'string' ? withoutNul(value.slice(0, 300)) : '';
}

/** The context of a command that this form asks for: sent twice with the same key it is done once. */
export function formContext(request: FastifyRequest): CommandContext {
  const context = request.commandContext('web');
  const key = field(request, 'formKey');
  if (key === '') return context;
  const { _csrf: _, ...asked } = fieldsOf(request);
  return { ...context, idempotency: formIdempotency(request, key, asked) };
}

/** The key of a form, bound to what it asks. */
export function formIdempotency(request: FastifyRequest, key: string, asked: object) {
  const { server, method, url } = request;
  return idempotencyOf(server.ledger.keys, key, method, url, asked);
}

/** The answer to the check against robots: the proof of work, or the question in words. */
export function captchaAnswer(request: FastifyRequest): CaptchaAnswer {
  const payload = field(request, 'altcha');
  if (payload !== '') return { kind: 'proof', payload };
  return { kind: 'text', token: field(request, 'captchaQuestion'), answer: field(request, 'captchaAnswer') };
}

/** Errors by field, as a page needs them: beside the field, and in the summary in the order of the fields. */
export interface FormErrors {
  readonly fieldErrors: Readonly<Record<string, string>>;
  readonly errors: readonly FieldError[];
}

/** Makes both views of the errors; fields without one are left out. */
export function formErrors(found: Readonly<Record<string, string | undefined>>): FormErrors {
  const entries = Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    fieldErrors: Object.fromEntries(entries),
    errors: entries.map(([name, text]) => ({ text, href: `#${name}` })),
  };
}

/** What is wrong with a person number as it was typed, if anything. */
export function personNumberError(typed: string, { fields }: Words['t']): string | undefined {
  if (typed === '') return fields.personNumberMissing;
  return 'refusal' in parsePersonNumber(typed) ? fields.personNumberWrong : undefined;
}

/** Is anything wrong? */
export function hasErrors(form: FormErrors): boolean {
  return form.errors.length > 0;
}
