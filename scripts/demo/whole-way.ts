/**
 * The whole way of one citizen as data: a row a step, from signing in to the kept appointment. The demonstration
 * prints it, and tests walk the very same steps and do things between any two of them.
 */
import { counties, districtsOf, findDistrict } from '../../domain/area/area';
import {
  addDays,
  addMs,
  taipeiDateOf,
  taipeiInstant,
  type Instant,
} from '../../domain/civil-time/plain-date';
import { maskMobile, maskPersonNumber } from '../../domain/person-number/masks';
import { enrolStation } from '../../ledger/station';
import { persistently } from './instance';
import { findTwoWindows, placesLeft, placesLeftAfter } from './places';
import { releaseInvitations } from './release-invitations';
import { expectThat, taipeiMinute, type OfferedSlot, type Way } from './way';

export interface WayStep {
  readonly name: string;
  /** Walks it and answers what was seen, without anything personal. Throws when it is not as it should be. */
  readonly walk: (way: Way) => Promise<string>;
}

/** The steps in their order. */
export const wholeWay: readonly WayStep[] = [
  { name: 'sign in', walk: signIn },
  { name: 'register', walk: register },
  { name: 'change the registration', walk: change },
  { name: 'settlement', walk: settlement },
  { name: 'release of invitations', walk: release },
  { name: 'booking opens', walk: bookingOpens },
  { name: 'book', walk: book },
  { name: 'cancel', walk: cancel },
  { name: 'book again', walk: bookAgain },
  { name: 'move', walk: move },
  { name: 'reminder', walk: reminder },
  { name: 'attend', walk: attend },
];

/** After a step of the clock the API reads the ledger's time afresh within a second. */
const freshWithinMs = 5_000;
const afterwardsMs = 1_000;

interface RoundAnswer {
  readonly roundId: string;
  readonly state: string;
  readonly settlesAt: Instant | null;
  readonly products: readonly { readonly product: string }[];
}

interface RegistrationAnswer {
  readonly registrationNumber: string;
  readonly roundId: string;
  readonly districtCode: string;
  readonly products: readonly string[];
  readonly maskedMobile: string;
  readonly stage: string;
}

interface InvitationAnswer {
  readonly mayBook: boolean;
  readonly reason: string | null;
  readonly rights: readonly {
    readonly roundId: string;
    readonly product: string;
    readonly opensAt: Instant;
  }[];
}

interface AppointmentAnswer {
  readonly appointmentNumber: string;
  readonly status: string;
  readonly slotId: number;
  readonly startsAt: Instant;
  readonly product: string;
  readonly site: { readonly nameZh: string };
}

async function signIn(way: Way): Promise<string> {
  const { personNumber } = way.walker;
  const session = await way.signIn();
  expectThat(Date.parse(session.expiresAt) > Date.now(), 'the session lasts');
  return `${maskPersonNumber(personNumber)} signed in with the card number and a solved captcha`;
}

async function register(way: Way): Promise<string> {
  const { registration } = await way.client.must<{ registration: RoundAnswer[] }>(
    'GET',
    '/v1/rounds/current',
  );
  const round = registration.find(({ state }) => state === 'registrationOpen');
  expectThat(round !== undefined && round.settlesAt !== null, 'a round is open for registration');
  const products = round.products.map(({ product }) => product).slice(-1);
  const answer = await putRegistration(way, homeDistrict(0), products);
  expectThat(answer.stage === 'registered', 'the registration waits for settlement');
  const { registrationNumber, roundId } = answer;
  way.learn({ registrationNumber, roundId, settlesAt: round.settlesAt });
  way.acknowledged.push({ act: 'register', registrationNumber });
  await way.textsCame('registrationReceived');
  return `no. ${registrationNumber} for ${products.join(', ')}; ${await way.expectNext(null)}`;
}

