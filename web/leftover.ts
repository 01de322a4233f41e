/** Doses left over at closing time (剩餘疫苗) on pages: ask for one, read one's ticket, check the draw. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { counties, districtsOf, findDistrict } from '../domain/area/area';
import { isPlainDate } from '../domain/civil-time/plain-date';
import { leftoverDays } from '../domain/leftover/leftover-rules';
import { parseMobile } from '../domain/person-number/mobile';
import { readPublishedDraw } from '../ledger/leftover-draw';
import { readOwnTickets, type OwnTicket } from '../ledger/leftover-request';
import { readNewestContact } from '../ledger/registration-view';
import { mobileOf } from './booking-check';
import { behindSignIn } from './citizen-page';
import { field, formContext, formErrors, hasErrors, parameter, type FormErrors } from './forms';
import { refusalPage } from './refusals';
import { mobileInField } from './station/mobile-shown';
import type { Words } from './words';

/** Registers `/leftover…`. */
export function leftoverPages(app: FastifyInstance): void {
  const { page, form } = behindSignIn(app);

  app.get('/leftover', page, async (request, reply) => askPage(app, request, reply, formErrors({})));

  app.post('/leftover', form, async (request, reply) => {
    const { t, language } = request.words;
    const [day, districtCode, mobile] = [
      field(request, 'day'),
      field(request, 'district'),
      field(request, 'mobile'),
    ];
    const found = formErrors({
      day: isPlainDate(day) ? undefined : t.leftover.dayMissing,
      district: findDistrict(districtCode) ? undefined : t.fields.districtMissing,
      mobile: mobileError(mobile, request.words),
    });
    if (hasErrors(found)) return askPage(app, request, reply, found);
    const wish = { day, districtCode, mobile: mobileOf(mobile), language };
    const outcome = await app.acts.askLeftover(formContext(request), wish);
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    return reply.redirect('/leftover?done=asked', 303);
  });

  app.post('/leftover/stop', form, async (request, reply) => {
    const outcome = await app.acts.stopAskingLeftover(formContext(request), {
      ticket: field(request, 'ticket'),
    });
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    return reply.redirect('/leftover?done=stopped', 303);
  });

  // Open to everybody: whoever wants to check a draw need not say who they are.
  app.get('/leftover/draw', async (request, reply) => drawPage(app, request, reply));
}

function mobileError(typed: string, { t }: Words): string | undefined {
  if ('mobile' in parseMobile(typed)) return undefined;
  return typed === '' ? t.fields.mobileMissing : t.fields.mobileWrong;
}

/** All districts under their counties, in one list that needs no script. */
function districtChoices(selected: string, { language }: Words) {
  return counties.map((county) => ({
    county: county[language],
    districts: districtsOf(county.code).map(({ code, [language]: text }) => ({
      code,
      text,
      selected: code === selected,
    })),
  }));
}

async function askPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  found: FormErrors,
): Promise<FastifyReply> {
  const { words } = request;
  const { t } = words;
  const { personKey } = request.requireCitizen();
  const known = await readNewestContact(app.ledger, personKey);
  const days = leftoverDays(await app.ledgerNow());
  const chosenDay = field(request, 'day') || days[0];
  const doneTexts: Readonly<Record<string, string>> = {
    asked: t.leftover.asked,
    stopped: t.leftover.stopped,
  };
  return reply.page(
    'leftover/ask.njk',
    {
      title: t.leftover.title,
      back: '/',
      returnTo: '/leftover',
      done: doneTexts[parameter(request, 'done')],
      tickets: (await readOwnTickets(app.ledger, personKey)).map((own) => ticketView(own, words)),
      days: days.map((day, index) => ({
        value: day,
        text: `${index === 0 ? t.leftover.today : t.leftover.tomorrow}　${words.day(day)}`,
        checked: day === chosenDay,
      })),
      choices: districtChoices(field(request, 'district') || (known?.districtCode ?? ''), words),
      ...mobileInField(field(request, 'mobile'), known?.mobile, request),
      ...found,
    },
    hasErrors(found) ? 422 : 200,
  );
}

function ticketView(own: OwnTicket, words: Words) {
  const { t } = words;
  return {
    ticket: own.ticket,
    number: words.number(own.ticket),
    when: words.day(own.day),
    area: words.area(own.districtCode),
    standing:
      own.place === null ? t.leftover.notDrawn(own.asked) : t.leftover.yourPlace(own.place, own.asked),
    outcome: own.outcome === null ? undefined : t.leftover.outcome[own.outcome],
    mayStop: own.drawnAt === null,
    draw: `/leftover/draw?${new URLSearchParams({ day: own.day, district: own.districtCode }).toString()}`,
  };
}

async function drawPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { words } = request;
  const { t } = words;
  const days = leftoverDays(await app.ledgerNow());
  const day = isPlainDate(parameter(request, 'day')) ? parameter(request, 'day') : (days[0] ?? '');
  const districtCode = parameter(request, 'district');
  const draw = findDistrict(districtCode)
    ? await readPublishedDraw(app.ledger, day, districtCode)
    : undefined;
  return reply.page('leftover/draw.njk', {
    title: t.leftover.drawTitle,
    back: '/leftover',
    day,
    choices: districtChoices(districtCode, words),
    asked: districtCode !== '',
    draw: draw && {
      place: `${words.day(draw.day)}　${words.area(draw.districtCode)}`,
      state: draw.drawnAt === null ? t.leftover.notDrawn(draw.asked) : t.leftover.drawn(draw.asked),
      commitment: draw.commitment,
      committedAt: words.moment(draw.committedAt),
      seed: draw.seed,
      drawnAt: draw.drawnAt === null ? undefined : words.moment(draw.drawnAt),
      tickets: draw.tickets.map(({ place, ticket, hash, outcome }) => ({
        place,
        ticket,
        hash,
        outcome: outcome === null ? t.leftover.notPhoned : t.leftover.outcome[outcome],
      })),
    },
  });
}
