/** The insurance registry for routes and pages: signing in by number and card number. */
import fp from 'fastify-plugin';

import type { Outcome } from '../../domain/refusal/refusals';
import type { InsuranceRegistry } from '../../gateways/insurance-registry/port';
import type { IdentifiedPerson } from '../../ledger/person';
import { signInByCardNumber, type CardNumberSignIn } from '../sign-in';

declare module 'fastify' {
  interface FastifyInstance {
    /** Confirms who it is; the caller then begins the session by `request.signIn`. See `api/sign-in.ts`. */
    signInByCardNumber(asked: CardNumberSignIn): Promise<Outcome<IdentifiedPerson>>;
  }
}

export interface RegistryPluginOptions {
  readonly registry: InsuranceRegistry;
  readonly floorMs?: number;
}

export const registryPlugin = fp<RegistryPluginOptions>(
  async (app, { registry, floorMs }) => {
    const parts = { app, registry, ...(floorMs === undefined ? {} : { floorMs }) };
    app.decorate('signInByCardNumber', (asked: CardNumberSignIn) => signInByCardNumber(parts, asked));
  },
  { name: 'registry', dependencies: ['ledger'] },
);