async function change(way: Way): Promise<string> {
  const { registration } = await way.client.must<{ registration: RoundAnswer[] }>(
    'GET',
    '/v1/rounds/current',
  );
  const round = registration.find(({ roundId }) => roundId === way.know('roundId'));
  const products = round?.products.map(({ product }) => product) ?? [];
  const district = homeDistrict(1);
  const answer = await putRegistration(way, district, products);
  const registrationNumber = way.know('registrationNumber');
  expectThat(answer.registrationNumber === registrationNumber, 'a change keeps the registration number');
  way.acknowledged.push({ act: 'change', registrationNumber });
  const read = await way.client.must<RegistrationAnswer>('GET', '/v1/registration');
  expectThat(read.districtCode === district, 'the registration shows the new district');
  expectThat([...read.products].sort().join() === [...products].sort().join(), 'it shows the new products');
  expectThat(read.maskedMobile === maskMobile(way.walker.mobile), 'it shows the mobile masked');
  await way.textsCame('registrationChanged');
  return `same number, now ${findDistrict(district)?.zh ?? ''} and ${products.join(', ')}`;
}

async function settlement(way: Way): Promise<string> {
  await way.instance.clock.stepTo(addMs(way.know('settlesAt'), afterwardsMs));
  const right = (await invitation(way, ({ rights }) => rights.length > 0)).rights.find(
    ({ roundId }) => roundId === way.know('roundId'),
  );
  expectThat(right !== undefined, 'the settlement invites');
  way.learn({ product: right.product, bookingOpensAt: right.opensAt });
  await way.textsCame();
  return `invited for ${right.product} from ${taipeiMinute(right.opensAt)}, the text is held; ${await way.expectNext('remindToBook')}`;
}

async function release(way: Way): Promise<string> {
  const { handsets, people, refusal, startedBy, approvedBy } = await releaseInvitations(
    way.instance,
    way.know('roundId'),
  );
  await way.textsCame('invitation');
  return `${startedBy} started the wave, ${String(handsets)} test handset(s) got it; approving it alone was refused (${refusal}); ${String(approvedBy)} approved, ${String(people)} people got it`;
}

async function bookingOpens(way: Way): Promise<string> {
  const before = await way.client.must<InvitationAnswer>('GET', '/v1/invitation');
  expectThat(before.reason === 'bookingNotOpenYet', 'nobody books before the window opens');
  await way.instance.clock.stepTo(addMs(way.know('bookingOpensAt'), afterwardsMs));
  await invitation(way, ({ mayBook }) => mayBook);
  const { siteId, siteNameZh, windows } = await findTwoWindows(way, homeDistrict(1));
  way.learn({ siteId, windows });
  await way.textsCame();
  return `${siteNameZh}: ${windows.map(({ startsAt, left }) => `${taipeiMinute(startsAt)} ${String(left)} left`).join(', ')}`;
}

async function book(way: Way): Promise<string> {
  const [first] = way.know('windows');
  return `${await take(way, first)}; ${await way.expectNext('remindOfAppointment')}`;
}

async function cancel(way: Way): Promise<string> {
  const { slotId } = way.know('slot');
  const appointmentNumber = way.know('appointmentNumber');
  const before = await placesLeft(way, slotId);
  const answer = await way.client.must<AppointmentAnswer>('DELETE', `/v1/appointments/${appointmentNumber}`);
  way.acknowledged.push({ act: 'cancel', appointmentNumber, slotId });
  expectThat(answer.status === 'cancelled', 'the appointment is cancelled');
  const after = await placesLeftAfter(way, slotId, before + 1);
  expectThat(after === before + 1, 'cancelling frees exactly one place');
  await way.textsCame('appointmentCancelled');
  return `${places(before, after)}; ${await way.expectNext('remindToBook')}`;
}

async function bookAgain(way: Way): Promise<string> {
  const old = way.know('appointmentNumber');
  const [first] = way.know('windows');
  const seen = await take(way, first);
  expectThat(way.know('appointmentNumber') !== old, 'booking again gives a new number');
  return `${seen}; ${await way.expectNext('remindOfAppointment')}`;
}

async function move(way: Way): Promise<string> {
  const [, second] = way.know('windows');
  const from = way.know('slot');
  const appointmentNumber = way.know('appointmentNumber');
  const before = [await placesLeft(way, from.slotId), await placesLeft(way, second.slotId)] as const;
  const answer = await way.client.must<AppointmentAnswer>('PUT', `/v1/appointments/${appointmentNumber}`, {
    slotId: second.slotId,
  });
  way.acknowledged.push({ act: 'move', appointmentNumber, slotId: second.slotId });
  expectThat(answer.appointmentNumber === appointmentNumber, 'moving keeps the booking number');
  expectThat(answer.slotId === second.slotId, 'the appointment stands in the new window');
  const after = [
    await placesLeftAfter(way, from.slotId, before[0] + 1),
    await placesLeftAfter(way, second.slotId, before[1] - 1),
  ] as const;
  expectThat(
    after[0] === before[0] + 1 && after[1] === before[1] - 1,
    'one place is taken and the old one given back',
  );
  way.learn({ slot: second });
  await way.textsCame('appointmentMoved');
  return `to ${taipeiMinute(second.startsAt)}, ${places(before[1], after[1])}, old window ${places(before[0], after[0])}; ${await way.expectNext('remindOfAppointment')}`;
}

