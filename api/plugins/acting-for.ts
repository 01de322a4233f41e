/**
 * For whom a request is (家人代辦): programs say so in each request by the header `Acting-For`, pages once in the session.
 * Only registration, booking and what goes with them can be done for somebody else; every other address concerns who
 * signed in, whatever the session says. Whether the bond stands is asked for here, so that nothing is shown without it,
 * and once more by the ledger inside each command's transaction.
 */
import type { FastifyRequest } from 'fastify';
import fp from 'fastify-plugin';

import { accepted, refused, type Outcome } from '../../domain/refusal/refusals';
import type { CommandContext } from '../../ledger/citizen-command';
import { findActing } from '../../ledger/family-bond';
import { acceptedValue, RefusedRequest } from '../problems';
import { contextOf, type SignedInCitizen } from './session';

/** First parts of the pages' addresses, and of the calls', where one may act for somebody of one's family. */
const within = new Set(['registration', 'booking', 'appointment', 'waiting-list', 'leftover', 'settlement']);
const withinApi = new Set([
  ...['registration', 'invitation', 'appointments', 'waiting-list', 'place-offers', 'leftover-requests'],
  'parental-consent',
]);

declare module 'fastify' {
  interface FastifyRequest {
    /** Whoever signed in as they act under one of their bonds; refuses with `familyBondUnknown` and `familyBondEnded`. */
    actUnder(familyBondId: string): Promise<Outcome<SignedInCitizen>>;
    /** What commands need to know to act under that bond, or with null for oneself; refuses like `actUnder`. */
    contextUnder(familyBondId: string | null, channel: string): Promise<Outcome<CommandContext>>;
  }
}

export const actingForPlugin = fp(
  async (app) => {
    app.decorateRequest('actUnder', async function actUnder(this: FastifyRequest, familyBondId) {
      const citizen = this.requireCitizen();
      if (citizen.station) return refused({ code: 'stationMayNot' });
      if (!uuid.test(familyBondId)) return refused({ code: 'familyBondUnknown' });
      const bond = await findActing(app.ledger.db, citizen.signedInAs, familyBondId);
      if (!bond) return refused({ code: 'familyBondUnknown' });
      if (bond.standing !== 'stands') return refused({ code: 'familyBondEnded' });
      const { kind, forKey: personKey } = bond;
      return accepted({ ...citizen, personKey, actingFor: { familyBondId, kind } });
    });

    app.decorateRequest(
      'contextUnder',
      async function contextUnder(this: FastifyRequest, familyBondId, channel) {
        const { idempotency } = this;
        const who: Outcome<SignedInCitizen> =
          familyBondId === null ? accepted(this.requireCitizen()) : await this.actUnder(familyBondId);
        if (!who.ok) return who;
        return accepted({ ...contextOf(who.value, channel), ...(idempotency && { idempotency }) });
      },
    );

    app.addHook('onRequest', async (request) => {
      const { inApi, here } = areaOf(request.url);
      if (inApi && request.headers['acting-for'] !== undefined) await byHeader(request, here);
      else if (!inApi && here) await bySession(request);
    });
  },
  { name: 'acting-for', dependencies: ['ledger', 'session'] },
);

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

async function byHeader(request: FastifyRequest, here: boolean): Promise<void> {
  const header = String(request.headers['acting-for']);
  if (!request.citizen) return;
  if (!here) throw new RefusedRequest({ code: 'actingForNotHere' });
  // What is no id at all the route's own schema refuses.
  if (!uuid.test(header)) return;
  request.citizen = acceptedValue(await request.actUnder(header));
}

async function bySession(request: FastifyRequest): Promise<void> {
  const chosen = request.session.get('actingFor');
  if (!chosen) return;
  if (!request.citizen) {
    // What was typed is kept for whom it was typed.
    if (request.personOfLapsedSession === chosen.byKey) request.personOfLapsedSession = chosen.forKey;
    return;
  }
  const acting = await request.actUnder(chosen.familyBondId);
  // The next page is one's own again.
  if (!acting.ok) request.session.set('actingFor', undefined);
  request.citizen = acceptedValue(acting);
}

function areaOf(url: string): { readonly inApi: boolean; readonly here: boolean } {
  const [first = '', second = ''] = (url.split('?', 1)[0] ?? '').slice(1).split('/');
  return first === 'v1'
    ? { inApi: true, here: withinApi.has(second) }
    : { inApi: false, here: within.has(first) };
}

/** Is a page of that address one on which one may act for somebody else? */
export function mayActForHere(url: string): boolean {
  const { inApi, here } = areaOf(url);
  return !inApi && here;
}
