/** `/account/family`: the bonds of both kinds, what was done under them, and ending one. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { readFamily, type FamilyBondView, type FamilyEntryView } from '../../api/family-acts';
import { behindSignIn } from '../citizen-page';
import { field, formContext, parameter } from '../forms';
import { refusalPage } from '../refusals';
import type { Words } from '../words';

export const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Registers `/account/family` and `/account/family/end`. */
export function familyListPages(app: FastifyInstance): void {
  const { page, form } = behindSignIn(app);

  app.get('/account/family', page, async (request, reply) => listPage(app, request, reply));

  app.get('/account/family/end', page, async (request, reply) => {
    const { t } = request.words;
    const bond = await bondOf(app, request, parameter(request, 'bond'));
    if (!bond || !isOpen(bond)) return refusalPage(request, reply, { code: 'familyBondUnknown' });
    return reply.page('family/end.njk', {
      title: t.family.endTitle(bond.other.maskedName),
      back: '/account/family',
      text: bond.role === 'acts' ? t.family.endTextActor : t.family.endTextPerson,
      bond,
    });
  });

  app.post('/account/family/end', form, async (request, reply) => {
    const familyBondId = field(request, 'bond');
    const bond = await bondOf(app, request, familyBondId);
    if (!bond) return refusalPage(request, reply, { code: 'familyBondUnknown' });
    const outcome = await app.acts.family.endFamilyBond(formContext(request), { familyBondId });
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    if (request.session.get('actingFor')?.familyBondId === familyBondId) {
      request.session.set('actingFor', undefined);
    }
    return reply.redirect(`/account/family?done=${bond.standing === 'waiting' ? 'takenBack' : 'ended'}`, 303);
  });
}

/** One of the person's own bonds. */
export async function bondOf(
  app: FastifyInstance,
  request: FastifyRequest,
  familyBondId: string,
): Promise<FamilyBondView | undefined> {
  const { bonds } = await readFamily(app, request.requireCitizen().signedInAs);
  return bonds.find((bond) => bond.familyBondId === familyBondId);
}

const isOpen = ({ standing }: FamilyBondView): boolean => standing === 'stands' || standing === 'waiting';

async function listPage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { words } = request;
  const { t } = words;
  const { bonds, history } = await readFamily(app, request.requireCitizen().signedInAs);
  const done: Readonly<Record<string, string>> = t.family.done;
  const mine = bonds.filter(({ role }) => role === 'acts');
  const forMe = bonds.filter(({ role }) => role === 'isActedFor');
  const waiting = forMe.filter(({ standing }) => standing === 'waiting').length;
  return reply.page('family/list.njk', {
    title: t.family.title,
    back: '/account',
    done: done[parameter(request, 'done')],
    iActFor: mine.filter(isOpen).map((bond) => bondWords(bond, words)),
    actForMe: forMe.filter(({ standing }) => standing === 'stands').map((bond) => bondWords(bond, words)),
    requests: waiting === 0 ? undefined : t.family.requestsLink(waiting),
    ended: bonds.filter((bond) => !isOpen(bond)).map((bond) => bondWords(bond, words)),
    history: history.map((entry) => ({
      when: words.moment(entry.at),
      text: entryWords(entry, words),
      number: entry.number === null ? undefined : t.family.numbered(entry.number),
    })),
  });
}

export function bondWords(bond: FamilyBondView, { t, day, moment }: Words) {
  const { kind, standing, other, endsOn, agreedAt, answerUntil } = bond;
  const kinds =
    bond.role === 'isActedFor'
      ? t.family.kindsForMe
      : standing === 'waiting'
        ? t.family.kindsWaiting
        : t.family.kinds;
  const since = agreedAt === null ? undefined : t.family.agreedOn(moment(agreedAt));
  return {
    familyBondId: bond.familyBondId,
    name: other.maskedName,
    number: other.maskedNumber,
    kind: kinds[kind],
    isWaiting: standing === 'waiting',
    standing: t.family.standings[standing],
    detail:
      standing === 'waiting'
        ? t.family.waiting(moment(answerUntil ?? ''))
        : kind === 'child' && endsOn !== null
          ? t.family.until(day(endsOn))
          : since,
    act: t.family.actFor(other.maskedName),
  };
}

/** One act in plain words, by whom and for whom. */
function entryWords({ act, role, other }: FamilyEntryView, { t }: Words): string {
  const { family } = t;
  const name = other.maskedName;
  const bondActs = role === 'did' ? family.ownBondActs : family.bondActs;
  if (act in bondActs) return bondActs[act as keyof typeof bondActs](name);
  const what = act in family.acts ? family.acts[act as keyof typeof family.acts] : family.otherAct;
  return role === 'did' ? family.did(name, what) : family.wasDone(name, what);
}
