/** What citizens and stations can do, for the API's routes and the pages alike; every outcome is counted here. */
import type { FastifyInstance } from 'fastify';
import fp from 'fastify-plugin';

import { tracer } from '../../config/tracing';
import type { Outcome } from '../../domain/refusal/refusals';
import type { Carriers } from '../../gateways/carriers/port';
import type { InsuranceRegistry, PersonLookup } from '../../gateways/insurance-registry/port';
import { tellOfAssistance } from '../../ledger/assistance-text';
import { recordAttendance } from '../../ledger/attendance';
import { bookAndShow, cancel, move } from '../../ledger/booking';
import type { CommandContext } from '../../ledger/citizen-command';
import type { Ledger } from '../../ledger/database';
import { askLeftover, stopAskingLeftover } from '../../ledger/leftover-request';
import { endLeftoverTurn } from '../../ledger/leftover-turn';
import { acceptOffer, declineOffer } from '../../ledger/place-offer-answer';
import { bookNeighbours } from '../../ledger/neighbour-booking';
import { register, withdraw } from '../../ledger/registration';
import { disownSignIn } from '../../ledger/disowned-sign-in';
import { joinWaitingList, leaveWaitingList } from '../../ledger/waiting-list';
import { readCardStatus } from '../card-status';
import * as devices from '../device-acts';
import { accountActs } from '../card-account/account-acts';
import {
  authenticateMobile,
  bindByMobile,
  setPasswordByMobile,
  type BindingByMobile,
  type MobileAsked,
  type PasswordByMobile,
} from '../mobile-authentication';
import { familyActs } from '../family-acts';
import { lookUp, type LookupAsked } from '../quick-lookup';
import { confirmBy, type BodyOf, type OpenMethod } from '../sign-in/ways';
import type { SignInFrom } from '../sign-in/way-in';
import { identifyAtStation, identifyByCard, type CardRead } from '../station-identity';
import type { CountedAct } from './metrics';

type Command<Context, Wish, T> = (ledger: Ledger, context: Context, wish: Wish) => Promise<Outcome<T>>;

export interface ActsPluginOptions {
  readonly registry: InsuranceRegistry;
  readonly carriers?: Carriers;
  /** Other than the usual answering time of signing in, for tests. */
  readonly signInFloorMs?: number;
}

/** Above what registry and ledger need for a card when they are well. */
const accountFloorMs = 350;

