/** One's own sign-ins, and "this was not me". */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { mayStillBeSignedIn } from '../api/plugins/session';
import { isCardRegistered } from '../ledger/card-account';
import { signInsOf, type SignInView } from '../ledger/sign-in';
import { behindSignIn } from './citizen-page';
import { field, formContext, parameter } from './forms';
import { refusalPage } from './refusals';
import type { Words } from './words';

const listAddress = '/account/sign-ins';

/** Registers `/account/sign-ins`. */
export function signInListPages(app: FastifyInstance): void {
  const { page, form } = behindSignIn(app);

  app.get(listAddress, page, async (request, reply) => {
    const { words } = request;
    const { personKey, sessionId } = request.requireCitizen();
    const signIns = await signInsOf(app.ledger.db, personKey);
    return reply.page('account/sign-ins.njk', {
      title: words.t.signIns.title,
      back: app.hasRoute({ method: 'GET', url: '/account' }) ? '/account' : '/',
      signIns: signIns.map((each) => signInView(each, sessionId, words)),
    });
  });

  app.get('/account/sign-ins/disown', page, async (request, reply) => {
    const found = await ownSignIn(app, request, parameter(request, 'signIn'));
    if (!found) return refusalPage(request, reply, { code: 'signInUnknown' });
    if (found.isThisOne) return refusalPage(request, reply, { code: 'signInIsThisOne' });
    return reply.page('account/disown.njk', {
      title: request.words.t.signIns.disownTitle,
      back: listAddress,
      signIn: found,
    });
  });

  app.post('/account/sign-ins/disown', form, async (request, reply) => {
    const signInId = field(request, 'signIn');
    if (!isSignInId(signInId)) return refusalPage(request, reply, { code: 'signInUnknown' });
    const outcome = await app.acts.disownSignIn(formContext(request), { signInId });
    if (!outcome.ok) return refusalPage(request, reply, outcome.refusal);
    return whatNow(app, request, reply, outcome.value.boundDeviceId);
  });
}

/** The id comes from outside: what is none is nobody's sign-in. */
function isSignInId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}

async function ownSignIn(app: FastifyInstance, request: FastifyRequest, signInId: string) {
  const { personKey, sessionId } = request.requireCitizen();
  const found = (await signInsOf(app.ledger.db, personKey)).find((each) => each.sessionId === signInId);
  return found && signInView(found, sessionId, request.words);
}

function signInView(each: SignInView, current: string, words: Words) {
  const { t } = words;
  const browser = words.list([each.browser, each.operatingSystem].filter((name) => name !== null));
  const isThisOne = each.sessionId === current;
  return {
    signInId: each.sessionId,
    when: words.moment(each.at),
    method: t.signIns.methods[each.method],
    browser: browser === '' ? t.signIns.browserUnknown : browser,
    place: each.place && words.inLanguage(each.place.nameZh, each.place.nameEn),
    isThisOne,
    standing: each.disownedAt
      ? t.signIns.disownedAt(words.moment(each.disownedAt))
      : isThisOne
        ? t.signIns.thisOne
        : mayStillBeSignedIn(each)
          ? t.signIns.mayStill
          : t.signIns.over,
    mayDisown: !isThisOne && each.disownedAt === null,
  };
}

/** What to do after somebody else came in; only the pages that this instance has are offered. */
async function whatNow(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  boundDeviceId: string | null,
): Promise<FastifyReply> {
  const { t } = request.words;
  const { personKey } = request.requireCitizen();
  const hasPassword = await isCardRegistered(app.ledger.db, personKey);
  const pages = [
    ...(boundDeviceId === null ? [] : [{ href: '/account/devices', text: t.signIns.removeThisDevice }]),
    ...(hasPassword ? [{ href: '/account/card/password', text: t.signIns.changePassword }] : []),
    ...(boundDeviceId === null ? [{ href: '/account/devices', text: t.signIns.lookAtDevices }] : []),
    { href: '/appointment', text: t.signIns.checkAppointment },
    { href: listAddress, text: t.signIns.backToList },
  ];
  return reply.page('message.njk', {
    title: t.signIns.disownedTitle,
    paragraphs: [t.signIns.disownedText, t.signIns.disownedNext, t.signIns.disownedCard],
    actions: pages.filter(({ href }) => app.hasRoute({ method: 'GET', url: href })),
    whatNow: true,
    help: true,
    returnTo: listAddress,
  });
}
