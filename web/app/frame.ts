/** What is the same on all of the app's pages, and when other pages stand in the app's frame. */
import type { FastifyRequest } from 'fastify';

import type { Words } from '../words';

declare module '@fastify/secure-session' {
  interface SessionData {
    /** The person came in from the app: journeys show the app's navigation, and signing in again leads there. */
    app: true | undefined;
  }
}

/** Is this page shown in the app's frame? */
export function isInApp(request: FastifyRequest): boolean {
  return /^\/app(?:[/?]|$)/.test(request.url) || request.session?.get('app') === true;
}

/** The app's navigation. */
export function appNavigation({ t }: Words) {
  return [
    { href: '/app', text: t.app.home },
    { href: '/app/otp', text: t.app.otp },
    { href: '/registration', text: t.service.registration },
    { href: '/booking', text: t.service.booking },
    { href: '/appointment', text: t.service.appointment },
  ];
}

/** What the app's script says. */
export function appWords({ t }: Words) {
  return { trouble: t.app.trouble, left: t.app.otpLeft('%s') };
}
