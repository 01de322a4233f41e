/** What a page says when something is refused: the API's title and text in words for people, and the ways on. */
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { AnyRefusal } from '../api/problems';
import { problemTexts, type ProblemCode } from '../api/problem-texts';
import { problemHeaders } from '../api/problems';
import { isInApp } from './app/frame';
import type { FormErrors } from './forms';
import { localPath, nextOf } from './local-path';
import { stationAfter } from './station/after';
import type { Words } from './words';

/** Another way in. */
export interface OtherWay {
  readonly href: string;
  readonly text: string;
  /** For whom it is, or what it takes. */
  readonly detail: string;
}

/** A way on from a refusal. */
type Way =
  | 'front'
  | 'waitingRoom'
  | 'signIn'
  | 'signIns'
  | 'settlements'
  | 'environment'
  | 'registration'
  | 'booking'
  | 'appointment'
  | 'move'
  | 'lookup'
  | 'waitingList'
  | 'leftover'
  | 'quickAuthentication'
  | 'whichWay'
  | 'cardAccount'
  | 'app'
  | 'bindDevice'
  | 'devices'
  | 'family'
  | 'parentsConsent'
  | 'cardSignIn';

/** Beside a device code the same number may do once what stood against it is gone. */
const afterCarrier: readonly Way[] = ['bindDevice', 'quickAuthentication', 'whichWay'];

