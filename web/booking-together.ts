/** `/booking/together` (和家人一起預約): one's own window and a neighbouring one for somebody of the family, both or neither. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { readFamily } from '../api/family-acts';
import { problemTexts } from '../api/problem-texts';
import { areNeighbours } from '../domain/family/family-bond';
import { parseMobile } from '../domain/person-number/mobile';
import { readAppointment, type AppointmentView } from '../ledger/booking';
import { dropDraft } from '../ledger/draft';
import { readBookingRights } from '../ledger/invitation';
import { readPerson } from '../ledger/person';
import type { SlotView } from '../ledger/site';
import { mobileOf, placeRows, readBookingAnswers, slotIdOf, slotWithSite } from './booking-check';
import { behindSignIn, citizenPageOf } from './citizen-page';
import { field, formContext, formErrors, hasErrors, hasField, parameter, type FormErrors } from './forms';
import { refusalPage, refusalWords } from './refusals';
import type { Words } from './words';

/** Registers `/booking/together` and `/booking/together/done`. */
export function togetherPages(app: FastifyInstance): void {
  const { page, form } = behindSignIn(app);
  /** The pair is oneself and somebody of one's family: who acts for somebody goes back to themselves first. */
  const asOneself = async (request: FastifyRequest, reply: FastifyReply) =>
    request.citizen?.actingFor ? refusalPage(request, reply, { code: 'actingForNotHere' }) : undefined;
  const ownForm = { preHandler: [...form.preHandler, asOneself] };

  app.get('/booking/together', page, async (request, reply) =>
    choicePage(app, request, reply, parameter(request, 'with'), formErrors({})),
  );

  app.post('/booking/together', ownForm, async (request, reply) => {
    const { t, language } = request.words;
    const familyBondId = field(request, 'with');
    const own = formContext(request);
    const other = await request.contextUnder(familyBondId, 'web');
    if (!other.ok) return refusalPage(request, reply, other.refusal);
    const slotId = slotIdOf(field(request, 'slotId'));
    const theirs = slotIdOf(field(request, 'otherSlotId'));
    const mobile = mobileOf(field(request, 'mobile'));
    const otherMobile = mobileOf(field(request, 'otherMobile')) || mobile;
    const isMobile = (typed: string): boolean => 'mobile' in parseMobile(typed);
    const found = formErrors({
      otherSlotId: theirs === undefined ? t.family.windowMissing : undefined,
      mobile: mobile === '' ? t.fields.mobileMissing : isMobile(mobile) ? undefined : t.fields.mobileWrong,
      otherMobile: isMobile(mobile) && !isMobile(otherMobile) ? t.fields.mobileWrong : undefined,
    });
    if (hasErrors(found) || slotId === undefined || theirs === undefined) {
      return choicePage(app, request, reply, familyBondId, found);
    }
    const { idempotency } = own;
    const outcome = await app.acts.bookNeighbours([
      { context: own, slotId, mobile, language },
      {
        context: { ...other.value, ...(idempotency && { idempotency }) },
        ...{ slotId: theirs, mobile: otherMobile, language },
      },
    ]);
    if (outcome.ok) {
      await dropDraft(app.ledger, own.personKey, 'booking');
      const numbers = outcome.value.map(({ appointmentNumber }) => appointmentNumber);
      const query = new URLSearchParams({
        with: familyBondId,
        own: numbers[0] ?? '',
        other: numbers[1] ?? '',
      });
      return reply.redirect(`/booking/together/done?${query.toString()}`, 303);
    }
    const { refusal } = outcome;
    if (refusal.code !== 'togetherRefused') return refusalPage(request, reply, refusal);
    const { name } = await readPerson(app.ledger, other.value.personKey);
    const who = refusal.place === 0 ? t.family.yourself : request.words.maskedName(name);
    const why = problemTexts[refusal.because][request.words.language].title;
    const told = refusalWords(refusal, request.words);
    return choicePage(app, request, reply, familyBondId, {
      fieldErrors: {},
      errors: [{ text: told.title, detail: `${t.family.togetherWhy(who, why)} ${told.detail}` }],
    });
  });

  app.get('/booking/together/done', page, async (request, reply) => {
    const { words } = request;
    const { t } = words;
    const acting = await withinBond(request, parameter(request, 'with'));
    const own = await readAppointment(
      app.ledger,
      request.requireCitizen().personKey,
      parameter(request, 'own'),
    );
    const other = acting && (await readAppointment(app.ledger, acting, parameter(request, 'other')));
    if (!own || !acting || !other) return reply.redirect('/appointment', 303);
    const { rounds } = await citizenPageOf(app, acting);
    const rows = (appointment: AppointmentView) => [
      { key: t.appointment.number, value: words.number(appointment.appointmentNumber), figures: true },
      ...placeRows(
        appointment,
        words.product(
          rounds.find(({ roundId }) => roundId === appointment.roundId),
          appointment.product,
        ),
        words,
      ),
    ];
    const { name } = await readPerson(app.ledger, acting);
    return reply.page('booking/together-done.njk', {
      title: t.family.togetherDoneTitle,
      both: [
        { name: t.family.yours, rows: rows(own) },
        { name: t.family.theirs(words.maskedName(name)), rows: rows(other) },
      ],
    });
  });
}

