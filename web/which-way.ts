/** Which way is mine: one question a page; what was answered so far stands in the address and is nothing personal. */
import type { FastifyInstance } from 'fastify';

import { followWay, questions, type Answered, type Way } from '../domain/which-way/which-way';
import { parameter } from './forms';
import type { Words } from './words';

/** Where each way begins; at a counter it begins by going there. */
export const wayBegins: Readonly<Record<Way, string | undefined>> = {
  quickAuthentication: '/app/quick-authentication',
  cardRegistration: '/account/card',
  certificate: '/sign-in/certificate',
  counter: undefined,
  withoutPhone: '/sign-in',
};

/** For ways that need a reader the computer is looked at first. */
const withReader: ReadonlySet<Way> = new Set(['cardRegistration', 'certificate']);

const base = '/which-way';

/** Registers `/which-way`. */
export function whichWayPages(app: FastifyInstance): void {
  app.get(base, async (request, reply) => {
    const { words } = request;
    const { whichWay } = words.t;
    const given = Object.keys(questions).map((question) => [question, parameter(request, question)]);
    const { answered, at } = followWay(Object.fromEntries(given) as Record<string, string>);
    const back = answered.length === 0 ? '/' : address(answered.slice(0, -1));
    if ('end' in at) {
      return reply.page('which-way/end.njk', {
        title: whichWay.ends[at.end].title,
        back,
        end: endView(app, at.end, words),
        answered: answered.map((one) => ({
          question: whichWay.questions[one.question].title,
          answer: answerText(one, words),
        })),
        again: base,
      });
    }
    const { title, hint } = whichWay.questions[at.ask];
    return reply.page('which-way/question.njk', {
      title,
      back,
      hint,
      first: answered.length === 0,
      step: whichWay.step(answered.length + 1),
      choices: at.answers.map((answer) => {
        const chosen = { question: at.ask, answer };
        return { text: answerText(chosen, words), href: address([...answered, chosen]) };
      }),
    });
  });
}

function address(answered: readonly Answered[]): string {
  const given = new URLSearchParams(
    answered.map(({ question, answer }): [string, string] => [question, answer]),
  ).toString();
  return given === '' ? base : `${base}?${given}`;
}

function answerText({ question, answer }: Answered, { t }: Words): string {
  const texts: Readonly<Record<string, string>> = t.whichWay.questions[question].answers;
  return texts[answer] ?? answer;
}

/** Ways that are not set up here (certificates, say) are described without a button that leads nowhere. */
function endView(app: FastifyInstance, way: Way, { t }: Words) {
  const end = t.whichWay.ends[way];
  const href = wayBegins[way];
  const isHere = (url: string): boolean => app.hasRoute({ method: 'GET', url });
  return {
    ...{ lead: end.lead, prepare: end.prepare, steps: end.steps },
    action: 'action' in end && href !== undefined && isHere(href) ? { href, text: end.action } : undefined,
    check: withReader.has(way) && isHere('/environment') ? '/environment' : undefined,
    household: way === 'cardRegistration' || way === 'counter',
    also: way === 'withoutPhone' ? undefined : '/sign-in',
  };
}