/** What helps, most helpful first; one row a code, the compiler refuses a code without. */
const waysOn: Readonly<Record<ProblemCode, readonly Way[]>> = {
  identityNotConfirmed: ['signIn', 'front'],
  familyNotConfirmed: ['family', 'front'],
  familyChildGrownUp: ['signIn', 'family'],
  familyActorTooYoung: ['family', 'front'],
  familyBondUnknown: ['family', 'front'],
  familyBondEnded: ['family', 'front'],
  familyRequestExpired: ['family', 'front'],
  actingForNotHere: ['family', 'front'],
  actingForChanged: ['registration', 'booking', 'family'],
  consentNotYours: ['family', 'front'],
  consentNotNeeded: ['booking', 'front'],
  windowsNotNeighbours: ['booking', 'front'],
  togetherRefused: ['booking', 'front'],
  captchaInvalid: ['signIn', 'front'],
  captchaSpent: ['signIn', 'front'],
  sessionRequired: ['signIn', 'front'],
  sessionEnded: ['signIn', 'front'],
  signInUnknown: ['signIns', 'front'],
  signInIsThisOne: ['signIns', 'front'],
  tooManyAttempts: ['front'],
  registryUnavailable: ['signIn', 'front'],
  noOpenRound: ['settlements', 'front'],
  registrationNotOpenYet: ['front', 'lookup'],
  registrationClosed: ['registration', 'booking', 'front'],
  notInOpenGroup: ['booking', 'front'],
  notRegistered: ['registration', 'front'],
  alreadySettled: ['registration', 'booking'],
  productRequired: ['registration'],
  productNotOffered: ['registration'],
  districtUnknown: ['registration'],
  mobileInvalid: ['registration', 'booking'],
  personNumberInvalid: ['signIn'],
  cardNumberInvalid: ['signIn'],
  birthDateInvalid: ['signIn'],
  notInvited: ['registration', 'front'],
  bookingNotOpenYet: ['front', 'registration'],
  bookingClosed: ['registration', 'front'],
  slotUnknown: ['booking', 'front'],
  slotOfOtherProduct: ['booking', 'front'],
  slotPast: ['booking', 'front'],
  slotFull: ['booking', 'front'],
  slotClosed: ['booking', 'front'],
  slotUnchanged: ['appointment', 'move'],
  alreadyBooked: ['appointment', 'move'],
  alreadyAttended: ['appointment', 'front'],
  appointmentUnknown: ['appointment', 'booking'],
  appointmentNotLive: ['appointment', 'booking'],
  doseIntervalNotReached: ['booking', 'front'],
  productNotAfterPreviousDose: ['registration', 'front'],
  consentMissing: ['registration', 'front'],
  mixedIntentMissing: ['registration', 'front'],
  cardProofInvalid: ['environment', 'signIn'],
  cardProofFromOtherOrigin: ['environment', 'signIn'],
  cardProofForOtherPurpose: ['environment', 'signIn'],
  cardChallengeUnknown: ['environment', 'signIn'],
  cardChallengeOfOtherSession: ['environment', 'signIn'],
  cardChallengeSpent: ['environment', 'signIn'],
  cardChallengeExpired: ['environment', 'signIn'],
  cardReadBeforeAsked: ['environment', 'signIn'],
  cardBridgeClockWrong: ['environment', 'signIn'],
  cardBridgeUnknown: ['environment', 'signIn'],
  cardBridgeRevoked: ['signIn', 'front'],
  cardBridgeKeyUnproved: ['environment', 'signIn'],
  deviceNotBound: ['bindDevice', 'app'],
  deviceRemoved: ['bindDevice', 'signIn'],
  deviceNotConfirmed: ['app', 'bindDevice'],
  deviceBoundAlready: ['bindDevice', 'devices'],
  deviceUnknown: ['devices', 'front'],
  appNotConfirmed: ['app', 'signIn'],
  deviceCodeNeedsCard: ['cardSignIn', 'devices'],
  deviceCodeWrong: ['bindDevice', 'devices'],
  deviceCodeExpired: ['bindDevice', 'devices'],
  deviceCodeUsed: ['bindDevice', 'devices'],
  appOtpWrong: ['signIn', 'front'],
  appOtpExpired: ['signIn', 'front'],
  appOtpUsed: ['signIn', 'front'],
  idempotencyKeyInvalid: ['front'],
  idempotencyKeyReused: ['front'],
  lookupNoMatch: ['lookup', 'appointment'],
  siteUnknown: ['booking', 'front'],
  stationUnknown: ['front'],
  stationMayNot: ['front'],
  stationTakesNothingBack: ['appointment', 'front'],
  stationStaffUnknown: ['front'],
  lookUnknown: ['front'],
  notReadBack: ['front'],
  operatorUnknown: ['front'],
  attendanceAtOtherSite: ['front'],
  attendanceOnOtherDay: ['front'],
  waitingListNotOpenYet: ['registration', 'front'],
  waitingListNotNeeded: ['registration', 'booking'],
  offerUnknown: ['waitingList', 'front'],
  offerExpired: ['waitingList', 'leftover'],
  offerAnswered: ['waitingList', 'appointment'],
  leftoverNotThere: ['leftover', 'front'],
  leftoverDrawn: ['leftover', 'front'],
  leftoverTooEarly: ['front'],
  leftoverCallUnknown: ['front'],
  leftoverTurnUnknown: ['front'],
  leftoverTurnAnswered: ['front'],
  leftoverDosesPromised: ['front'],
  roundUnknown: ['front'],
  settlementUnknown: ['registration', 'front'],
  waveUnknown: ['front'],
  waveEmpty: ['front'],
  waveTooManyKinds: ['front'],
  testHandsetMissing: ['front'],
  testHandsetUnknown: ['front'],
  waveNotAwaitingApproval: ['front'],
  waveOver: ['front'],
  closureUnknown: ['front'],
  closureConfirmed: ['front'],
  closureNotConfirmed: ['front'],
  closureUnderWay: ['front'],
  closureEmpty: ['front'],
  closureInPast: ['front'],
  closureDiffers: ['front'],
  secondOperatorNeeded: ['front'],
  certificateInvalid: ['signIn', 'whichWay'],
  certificateUntrusted: ['signIn', 'whichWay'],
  certificateExpired: ['signIn', 'whichWay'],
  certificateNotForSigning: ['signIn', 'whichWay'],
  certificateRevoked: ['signIn', 'whichWay'],
  certificateCheckUnavailable: ['signIn', 'whichWay'],
  certificateSignatureInvalid: ['signIn', 'whichWay'],
  certificateOfOtherPerson: ['signIn', 'whichWay'],
  mobileOnWifi: afterCarrier,
  mobileOfOtherCarrier: afterCarrier,
  mobileOfVirtualOperator: afterCarrier,
  mobileLostOrGivenUp: afterCarrier,
  mobileUnpaidOrSuspended: afterCarrier,
  mobilePrepaid: afterCarrier,
  mobileChildCard: afterCarrier,
  mobileCorporate: afterCarrier,
  mobileNotInOwnName: afterCarrier,
  mobileOfForeignNational: afterCarrier,
  mobileWithoutData: afterCarrier,
  mobileHandsetNotOwn: afterCarrier,
  carrierTimedOut: afterCarrier,
  carrierUnavailable: afterCarrier,
  mobileAuthenticationOver: ['quickAuthentication', 'whichWay'],
  cardNotRegistered: ['quickAuthentication'],
  cardLastFourWrong: ['quickAuthentication'],
  cardReadRequired: ['cardAccount', 'front'],
  householdNumberInvalid: ['cardAccount'],
  householdNotConfirmed: ['cardAccount', 'front'],
  emailInvalid: ['cardAccount'],
  passwordLengthWrong: ['cardAccount'],
  passwordCharacterWrong: ['cardAccount'],
  passwordTooCommon: ['cardAccount'],
  passwordPersonal: ['cardAccount'],
  passwordWrong: ['cardAccount', 'front'],
  cardAccountExists: ['signIn', 'cardAccount'],
  cardAccountMissing: ['cardAccount', 'front'],
  accountHasNoEmail: ['cardAccount', 'front'],
  applicationMissing: ['cardAccount', 'front'],
  confirmationMailsSpent: ['cardAccount', 'front'],
  confirmationUnknown: ['cardAccount', 'front'],
  confirmationUsed: ['signIn', 'cardAccount'],
  confirmationExpired: ['cardAccount', 'front'],
  confirmationOvertaken: ['cardAccount', 'front'],
  requestInvalid: ['front'],
  formExpired: ['front'],
  pageUnknown: ['front', 'lookup'],
  methodNotAllowed: ['front'],
  mediaTypeUnsupported: ['front'],
  bodyTooLarge: ['front'],
  originRefused: ['front'],
  notReady: ['front'],
  ledgerUnavailable: ['front'],
  overloaded: ['front'],
  waitingRoom: ['waitingRoom', 'front'],
  internalError: ['front'],
};

