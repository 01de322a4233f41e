/** The fields of the card account's forms: what is wrong with them as typed, and refusals beside the field they are about. */
import type { FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';

import { accountContext } from '../../api/routes/v1/card-account';
import { accountOwner, personOfCardRead } from '../../api/card-account/card-read';
import { parseEmail } from '../../domain/card-account/email';
import { parseHouseholdNumber } from '../../domain/card-account/household';
import { parseMobile } from '../../domain/person-number/mobile';
import type { Refusal, RefusalCode } from '../../domain/refusal/refusals';
import type { CommandContext } from '../../ledger/citizen-command';
import { field, formErrors, formIdempotency, type FormErrors } from '../forms';
import { refusalWords, signInFirst } from '../refusals';

/** Whoever has not had a card read in this visit is sent to do so; the page leads back here. */
export const withCardRead: preHandlerAsyncHookHandler = async (request, reply) => {
  if (personOfCardRead(request) !== undefined) return;
  return reply.redirect(`/account/card/read?for=${purposeOf(request)}`, 303);
};

/** Whoever neither had a card read nor is signed in signs in first. */
export const withOwner: preHandlerAsyncHookHandler = async (request, reply) => {
  if (personOfCardRead(request) !== undefined || request.citizen) return;
  return signInFirst(request, reply, '/account/card');
};

const purposeOf = (request: FastifyRequest): string =>
  request.url.startsWith('/account/card/forgotten') ? 'forgotten' : 'application';

/** The context of what a form asks for; sent twice with the same key it is done once. Passwords take no part in the key. */
export function accountFormContext(request: FastifyRequest): CommandContext {
  const context = accountContext(request, accountOwner(request), 'web');
  const key = field(request, 'formKey');
  if (key === '') return context;
  return { ...context, idempotency: formIdempotency(request, key, {}) };
}

export function householdErrors(request: FastifyRequest): Readonly<Record<string, string | undefined>> {
  const { t } = request.words;
  const number = field(request, 'householdNumber');
  const missing = number === '' ? t.cardAccount.householdNumberMissing : undefined;
  const wrong = 'refusal' in parseHouseholdNumber(number) ? t.cardAccount.householdNumberWrong : undefined;
  return {
    householdNumber: missing ?? wrong,
    registeredAddress:
      field(request, 'registeredAddress') === '' ? t.cardAccount.registeredAddressMissing : undefined,
  };
}

export function contactErrors(request: FastifyRequest): Readonly<Record<string, string | undefined>> {
  const { t } = request.words;
  const [mobile, email] = [field(request, 'mobile'), field(request, 'email')];
  return {
    mobile:
      mobile === ''
        ? t.fields.mobileMissing
        : 'refusal' in parseMobile(mobile)
          ? t.fields.mobileWrong
          : undefined,
    email:
      email === ''
        ? t.cardAccount.emailMissing
        : 'refusal' in parseEmail(email)
          ? t.cardAccount.emailWrong
          : undefined,
  };
}

/** The password that is to be set, typed twice. */
export function newPasswordErrors(request: FastifyRequest): Readonly<Record<string, string | undefined>> {
  const { t } = request.words;
  const [password, again] = [field(request, 'newPassword'), field(request, 'passwordAgain')];
  return {
    newPassword: password === '' ? t.cardAccount.passwordMissing : undefined,
    passwordAgain: password === again ? undefined : t.cardAccount.passwordAgainWrong,
  };
}

/** Beside which field a refusal is shown, on the form with what was typed; others have a page of their own. */
const fieldOf: Partial<Record<RefusalCode, string>> = {
  householdNumberInvalid: 'householdNumber',
  householdNotConfirmed: 'householdNumber',
  mobileInvalid: 'mobile',
  emailInvalid: 'email',
  passwordLengthWrong: 'newPassword',
  passwordCharacterWrong: 'newPassword',
  passwordTooCommon: 'newPassword',
  passwordPersonal: 'newPassword',
  passwordWrong: 'currentPassword',
};

/** A refusal as errors of the form; `undefined` for one that belongs to no field. */
export function refusalErrors(request: FastifyRequest, refusal: Refusal): FormErrors | undefined {
  const name = fieldOf[refusal.code];
  if (name === undefined) return undefined;
  const { title, detail } = refusalWords(refusal, request.words);
  return { ...formErrors({ [name]: title }), errors: [{ text: title, detail, href: `#${name}` }] };
}

/** What a form shows again of what was typed; never a password. */
export function typedValues(request: FastifyRequest): Readonly<Record<string, string>> {
  return Object.fromEntries(
    ['householdNumber', 'registeredAddress', 'mobile', 'email'].map((name) => [name, field(request, name)]),
  );
}
