/**
 * Mobile quick authentication (手機快速認證): the carrier confirms that a number is the person's own, in place of any
 * code; then the phone is bound. Who was never registered also gives the end of the card number and a new password.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';

import { parseCardLastFour } from '../domain/mobile-authentication/mobile-authentication';
import { parseMobile, type Mobile } from '../domain/person-number/mobile';
import { parsePersonNumber, type PersonNumber } from '../domain/person-number/person-number';
import { accepted, refused, type Outcome, type Refusal, type RefusalCode } from '../domain/refusal/refusals';
import { demonstrationContracts, refusalOf } from '../gateways/carriers/demonstration-contracts';
import { CarriersUnavailable, type CarrierRefusal, type Carriers } from '../gateways/carriers/port';
import {
  RegistryUnavailable,
  type InsuranceRegistry,
  type RegistryPerson,
} from '../gateways/insurance-registry/port';
import type { BoundDevice } from '../ledger/bound-device';
import { isCardRegistered, setAccountPassword } from '../ledger/card-account';
import {
  bindByConfirmation,
  checkCardLastFour,
  keepConfirmation,
  readConfirmation,
} from '../ledger/mobile-authentication';
import { identifyPerson } from '../ledger/person';
import type { NewCredential } from './device-proof/answers';
import { inEqualTime } from './equal-time';
import type { CaptchaAnswer } from './plugins/captcha';

type MobileRefusal = Extract<Refusal, { readonly wayOn: 'deviceCode' }>;
type MobileRefusalCode = MobileRefusal['code'];

/** What citizens read for each of a carrier's reasons. */
const codeOfReason: Readonly<Record<CarrierRefusal, MobileRefusalCode>> = {
  onWifi: 'mobileOnWifi',
  otherCarrier: 'mobileOfOtherCarrier',
  virtualNetwork: 'mobileOfVirtualOperator',
  lostOrGivenUp: 'mobileLostOrGivenUp',
  unpaidOrSuspended: 'mobileUnpaidOrSuspended',
  prepaid: 'mobilePrepaid',
  childCard: 'mobileChildCard',
  corporate: 'mobileCorporate',
  notInOwnName: 'mobileNotInOwnName',
  foreignNational: 'mobileOfForeignNational',
  withoutData: 'mobileWithoutData',
  handsetNotOwn: 'mobileHandsetNotOwn',
};

/** Every code by which a mobile number is refused. */
export const mobileRefusalCodes: readonly MobileRefusalCode[] = [
  ...Object.values(codeOfReason),
  'carrierTimedOut',
  'carrierUnavailable',
];

/** What is no failure of the person must not bring anyone nearer to a limit. */
const nobodysFailure: ReadonlySet<RefusalCode> = new Set([
  'carrierTimedOut',
  'carrierUnavailable',
  'registryUnavailable',
]);

const mobileRefused = (code: MobileRefusalCode) => refused({ code, wayOn: 'deviceCode' });

export interface MobileAuthenticationParts {
  readonly app: FastifyInstance;
  readonly registry: InsuranceRegistry;
  /** Undefined where no carriers' gateway is set: then nobody is confirmed by a number. */
  readonly carriers: Carriers | undefined;
  /** Every answer takes this long, or a whole multiple of it when a carrier is slow. */
  readonly floorMs?: number;
}

export interface MobileAsked {
  /** As typed; normalised here. */
  readonly mobile: string;
  readonly personNumber: string;
  readonly captcha: CaptchaAnswer;
  readonly address: string;
}

/** A number that a carrier confirmed, and what is still to be asked. */
export interface ConfirmedMobile {
  readonly mobileAuthenticationId: string;
  readonly expiresAt: string;
  /** False: the last four digits of the card and a new password are needed. */
  readonly cardRegistered: boolean;
}

/** Above what a carrier and the registry need when they are well. */
const defaultFloorMs = 350;

