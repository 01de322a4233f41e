/** The screens of designated staff: their code, the search, who was found, and acting for one of them. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import {
  beginAssistance,
  lookUpAtStation,
  type Assistant,
  type PersonAsked,
} from '../../api/station-assistance';
import { findStaffOf, findStationOf, rememberStaff } from '../../api/station-key';
import { counties, districtsOf } from '../../domain/area/area';
import { dateAsTyped } from '../../domain/civil-time/typed-date';
import { assistanceReasons, stationMay, type AssistanceReason } from '../../domain/station/station';
import type { Station } from '../../ledger/station';
import { findStaff } from '../../ledger/station-staff';
import { field, formErrors, hasErrors, parameter, personNumberError, type FormErrors } from '../forms';
import { refusalPage } from '../refusals';
import type { Words } from '../words';
import { stationPageFrame } from './frame';

const base = '/station/assisted';
const noAct = { config: { act: false } } as const;

/** Registers `/station/assisted…`. */
export function assistedPages(app: FastifyInstance): void {
  /** Runs `show` for a station that may look people up; others set up first, or read that they may not. */
  const atStation =
    (show: (request: FastifyRequest, reply: FastifyReply, station: Station) => Promise<FastifyReply>) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const station = await findStationOf(request);
      if (!station) return reply.redirect('/station', 303);
      if (!stationMay(station.kind, 'assist')) return refusalPage(request, reply, { code: 'stationMayNot' });
      return show(request, reply, station);
    };
  /** The same with a member of its staff on duty. */
  const byStaff = (
    show: (request: FastifyRequest, reply: FastifyReply, assistant: Assistant) => Promise<FastifyReply>,
  ) =>
    atStation(async (request, reply, station) => {
      const staff = await findStaffOf(request, station);
      if (!staff) return reply.redirect(base, 303);
      return show(request, reply, { station, staff });
    });
  const form = { ...noAct, preHandler: app.csrfProtection };

  app.get(
    base,
    noAct,
    atStation(async (request, reply, station) => {
      if (request.citizen?.station) return reply.redirect('/station/menu', 303);
      const staff = await findStaffOf(request, station);
      if (!staff) return staffPage(request, reply, station, formErrors({}));
      return searchPage(request, reply, { station, staff }, formErrors({}));
    }),
  );

  app.post(
    `${base}/staff`,
    form,
    atStation(async (request, reply, station) => {
      const { t } = request.words;
      const key = field(request, 'staffKey');
      const wrong = (staffKey: string) => staffPage(request, reply, station, formErrors({ staffKey }));
      if (key === '') return wrong(t.station.staffKeyMissing);
      const tooMany = await app.limits.pace('stationKey', request.ip);
      if (tooMany) return refusalPage(request, reply, tooMany);
      const staff = await findStaff(app.ledger.db, station.stationId, { key });
      if (!staff) return wrong(t.station.staffKeyWrong);
      rememberStaff(request, staff);
      return reply.redirect(base, 303);
    }),
  );

  app.post(`${base}/leave`, form, async (request, reply) => {
    request.stationDevice.set('staff', undefined);
    return reply.redirect(base, 303);
  });

  app.post(
    `${base}/search`,
    form,
    byStaff(async (request, reply, assistant) => {
      const reason = assistanceReasons.find((each) => each === field(request, 'reason'));
      const { asked, errors } = personAsked(request);
      const found = formErrors({
        ...(reason === undefined && { reason: request.words.t.station.reasonMissing }),
        ...errors,
      });
      if (reason === undefined || !asked || hasErrors(found)) {
        return searchPage(request, reply, assistant, found);
      }
      const outcome = await lookUpAtStation(app, assistant, reason, asked);
      if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
      return foundPage(request, reply, assistant, outcome.value);
    }),
  );

  app.post(
    `${base}/begin`,
    form,
    byStaff(async (request, reply, assistant) => {
      const lookId = field(request, 'lookId');
      const place = /^\d$/.test(field(request, 'place')) ? Number(field(request, 'place')) : 0;
      if (!uuid.test(lookId)) return refusalPage(request, reply, { code: 'lookUnknown' });
      const outcome = await beginAssistance(app, request, assistant, { lookId, place });
      if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
      return reply.redirect('/station/menu', 303);
    }),
  );
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What was typed of the person: a number goes before a name. */
function personAsked(request: FastifyRequest): {
  readonly asked?: PersonAsked;
  readonly errors: Readonly<Record<string, string | undefined>>;
} {
  const { t } = request.words;
  const typed = typedDate(request);
  const dated = Object.values(typed).some((part) => part !== '');
  const birthDate = dateAsTyped(typed);
  const wrongDate = dated && birthDate === undefined ? t.fields.birthDateWrong : undefined;
  const personNumber = field(request, 'personNumber');
  if (personNumber !== '') {
    const errors = { personNumber: personNumberError(personNumber, t), 'birthDate-year': wrongDate };
    return { asked: { personNumber, ...(birthDate !== undefined && { birthDate }) }, errors };
  }
  const name = field(request, 'name');
  if (name === '') return { errors: { personNumber: t.fields.personNumberMissing } };
  if (birthDate === undefined)
    return { errors: { 'birthDate-year': wrongDate ?? t.fields.birthDateMissing } };
  const districtCode = field(request, 'district');
  const known = counties.some(({ code }) => districtsOf(code).some((each) => each.code === districtCode));
  return { asked: { name: name.slice(0, 80), birthDate, ...(known && { districtCode }) }, errors: {} };
}

