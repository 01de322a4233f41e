/** The API and the pages as one Fastify app: a table of contents. */
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox';
import { Settings } from 'typebox/system';
import fastify, { LogController, type FastifyInstance, type FastifyPluginAsync } from 'fastify';

import type { Carriers } from '../gateways/carriers/port';
import type { InsuranceRegistry } from '../gateways/insurance-registry/port';
import type { Ledger } from '../ledger/database';
import { logging } from './logging';
import { actingForPlugin } from './plugins/acting-for';
import { actsPlugin } from './plugins/acts';
import { browserMarkPlugin } from './plugins/browser-mark';
import { captchaPlugin, type CaptchaTries } from './plugins/captcha';
import { cardProofsPlugin } from './plugins/card-proofs';
import { certificateProofsPlugin, type CertificateAuthorities } from './plugins/certificate-proofs';
import { deviceProofPlugin } from './plugins/device-proof';
import { heldAnswersPlugin } from './plugins/held-answers';
import { idempotencyPlugin } from './plugins/idempotency';
import { jsonBodyPlugin } from './plugins/json-body';
import { ledgerPlugin } from './plugins/ledger';
import { loadReportPlugin } from './plugins/load-report';
import { limitsPlugin, type Guarded, type LimitSettings } from './plugins/limits';
import { metricsPlugin } from './plugins/metrics';
import { notFoundPlugin } from './plugins/not-found';
import { openApiPlugin } from './plugins/openapi';
import { operatorPlugin } from './plugins/operator';
import { originPlugin } from './plugins/origin';
import { placesPlugin } from './plugins/places';
import { pressurePlugin } from './plugins/pressure';
import { pageOfUnreadable, refusalsPlugin, refuseUnroutable } from './plugins/refusals';
import { requestLogPlugin } from './plugins/request-log';
import { securityHeadersPlugin } from './plugins/security-headers';
import { sessionPlugin } from './plugins/session';
import { readBackPlugin } from './plugins/read-back';
import { stationFencePlugin } from './plugins/station-fence';
import { tracingPlugin } from './plugins/tracing';
import { waitingRoomPlugin, type WaitingRoomOptions } from './plugins/waiting-room';
import type { EngineState } from './readiness';
import { operationsRoutes } from './routes/operations';
import { appointmentRoutes } from './routes/v1/appointments';
import { boundDeviceRoutes } from './routes/v1/bound-devices';
import { captchaRoutes } from './routes/v1/captcha';
import { cardBridgeRoutes } from './routes/v1/card-bridges';
import { deviceCodeRoutes } from './routes/v1/device-codes';
import { cardAccountRoutes } from './routes/v1/card-account';
import { familyRoutes } from './routes/v1/family';
import { familyAppointmentRoutes } from './routes/v1/family-appointments';
import { stationCardAccountRoutes } from './routes/v1/counter-card-accounts';
import { invitationRoutes } from './routes/v1/invitation';
import { leftoverRoutes } from './routes/v1/leftover';
import { mobileAuthenticationRoutes } from './routes/v1/mobile-authentications';
import { quickLookupRoutes } from './routes/v1/quick-lookups';
import { registrationRoutes } from './routes/v1/registration';
import { roundRoutes } from './routes/v1/rounds';
import { sessionRoutes } from './routes/v1/sessions';
import { signInRoutes } from './routes/v1/sign-ins';
import { settlementRoutes } from './routes/v1/settlement';
import { siteRoutes } from './routes/v1/sites';
import { invitationWaveRoutes } from './routes/v1/staff/invitation-waves';
import { staffCardBridgeRoutes } from './routes/v1/staff/card-bridges';
import { closureRoutes } from './routes/v1/staff/closures';
import { operatorRoutes } from './routes/v1/staff/operators';
import { staffCardAccountRoutes } from './routes/v1/staff/card-accounts';
import { parentalConsentRoutes } from './routes/v1/staff/parental-consents';
import { sessionEndingRoutes } from './routes/v1/staff/session-endings';
import { settlementStaffRoutes } from './routes/v1/staff/settlements';
import { testHandsetRoutes } from './routes/v1/staff/test-handsets';
import { staffWaitingRoomRoutes } from './routes/v1/staff/waiting-room';
import { stationRoutes } from './routes/v1/station';
import { stationAssistanceRoutes } from './routes/v1/station-assistance';
import { stationLeftoverRoutes } from './routes/v1/station-leftover';
import { stationSessionRoutes } from './routes/v1/station-sessions';
import { waitingListRoutes } from './routes/v1/waiting-list';
import { waitingRoomRoutes } from './routes/v1/waiting-room';
import { serializerWhenAsked } from './serializers';

