/** What people and staff do with card accounts, for the API's routes and the pages alike: typing read, household checked. */
import type { FastifyRequest } from 'fastify';

import { parseEmail } from '../../domain/card-account/email';
import { parseMobile } from '../../domain/person-number/mobile';
import { accepted, refused, type Outcome } from '../../domain/refusal/refusals';
import {
  applyForAccount,
  confirmByLink,
  deleteApplication,
  resendConfirmation,
} from '../../ledger/card-account-application';
import {
  changeContact,
  changePassword,
  deactivateAccount,
  registerAtCounter,
  resetPassword,
  type DeactivationReason,
} from '../../ledger/card-account-change';
import type { CommandContext } from '../../ledger/citizen-command';
import { findPersonKey } from '../../ledger/person';
import { parsePersonNumber } from '../../domain/person-number/person-number';
import { confirmCard, countedTry, readCard, type CardReadParts } from './card-read';
import { confirmHousehold, type TypedHousehold } from './household';

export interface TypedContact {
  readonly mobile: string;
  readonly email: string;
}

export interface TypedApplication extends TypedHousehold, TypedContact {
  readonly password: string;
  readonly language: 'zh' | 'en';
}

/** What staff type of somebody who stands before them. */
export interface TypedAtCounter extends TypedHousehold {
  readonly personNumber: string;
  readonly cardNumber: string;
  readonly mobile: string;
  readonly email: string | null;
  readonly password: string;
  readonly language: 'zh' | 'en';
}

/** Who acts at a counter, and from where. */
export interface AtCounter {
  /** As the history names them: an operator, or one of the staff of a counter. */
  readonly channel: string;
  readonly address: string;
  readonly idempotency: CommandContext['idempotency'];
}

function readContact(typed: TypedContact) {
  const mobile = parseMobile(typed.mobile);
  if ('refusal' in mobile) return refused({ code: 'mobileInvalid' });
  const email = parseEmail(typed.email);
  if ('refusal' in email) return refused({ code: 'emailInvalid' });
  return accepted({ mobile: mobile.mobile, email: email.email });
}

/** Counts an act by its outcome. */
type Counted = <T>(act: AccountCountedAct, work: () => Promise<Outcome<T>>) => Promise<Outcome<T>>;

/** Acts with card accounts, as the metrics name them. */
export const accountCountedActs = [
  ...(['readCard', 'applyForAccount', 'resendConfirmation', 'deleteApplication', 'confirmByLink'] as const),
  ...([
    'resetPassword',
    'changePassword',
    'changeContact',
    'registerAtCounter',
    'deactivateAccount',
  ] as const),
] as const;
export type AccountCountedAct = (typeof accountCountedActs)[number];

export function accountActs(parts: CardReadParts, counted: Counted) {
  const { app, registry } = parts;
  return {
    /** Takes a card proof; the visit then is that of the card's owner for ten minutes. */
    readCard: (request: FastifyRequest, asked: Parameters<typeof readCard>[2]) =>
      counted('readCard', () => readCard(parts, request, asked)),

    apply: (context: CommandContext, address: string, typed: TypedApplication) =>
      counted('applyForAccount', async () => {
        const contact = readContact(typed);
        if (!contact.ok) return contact;
        const household = await confirmHousehold(app, registry, address, context.personKey, typed);
        if (!household.ok) return household;
        const { password, language } = typed;
        return applyForAccount(app.ledger, context, { ...contact.value, password, language });
      }),

    resend: (context: CommandContext) =>
      counted('resendConfirmation', () => resendConfirmation(app.ledger, context)),
    deleteApplication: (context: CommandContext) =>
      counted('deleteApplication', () => deleteApplication(app.ledger, context)),
    confirm: (token: string) => counted('confirmByLink', () => confirmByLink(app.ledger, token)),

    resetPassword: (
      context: CommandContext,
      address: string,
      typed: TypedHousehold & { readonly newPassword: string },
    ) =>
      counted('resetPassword', async () => {
        const household = await confirmHousehold(app, registry, address, context.personKey, typed);
        if (!household.ok) return household;
        return resetPassword(app.ledger, context, { newPassword: typed.newPassword });
      }),

    changePassword: (
      context: CommandContext,
      address: string,
      typed: { readonly currentPassword: string; readonly newPassword: string },
    ) =>
      counted('changePassword', () =>
        countedTry(app, address, context.personKey, () => changePassword(app.ledger, context, typed)),
      ),

    changeContact: (
      context: CommandContext,
      address: string,
      typed: TypedContact & { readonly currentPassword: string },
    ) =>
      counted('changeContact', async () => {
        const contact = readContact(typed);
        if (!contact.ok) return contact;
        const { currentPassword } = typed;
        return countedTry(app, address, context.personKey, () =>
          changeContact(app.ledger, context, { currentPassword, ...contact.value }),
        );
      }),

    /** Staff saw card, ID document and household register. */
    registerAtCounter: (by: AtCounter, typed: TypedAtCounter) =>
      counted('registerAtCounter', async () => {
        const mobile = parseMobile(typed.mobile);
        if ('refusal' in mobile) return refused({ code: 'mobileInvalid' });
        const email = typed.email === null ? null : parseEmail(typed.email);
        if (email && 'refusal' in email) return refused({ code: 'emailInvalid' });
        const person = await confirmCard(app, registry, by.address, typed.personNumber, typed.cardNumber);
        if (!person.ok) return person;
        const { personKey } = person.value;
        const household = await confirmHousehold(app, registry, by.address, personKey, typed);
        if (!household.ok) return household;
        return registerAtCounter(app.ledger, counterContext(by, personKey), {
          mobile: mobile.mobile,
          email: email && email.email,
          password: typed.password,
          language: typed.language,
        });
      }),

    deactivate: (
      by: AtCounter,
      asked: { readonly personNumber: string; readonly reason: DeactivationReason },
    ) =>
      counted('deactivateAccount', async (): Promise<Outcome<'deactivated'>> => {
        const person = parsePersonNumber(asked.personNumber);
        if ('refusal' in person) return refused({ code: 'personNumberInvalid' });
        const personKey = await findPersonKey(app.ledger, person.number);
        if (personKey === undefined) return refused({ code: 'cardAccountMissing' });
        return deactivateAccount(app.ledger, counterContext(by, personKey), { reason: asked.reason });
      }),
  };
}

function counterContext({ channel, idempotency }: AtCounter, personKey: string): CommandContext {
  return {
    personKey,
    actor: 'staff',
    channel,
    ...(idempotency && { idempotency }),
  };
}