const typedDate = (request: FastifyRequest) => ({
  year: field(request, 'birthDate-year'),
  month: field(request, 'birthDate-month'),
  day: field(request, 'birthDate-day'),
});

async function staffPage(
  request: FastifyRequest,
  reply: FastifyReply,
  station: Station,
  found: FormErrors,
): Promise<FastifyReply> {
  return reply.page(
    'station/staff.njk',
    {
      title: request.words.t.station.staffTitle,
      station: stationPageFrame(station, request.words, base),
      ...found,
    },
    hasErrors(found) ? 422 : 200,
  );
}

async function searchPage(
  request: FastifyRequest,
  reply: FastifyReply,
  { station, staff }: Assistant,
  found: FormErrors,
): Promise<FastifyReply> {
  const { words } = request;
  const chosen = field(request, 'reason');
  const district = field(request, 'district');
  return reply.page(
    'station/search.njk',
    {
      title: words.t.station.searchTitle,
      station: stationPageFrame(station, words, base),
      staffId: staff.staffId,
      notice: parameter(request, 'ended') === 'over' ? words.t.station.overAssisted : undefined,
      reasons: reasonItems(words, chosen),
      values: {
        personNumber: field(request, 'personNumber'),
        name: field(request, 'name'),
        ...typedDate(request),
      },
      districts: [
        { value: '', text: words.t.station.districtAny },
        ...counties.flatMap(({ code }) =>
          districtsOf(code).map((each) => ({
            value: each.code,
            text: words.area(each.code),
            selected: each.code === district,
          })),
        ),
      ],
      ...found,
    },
    hasErrors(found) ? 422 : 200,
  );
}

const reasonItems = ({ t }: Words, chosen: string) =>
  assistanceReasons.map((reason: AssistanceReason) => ({
    value: reason,
    text: t.station.reasons[reason],
    checked: reason === chosen,
  }));

async function foundPage(
  request: FastifyRequest,
  reply: FastifyReply,
  { station }: Assistant,
  answer: {
    readonly lookId: string | null;
    readonly tooMany: boolean;
    readonly people: readonly { place: number; maskedName: string; maskedNumber: string }[];
  },
): Promise<FastifyReply> {
  const { t } = request.words;
  const nobody = answer.people.length === 0;
  return reply.page('station/found.njk', {
    title: answer.tooMany
      ? t.station.foundTooMany
      : nobody
        ? t.station.foundNone
        : t.station.foundTitle(answer.people.length),
    text: answer.tooMany
      ? t.station.foundTooManyText
      : nobody
        ? t.station.foundNoneText
        : t.station.foundText,
    station: stationPageFrame(station, request.words, base),
    back: base,
    ...answer,
  });
}