/** What the app is built from; processes and tests bring their own. */
export interface AppParts {
  readonly ledger: Ledger;
  readonly registry: InsuranceRegistry;
  /** Without it no mobile number is confirmed (手機快速認證). */
  readonly carriers?: Carriers;
  /** Without them nobody comes in by a Citizen Digital Certificate (自然人憑證). */
  readonly certificateAuthorities?: CertificateAuthorities;
  /** 32 bytes each. */
  readonly sessionKey: Buffer;
  readonly captchaKey: Buffer;
  /** e.g. `https://vaccine.example`; empty when citizens reach the app under its own address. */
  readonly publicOrigin: string;
  /** Addresses of proxies whose `X-Forwarded-For` counts, comma-separated; empty for none. */
  readonly trustedProxies?: string;
  readonly logLevel?: string;
  readonly logStream?: { write(line: string): void };
  /** Other limits and another answering time than the usual ones, for tests. */
  readonly limits?: Readonly<Record<Guarded, LimitSettings>>;
  readonly signInFloorMs?: number;
  readonly captchaTries?: CaptchaTries;
  /** The engine as last seen, for `/readyz`. */
  readonly engineState?: () => EngineState;
  /** How late the event loop may be before people are turned away; 0, the default, for never. */
  readonly maxEventLoopDelayMs?: number;
  /** How many statements and how many bookings may wait before people are turned away; 0, the default, for any number. */
  readonly maxLedgerQueue?: number;
  readonly maxBookingQueue?: number;
  /** The line before signing in; without it there is none. */
  readonly waitingRoom?: Pick<WaitingRoomOptions, 'perSecond' | 'holdMinutes' | 'lookEveryMs'>;
  /** Measure the process too; one app a process may. */
  readonly measureProcess?: boolean;
  /** A span for each request; the process has to have started tracing. */
  readonly traced?: boolean;
  /** The pages; without them there is only the API. */
  readonly pages?: FastifyPluginAsync;
}

const v1 = { prefix: '/v1' };
const staff = { prefix: '/v1/staff' };