/** Where these help, the health insurance's own line does too; the vaccination line knows nothing of cards. */
const cardAndPhone: ReadonlySet<Way> = new Set([
  ...(['quickAuthentication', 'cardAccount', 'app', 'bindDevice', 'devices', 'cardSignIn'] as const),
  'environment',
]);

const wayAddress: Readonly<Record<Way, string>> = {
  front: '/',
  signIn: '/sign-in',
  signIns: '/account/sign-ins',
  settlements: '/registration/settlements',
  environment: '/environment',
  waitingRoom: '/waiting-room',
  registration: '/registration',
  booking: '/booking',
  appointment: '/appointment',
  move: '/appointment/move',
  lookup: '/lookup',
  waitingList: '/waiting-list',
  leftover: '/leftover',
  quickAuthentication: '/app/quick-authentication',
  whichWay: '/which-way',
  cardAccount: '/account/card',
  app: '/app',
  bindDevice: '/app/bind',
  devices: '/account/devices',
  cardSignIn: '/sign-in/card',
  family: '/account/family',
  parentsConsent: '/account/family/acting',
};

function wayText(way: Way, { t }: Words): string {
  const texts: Record<Way, string> = {
    front: t.errors.front,
    signIn: t.session.signInAgain,
    signIns: t.signIns.title,
    settlements: t.settlement.ownTitle,
    environment: t.environment.title,
    waitingRoom: t.waiting.title,
    registration: t.registration.resultTitle,
    booking: t.booking.title,
    appointment: t.appointment.title,
    move: t.appointment.move,
    lookup: t.lookup.title,
    waitingList: t.waitingList.title,
    leftover: t.leftover.title,
    quickAuthentication: t.quickAuthentication.startAgain,
    whichWay: t.whichWay.title,
    cardAccount: t.cardAccount.title,
    app: t.app.title,
    bindDevice: t.app.bindByCode,
    devices: t.devices.title,
    cardSignIn: t.signIn.ways.card.text,
    family: t.account.pages.family.text,
    parentsConsent: t.family.consentTitle,
  };
  return texts[way];
}

/** Title and text of a refusal. Where the API's text points at a member, the page says its value instead. */
export function refusalWords(refusal: AnyRefusal, words: Words): { title: string; detail: string } {
  const { title, detail } = problemTexts[refusal.code][words.language];
  const sentAlready = refusal.code === 'idempotencyKeyReused' || refusal.code === 'idempotencyKeyInvalid';
  return {
    title: sentAlready ? words.t.refusal.sentAlreadyTitle : title,
    detail: detailWithValue(refusal, words) ?? detail,
  };
}