/**
 * Asks the carrier. Refuses with `mobileInvalid`, `personNumberInvalid`, `captchaInvalid`, `captchaSpent`,
 * `tooManyAttempts`, one of `mobileRefusalCodes`, `registryUnavailable`, and `identityNotConfirmed` for somebody whom
 * the carrier confirms but the registry does not know.
 */
export async function authenticateMobile(
  { app, registry, carriers, floorMs = defaultFloorMs }: MobileAuthenticationParts,
  asked: MobileAsked,
): Promise<Outcome<ConfirmedMobile>> {
  const phone = parseMobile(asked.mobile);
  if ('refusal' in phone) return refused({ code: 'mobileInvalid' });
  const person = parsePersonNumber(asked.personNumber);
  if ('refusal' in person) return refused({ code: 'personNumberInvalid' });
  // The kind of number alone says it: no carrier needs to hear of it.
  if (person.kind !== 'nationalId') return mobileRefused('mobileOfForeignNational');
  const verdict = await app.captcha.verify(asked.captcha);
  if (verdict !== 'accepted') return refused({ code: verdict });
  return inEqualTime(floorMs, async () => {
    const attempt = await app.limits.begin('mobileAuthentication', { address: asked.address }, person.number);
    if ('code' in attempt) return refused(attempt);
    const outcome = await confirm({ app, registry, carriers }, phone.mobile, person.number, asked.address);
    if (outcome.ok) await attempt.succeeded();
    else if (nobodysFailure.has(outcome.refusal.code)) await attempt.withdrawn();
    return outcome;
  });
}

async function confirm(
  { app, registry, carriers }: Omit<MobileAuthenticationParts, 'floorMs'>,
  mobile: Mobile,
  personNumber: PersonNumber,
  connectionAddress: string,
): Promise<Outcome<ConfirmedMobile>> {
  const refusal = await carrierRefusal(app, carriers, { mobile, personNumber, connectionAddress });
  if (refusal) return mobileRefused(refusal);
  let found: RegistryPerson | undefined;
  try {
    const answer = await registry.findProved({ personNumber, provedBy: 'carrier' });
    found = answer.outcome === 'match' ? answer.person : undefined;
  } catch (error) {
    if (!(error instanceof RegistryUnavailable)) throw error;
    app.log.warn({ reason: error.reason }, 'the insurance registry did not answer');
    return refused({ code: 'registryUnavailable' });
  }
  if (!found) return refused({ code: 'identityNotConfirmed' });
  const { personKey } = await identifyPerson(app.ledger, found);
  const kept = await keepConfirmation(app.ledger, { personKey, mobile, cardNumber: found.cardNumber });
  return accepted({
    mobileAuthenticationId: kept.mobileAuthenticationId,
    expiresAt: kept.expiresAt,
    cardRegistered: await isCardRegistered(app.ledger.db, personKey),
  });
}

async function carrierRefusal(
  app: FastifyInstance,
  carriers: Carriers | undefined,
  question: {
    readonly mobile: Mobile;
    readonly personNumber: PersonNumber;
    readonly connectionAddress: string;
  },
): Promise<MobileRefusalCode | undefined> {
  if (!carriers) return 'carrierUnavailable';
  try {
    const answer = await carriers.confirmHolder(question);
    return answer.outcome === 'refused' ? codeOfReason[answer.reason] : undefined;
  } catch (error) {
    if (!(error instanceof CarriersUnavailable)) throw error;
    app.log.warn({ reason: error.reason }, 'the carriers did not answer');
    return error.reason === 'timedOut' ? 'carrierTimedOut' : 'carrierUnavailable';
  }
}

/** What is still open of a confirmation; refuses with `mobileAuthenticationOver`. */
export async function openConfirmation(
  app: FastifyInstance,
  mobileAuthenticationId: string,
): Promise<Outcome<ConfirmedMobile>> {
  const kept = await readConfirmation(app.ledger, mobileAuthenticationId);
  if (!kept) return refused({ code: 'mobileAuthenticationOver' });
  return accepted({
    mobileAuthenticationId,
    expiresAt: kept.expiresAt,
    cardRegistered: await isCardRegistered(app.ledger.db, kept.personKey),
  });
}