/** Builds the app; it neither listens nor needs the database to be up. */
export async function buildApp(parts: AppParts): Promise<FastifyInstance> {
  const secure = parts.publicOrigin.startsWith('https:');
  const app = fastify({
    logger: logging(parts.logLevel ?? 'info', parts.logStream) ?? false,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 64 * 1024,
    trustProxy: parts.trustedProxies ? parts.trustedProxies.split(',').map((proxy) => proxy.trim()) : false,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: true,
    frameworkErrors: refuseUnroutable,
    rewriteUrl: pageOfUnreadable,
  });
  // Each way in has a body of its own: with fewer errors than all of theirs, the one that was meant cannot be told.
  Settings.Set({ maxErrors: 64 });
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  app.setSerializerCompiler(serializerWhenAsked);

  await app.register(refusalsPlugin);
  await app.register(notFoundPlugin);
  await app.register(requestLogPlugin);
  if (parts.traced) await app.register(tracingPlugin);
  await app.register(heldAnswersPlugin);
  await app.register(securityHeadersPlugin, { secure });
  await app.register(jsonBodyPlugin);
  await app.register(originPlugin, { publicOrigin: parts.publicOrigin });
  await app.register(ledgerPlugin, { ledger: parts.ledger });
  await app.register(loadReportPlugin);
  await app.register(placesPlugin);
  await app.register(pressurePlugin, {
    maxEventLoopDelayMs: parts.maxEventLoopDelayMs ?? 0,
    maxLedgerQueue: parts.maxLedgerQueue ?? 0,
    maxBookingQueue: parts.maxBookingQueue ?? 0,
  });
  await app.register(captchaPlugin, {
    key: parts.captchaKey,
    ...(parts.captchaTries && { tries: parts.captchaTries }),
  });
  await app.register(limitsPlugin, parts.limits ? { settings: parts.limits } : {});
  await app.register(idempotencyPlugin);
  await app.register(sessionPlugin, { key: parts.sessionKey, secure });
  await app.register(browserMarkPlugin, { key: parts.sessionKey, secure });
  await app.register(stationFencePlugin);
  await app.register(actingForPlugin);
  await app.register(readBackPlugin);
  await app.register(operatorPlugin);
  await app.register(cardProofsPlugin);
  await app.register(certificateProofsPlugin, { authorities: parts.certificateAuthorities });

  await app.register(metricsPlugin, { ofProcess: parts.measureProcess ?? false });
  await app.register(waitingRoomPlugin, {
    ...(parts.waitingRoom ?? { perSecond: 0, holdMinutes: 0 }),
    key: parts.sessionKey,
    secure,
  });
  await app.register(deviceProofPlugin, { key: parts.sessionKey });
  await app.register(actsPlugin, {
    registry: parts.registry,
    ...(parts.carriers && { carriers: parts.carriers }),
    ...(parts.signInFloorMs !== undefined && { signInFloorMs: parts.signInFloorMs }),
  });
  await app.register(openApiPlugin, { secure });

  await app.register(operationsRoutes, { engineState: parts.engineState ?? (() => 'unknown') });
  await app.register(captchaRoutes, v1);
  await app.register(sessionRoutes, v1);
  await app.register(signInRoutes, v1);
  await app.register(cardBridgeRoutes, v1);
  await app.register(boundDeviceRoutes, v1);
  await app.register(deviceCodeRoutes, v1);
  await app.register(roundRoutes, v1);
  await app.register(settlementRoutes, v1);
  await app.register(registrationRoutes, v1);
  await app.register(invitationRoutes, v1);
  await app.register(siteRoutes, v1);
  await app.register(appointmentRoutes, v1);
  await app.register(waitingListRoutes, v1);
  await app.register(familyRoutes, v1);
  await app.register(familyAppointmentRoutes, v1);
  await app.register(leftoverRoutes, v1);
  await app.register(quickLookupRoutes, v1);
  await app.register(cardAccountRoutes, v1);
  await app.register(mobileAuthenticationRoutes, v1);
  await app.register(stationRoutes, v1);
  await app.register(stationLeftoverRoutes, v1);
  await app.register(stationSessionRoutes, v1);
  await app.register(stationAssistanceRoutes, v1);
  await app.register(stationCardAccountRoutes, v1);
  await app.register(waitingRoomRoutes, v1);
  await app.register(operatorRoutes, staff);
  await app.register(parentalConsentRoutes, staff);
  await app.register(sessionEndingRoutes, staff);
  await app.register(settlementStaffRoutes, staff);
  await app.register(invitationWaveRoutes, staff);
  await app.register(testHandsetRoutes, staff);
  await app.register(staffWaitingRoomRoutes, staff);
  await app.register(closureRoutes, staff);
  await app.register(staffCardBridgeRoutes, staff);
  await app.register(staffCardAccountRoutes, staff);
  if (parts.pages) await app.register(parts.pages);
  return app;
}