function actsOf(app: FastifyInstance, { registry, carriers, signInFloorMs }: ActsPluginOptions) {
  const signIn = { app, registry, ...(signInFloorMs !== undefined && { floorMs: signInFloorMs }) };
  const counted = <T>(act: CountedAct, work: () => Promise<Outcome<T>>): Promise<Outcome<T>> =>
    tracer.startActiveSpan(act, async (span) => {
      try {
        const outcome = await work();
        app.countAct(act, outcome);
        span.setAttribute('outcome', outcome.ok ? 'accepted' : outcome.refusal.code);
        return outcome;
      } finally {
        span.end();
      }
    });
  const onLedger =
    <Context, Wish, T>(act: CountedAct, command: Command<Context, Wish, T>) =>
    (context: Context, wish: Wish): Promise<Outcome<T>> =>
      counted(act, () => command(app.ledger, context, wish));
  /** An act of a citizen's session: where staff or family did it, the person is told at once. A sweep makes up for a crash here. */
  const forCitizen = <Wish, T>(act: CountedAct, command: Command<CommandContext, Wish, T>) => {
    const onCommand = onLedger(act, command);
    return async (context: CommandContext, wish: Wish): Promise<Outcome<T>> => {
      const outcome = await onCommand(context, wish);
      if (outcome.ok && (context.actor === 'staff' || context.inFamily))
        await tellOfAssistance(app.ledger, context.personKey);
      return outcome;
    };
  };
  return {
    /** Confirms who it is; the caller then begins the session by `request.signIn`. */
    signIn: <Method extends OpenMethod>(method: Method, body: BodyOf<Method>, from: SignInFrom) =>
      counted('signIn', async () => {
        const outcome = await confirmBy(signIn, method, body, from);
        app.countSignIn(method, outcome);
        return outcome;
      }),
    /** "This was not me": ends the person's other sessions, and forgets address and browser that came in so. */
    disownSignIn: async (context: CommandContext, wish: { readonly signInId: string }) => {
      const outcome = await counted('disownSignIn', () => disownSignIn(app.ledger, context, wish));
      if (!outcome.ok) return outcome;
      await app.limits.forget(outcome.value.knownAs);
      if (outcome.value.isNew) app.countDisowned(outcome.value.method);
      return outcome;
    },
    /** Whose card a station's bridge has read; the caller then begins the session by `request.signIn`. */
    signInByCard: (card: CardRead) => counted('signIn', () => identifyByCard({ app, registry }, card)),
    /** Who has that number and birth date, for a station that may look people up. */
    identifyAtStation: (lookup: PersonLookup) =>
      counted('signIn', () => identifyAtStation({ app, registry }, lookup)),
    authenticateMobile: (asked: MobileAsked) =>
      counted('authenticateMobile', () => authenticateMobile({ ...signIn, carriers }, asked)),
    setPasswordByMobile: (asked: PasswordByMobile) =>
      counted('setPasswordByMobile', () => setPasswordByMobile(app, asked)),
    bindByMobile: (asked: BindingByMobile) => counted('bindByMobile', () => bindByMobile(app, asked)),
    lookUp: (asked: LookupAsked) => counted('lookUp', () => lookUp(app, asked)),
    register: forCitizen('register', register),
    withdraw: forCitizen('withdraw', withdraw),
    book: forCitizen('book', bookAndShow),
    move: forCitizen('move', move),
    cancel: forCitizen('cancel', cancel),
    attend: onLedger('attend', recordAttendance),
    joinWaitingList: forCitizen('joinWaitingList', joinWaitingList),
    leaveWaitingList: forCitizen('leaveWaitingList', leaveWaitingList),
    acceptOffer: forCitizen('acceptOffer', acceptOffer),
    declineOffer: forCitizen('declineOffer', declineOffer),
    askLeftover: forCitizen('askLeftover', askLeftover),
    stopAskingLeftover: forCitizen('stopAskingLeftover', stopAskingLeftover),
    phoneLeftover: onLedger('phoneLeftover', endLeftoverTurn),
    readCard: (personKey: string) => counted('readCard', () => readCardStatus(app, registry, personKey)),
    bindDevice: (asked: devices.BindingAsked) => counted('bindDevice', () => devices.bindByCode(app, asked)),
    renameDevice: (acting: CommandContext, wish: devices.Renaming) =>
      counted('renameDevice', () => devices.renameDevice(app, acting, wish)),
    removeDevice: (acting: CommandContext, wish: devices.Removal) =>
      counted('removeDevice', () => devices.removeDevice(app, acting, wish)),
    makeDeviceCode: (acting: CommandContext) =>
      counted('makeDeviceCode', () => devices.makeCode(app, acting)),
    produceAppOtp: (acting: CommandContext) =>
      counted('produceAppOtp', () => devices.produceOtp(app, acting)),
    /** Books for two people of a family, both or neither; who was acted for is told like after any such act. */
    bookNeighbours: async (wishes: Parameters<typeof bookNeighbours>[1]) => {
      const outcome = await counted('bookNeighbours', () => bookNeighbours(app.ledger, wishes));
      for (const { context } of outcome.ok ? wishes : []) {
        if (context.inFamily) await tellOfAssistance(app.ledger, context.personKey);
      }
      return outcome;
    },
    family: familyActs({ app, registry, floorMs: signInFloorMs ?? accountFloorMs }, counted),
    cardAccount: accountActs({ app, registry, floorMs: signInFloorMs ?? accountFloorMs }, counted),
  };
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Each answers the outcome; who answers JSON throws the refusal by `acceptedValue`, pages show it. */
    readonly acts: ReturnType<typeof actsOf>;
  }
}

export const actsPlugin = fp<ActsPluginOptions>(
  async (app, options) => {
    app.decorate('acts', actsOf(app, options));
  },
  { name: 'acts', dependencies: ['ledger', 'captcha', 'limits', 'metrics', 'device-proof'] },
);