function detailWithValue(refusal: AnyRefusal, words: Words): string | undefined {
  const { t } = words;
  switch (refusal.code) {
    case 'tooManyAttempts':
      return t.errors.tooMany(Math.ceil(refusal.retryAfterSeconds / 60));
    case 'registrationNotOpenYet':
      return `${t.front.registrationFrom(words.moment(refusal.opensAt))}${t.refusal.stop}`;
    case 'registrationClosed':
      return t.refusal.registrationClosed(words.moment(refusal.endedAt));
    case 'bookingNotOpenYet':
      return t.refusal.bookingNotOpenYet(words.moment(refusal.opensAt));
    case 'bookingClosed':
      return t.refusal.bookingClosed(words.moment(refusal.closedAt));
    case 'doseIntervalNotReached':
      return t.refusal.doseIntervalNotReached(words.day(refusal.earliestOn));
    case 'offerExpired':
      return t.waitingList.expired(
        words.moment(refusal.expiredAt),
        refusal.newOfferId !== null,
        refusal.stillWaiting,
      );
    case 'slotFull':
      return t.booking.raceNone;
    case 'cardLastFourWrong':
      return t.quickAuthentication.triesLeft(refusal.triesLeft);
    case 'requestInvalid':
      return t.refusal.requestInvalid;
    case 'idempotencyKeyReused':
    case 'idempotencyKeyInvalid':
      return t.refusal.sentAlready;
    case 'mediaTypeUnsupported':
    case 'methodNotAllowed':
      return t.errors.method;
    default:
      return undefined;
  }
}

/** At a station the first page is the station's own. */
function wayOn(
  way: Way,
  { citizen, words }: FastifyRequest,
): { readonly href: string; readonly text: string } {
  if (way === 'front' && citizen?.station) return { href: '/station/menu', text: words.t.station.menu };
  return { href: wayAddress[way], text: wayText(way, words) };
}

/** Answers with the page of a refusal. `otherWays`: where it was refused to come in by one way, the others. */
export async function refusalPage(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: AnyRefusal,
  otherWays: readonly OtherWay[] = [],
): Promise<FastifyReply> {
  const { words } = request;
  const { title, detail } = refusalWords(refusal, words);
  for (const [name, value] of Object.entries(problemHeaders(refusal))) void reply.header(name, value);
  const here = request.method === 'GET' ? request.url.split('?', 1)[0] : undefined;
  const isParent = request.citizen?.actingFor?.kind === 'child';
  const byParent: readonly Way[] = refusal.code === 'consentMissing' && isParent ? ['parentsConsent'] : [];
  const ways = [...byParent, ...waysOn[refusal.code]].filter((way) => wayAddress[way] !== here);
  return reply.page(
    'message.njk',
    {
      title,
      paragraphs: [detail],
      actions: ways.map((way) => wayOn(way, request)),
      otherWays,
      whatNow: true,
      help: true,
      aboutCard: waysOn[refusal.code].some((way) => cardAndPhone.has(way)),
      reference: refusal.code,
    },
    problemTexts[refusal.code].status,
  );
}

/** Where this browser signs in to go on at `to`: who came from the app signs in there again. */
export function signInAddress(request: FastifyRequest, to: string): string {
  return `${isInApp(request) || to.startsWith('/app') ? '/app' : '/sign-in'}?next=${encodeURIComponent(nextOf(to))}`;
}

/** Sends to the sign-in that leads back here, or to `backTo`; says that the session ended where one did. */
export function signInFirst(request: FastifyRequest, reply: FastifyReply, backTo?: string): FastifyReply {
  const here = localPath(request.method === 'GET' ? request.url : undefined);
  const journey = `/${(request.url.split(/[/?]/)[1] ?? '').replace(/[^a-z]/g, '')}`;
  const to = localPath(backTo) ?? here ?? localPath(journey) ?? '/registration';
  // A station's own session is followed by nobody's sign-in but by the next card.
  const station = request.session.get('station');
  if (station) return reply.redirect(stationAfter(station, 'over'), 303);
  if (request.stationDevice.get('stationId') !== undefined) return reply.redirect('/station', 303);
  const address = request.sessionIsOver
    ? `/session/ended?return=${encodeURIComponent(to)}`
    : signInAddress(request, to);
  return reply.redirect(address, 303);
}

/** A refusal's own words above the form, leading to a field of it. */
export function errorsAbove(request: FastifyRequest, refusal: AnyRefusal, href: string): FormErrors {
  const { title, detail } = refusalWords(refusal, request.words);
  return { fieldErrors: {}, errors: [{ text: title, detail, href }] };
}