/** A password that a carrier's word lets its owner set: first of all, or in place of a forgotten one. As typed. */
export interface PasswordByMobile {
  readonly mobileAuthenticationId: string;
  readonly cardLastFour: string;
  readonly password: string;
  /** `api` or `web`. */
  readonly channel: string;
  readonly language?: 'zh' | 'en';
}

/**
 * Sets the password of who was confirmed, and registers the card by it. Refuses with `mobileAuthenticationOver`,
 * `cardLastFourWrong` and the refusals of a new password. Setting the same one again changes nothing.
 */
export async function setPasswordByMobile(
  app: FastifyInstance,
  asked: PasswordByMobile,
): Promise<Outcome<'set'>> {
  const { mobileAuthenticationId, password, channel, language } = asked;
  const kept = await readConfirmation(app.ledger, mobileAuthenticationId);
  if (!kept) return refused({ code: 'mobileAuthenticationOver' });
  const checked = await checkCardLastFour(
    app.ledger,
    mobileAuthenticationId,
    parseCardLastFour(asked.cardLastFour) ?? '',
  );
  if (!checked.ok) return checked;
  return setAccountPassword(
    app.ledger,
    { personKey: kept.personKey, actor: 'citizen', channel },
    { password, by: 'carrier', mobile: kept.mobile, ...(language && { language }) },
  );
}

/** The person to whom the confirmation would bind a device. Refuses with `mobileAuthenticationOver`, `cardNotRegistered`. */
export async function personOfMobile(
  app: FastifyInstance,
  mobileAuthenticationId: string,
): Promise<Outcome<{ readonly personKey: string }>> {
  const kept = await readConfirmation(app.ledger, mobileAuthenticationId);
  if (!kept) return refused({ code: 'mobileAuthenticationOver' });
  const registered = await isCardRegistered(app.ledger.db, kept.personKey);
  return registered ? accepted({ personKey: kept.personKey }) : refused({ code: 'cardNotRegistered' });
}

export interface BindingByMobile {
  readonly mobileAuthenticationId: string;
  readonly name: string;
  readonly credential: NewCredential;
  readonly request: FastifyRequest;
  readonly channel: string;
}

/**
 * Binds the phone that answers to who was confirmed. Refuses as `personOfMobile` does, and with `deviceNotConfirmed`
 * and `deviceBoundAlready`.
 */
export async function bindByMobile(
  app: FastifyInstance,
  asked: BindingByMobile,
): Promise<Outcome<BoundDevice>> {
  const { mobileAuthenticationId, name, request, channel } = asked;
  const person = await personOfMobile(app, mobileAuthenticationId);
  if (!person.ok) return person;
  const shown = await app.deviceProof.toBind(request, asked.credential);
  if (!shown.ok) return shown;
  const { credential, fresh } = shown.value;
  return bindByConfirmation(app.ledger, {
    ...{ mobileAuthenticationId, name, credential, channel },
    repeatedOnly: !fresh,
  });
}

declare module '@fastify/secure-session' {
  interface SessionData {
    /** The confirmation that was asked for in this browser; no other browser may use it. */
    mobileAuthentication: string | undefined;
  }
}

/** The confirmation that this browser asked for; refuses with `mobileAuthenticationOver` for another one, or none. */
export function confirmationOf(request: FastifyRequest, asked?: string): Outcome<string> {
  const own = request.session.get('mobileAuthentication');
  if (own === undefined || (asked !== undefined && asked !== own))
    return refused({ code: 'mobileAuthenticationOver' });
  return accepted(own);
}

/** Numbers of the demonstration, by the answer that the simulated carrier gives to whoever asks with them. */
export const demonstrationNumbers: readonly {
  readonly mobile: string;
  readonly answer: CarrierRefusal | 'timedOut';
}[] = Object.entries(demonstrationContracts).map(([mobile, contract]) => ({
  mobile,
  answer: refusalOf(contract) ?? 'timedOut',
}));