async function reminder(way: Way): Promise<string> {
  const dayBefore = addDays(taipeiDateOf(way.know('slot').startsAt), -1);
  await way.instance.clock.stepTo(taipeiInstant(dayBefore, 20 * 60));
  const [text] = await way.textsCame('remindOfAppointment');
  expectThat(
    text?.body.includes(way.know('appointmentNumber')) === true,
    'the reminder names the booking number',
  );
  // Another window of the same day can be offered only where there is a later one.
  return `the day before, by text; ${await way.expectNext('offerSameDay', null)}`;
}

async function attend(way: Way): Promise<string> {
  const appointmentNumber = way.know('appointmentNumber');
  await way.instance.clock.stepTo(way.know('slot').startsAt);
  const receipt = await recordAttendance(way, appointmentNumber);
  way.acknowledged.push({ act: 'attend', appointmentNumber });
  const read = await way.client.must<AppointmentAnswer>('GET', `/v1/appointments/${appointmentNumber}`);
  expectThat(read.status === 'attended', 'the appointment is kept');
  await way.textsCame('confirmDose');
  return `dose ${String(receipt.doseNumber)} of ${receipt.product} on ${receipt.givenOn}; ${await way.expectNext('remindNextDose')}`;
}

/** The desk at the site records that the person came and was given the dose. */
export async function recordAttendance(
  way: Way,
  appointmentNumber: string,
): Promise<{ readonly doseNumber: number; readonly product: string; readonly givenOn: string }> {
  const siteId = way.know('siteId');
  const { key } = await enrolStation(way.instance.ledger.db, { stationId: `desk-${siteId}`, siteId });
  return way.client.must('POST', '/v1/station/attendances', { appointmentNumber }, { bearer: key });
}

/** A district of the capital, where the demonstration's citizen lives; another one after the change. */
function homeDistrict(place: 0 | 1): string {
  const [capital] = counties.filter(({ zh }) => zh === '臺北市');
  return districtsOf(capital?.code ?? '')[place]?.code ?? '';
}

async function putRegistration(
  way: Way,
  districtCode: string,
  products: readonly string[],
): Promise<RegistrationAnswer> {
  const { mobile } = way.walker;
  return way.client.must('PUT', '/v1/registration', { mobile, districtCode, products });
}

async function invitation(way: Way, holds: (answer: InvitationAnswer) => boolean): Promise<InvitationAnswer> {
  return persistently(async () => {
    const answer = await way.client.must<InvitationAnswer>('GET', '/v1/invitation');
    expectThat(holds(answer), 'the invitation shows what the ledger’s time allows');
    return answer;
  }, freshWithinMs);
}

async function take(way: Way, slot: OfferedSlot): Promise<string> {
  const { slotId } = slot;
  const before = await placesLeft(way, slotId);
  const { mobile } = way.walker;
  const answer = await way.client.must<AppointmentAnswer>('POST', '/v1/appointments', { slotId, mobile });
  const { appointmentNumber } = answer;
  way.learn({ appointmentNumber, slot });
  way.acknowledged.push({ act: 'book', appointmentNumber, slotId });
  expectThat(
    answer.status === 'booked' && answer.slotId === slotId,
    'the appointment stands in the window chosen',
  );
  const after = await placesLeftAfter(way, slotId, before - 1);
  expectThat(after === before - 1, 'booking takes exactly one place');
  const [text] = await way.textsCame('appointmentBooked');
  expectThat(text?.body.includes(appointmentNumber) === true, 'the text names the booking number');
  return `no. ${appointmentNumber}, ${taipeiMinute(slot.startsAt)}, ${places(before, after)}`;
}

function places(before: number, after: number): string {
  return `places left ${String(before)} → ${String(after)}`;
}