/** Whose matters these are under that bond; undefined where it does not stand. */
async function withinBond(request: FastifyRequest, familyBondId: string): Promise<string | undefined> {
  const acting = await request.actUnder(familyBondId);
  return acting.ok ? acting.value.personKey : undefined;
}

/** With whom the person may book together: for whom they may act. Nobody while they act for somebody already. */
export async function companions(app: FastifyInstance, request: FastifyRequest) {
  const { signedInAs, actingFor, station } = request.requireCitizen();
  if (actingFor || station) return [];
  const { bonds } = await readFamily(app, signedInAs);
  const { t } = request.words;
  return bonds
    .filter(({ role, standing }) => role === 'acts' && standing === 'stands')
    .map(({ familyBondId, other }) => ({
      href: `/booking/together?with=${familyBondId}`,
      text: t.family.togetherWith(other.maskedName),
    }));
}

async function choicePage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  familyBondId: string,
  found: FormErrors,
): Promise<FastifyReply> {
  const { words } = request;
  const { t } = words;
  const acting = await request.actUnder(familyBondId);
  if (!acting.ok) return refusalPage(request, reply, acting.refusal);
  const { personKey } = request.requireCitizen();
  if (request.requireCitizen().actingFor) return refusalPage(request, reply, { code: 'actingForNotHere' });
  const answers = await readBookingAnswers(app.ledger, personKey);
  const slot = await slotWithSite(app, answers.slotId);
  if (!slot) return reply.redirect('/booking', 303);
  const other = await citizenPageOf(app, acting.value.personKey);
  const name = words.maskedName(other.person.name);
  const typed = hasField(request, 'mobile') ? field(request, 'mobile') : (answers.mobile ?? '');
  const round = other.rounds.find(({ roundId }) => roundId === slot.roundId);
  return reply.page(
    'booking/together.njk',
    {
      title: t.family.togetherTitle(name),
      back: '/booking/check',
      returnTo: `/booking/together?with=${familyBondId}`,
      with: familyBondId,
      slotId: slot.slotId,
      rows: placeRows(slot, words.product(round, slot.product), words),
      theirs: t.family.theirs(name),
      windows: await neighbouring(app, slot, other, words, field(request, 'otherSlotId')),
      values: { mobile: typed, otherMobile: field(request, 'otherMobile') },
      ...found,
    },
    hasErrors(found) ? 422 : 200,
  );
}

/** Windows at the site in which the other may be booked, and which are one's own or next to it, with places left. */
async function neighbouring(
  app: FastifyInstance,
  slot: SlotView,
  { person, rounds, now }: Awaited<ReturnType<typeof citizenPageOf>>,
  words: Words,
  chosen: string,
) {
  const { t } = words;
  const { open } = await readBookingRights(app.ledger, person, rounds, now);
  const windows = [];
  for (const right of open) {
    const { roundId } = right.round;
    const { value: slots } = await app.places.slotsOf({
      siteId: slot.siteId,
      roundId,
      product: right.product,
    });
    for (const each of slots) {
      const needed = each.slotId === slot.slotId ? 2 : 1;
      if (!areNeighbours(slot, each) || each.closed || each.left < needed) continue;
      if (right.earliestOn !== null && each.sessionDate < right.earliestOn) continue;
      const place =
        each.startsAt === slot.startsAt
          ? t.family.sameWindow
          : each.startsAt < slot.startsAt
            ? t.family.before
            : t.family.after;
      windows.push({
        value: String(each.slotId),
        text: words.window(each.startsAt, each.endsAt),
        hint: {
          text: `${place}　${words.product(right.round, right.product)}　${words.t.booking.left(each.left)}`,
        },
        checked: String(each.slotId) === chosen,
      });
    }
  }
  return windows;
}
