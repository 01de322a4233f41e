/** The last steps of booking and of moving: keep what was chosen, repeat it, take the place, help who lost the race. */
import type { FastifyReply, FastifyRequest, FastifyInstance } from 'fastify';

import { parseMobile } from '../domain/person-number/mobile';
import type { FreeSlot } from '../domain/refusal/refusals';
import { readDraft, saveDraft } from '../ledger/draft';
import type { Ledger } from '../ledger/database';
import { findSite, findSlot, type SiteView, type SlotView } from '../ledger/site';
import type { Words } from './words';

/** What was chosen and typed, kept sealed so that the end of a session loses nothing. */
export interface BookingAnswers {
  readonly slotId?: number;
  readonly mobile?: string;
}

/** The answers kept. */
export async function readBookingAnswers(ledger: Ledger, personKey: string): Promise<BookingAnswers> {
  const draft = await readDraft(ledger, personKey, 'booking');
  const slotId = slotIdOf(draft?.['slotId']);
  const mobile = draft?.['mobile'];
  return { ...(slotId !== undefined && { slotId }), ...(typeof mobile === 'string' && { mobile }) };
}

/** Keeps answers over those kept before. */
export async function keepBookingAnswers(
  ledger: Ledger,
  personKey: string,
  answers: BookingAnswers,
): Promise<void> {
  const before = await readBookingAnswers(ledger, personKey);
  const { slotId, mobile } = { ...before, ...answers };
  await saveDraft(ledger, personKey, 'booking', {
    ...(slotId !== undefined && { slotId: String(slotId) }),
    ...(mobile !== undefined && { mobile }),
  });
}

/** A slot's id as a form sends it. */
export function slotIdOf(text: unknown): number | undefined {
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The mobile in its one form, or as it was typed. */
export function mobileOf(typed: string): string {
  const parsed = parseMobile(typed);
  return 'mobile' in parsed ? parsed.mobile : typed;
}

/** A window with its site, for the page that repeats it. */
export async function slotWithSite(
  app: FastifyInstance,
  slotId: number | undefined,
): Promise<(SlotView & { readonly site: SiteView }) | undefined> {
  return slotId === undefined ? undefined : findSlot(app.ledger.db, slotId);
}

/** Where and when, in rows. */
export function placeRows(
  slot: Pick<SlotView, 'startsAt' | 'endsAt'> & { readonly site: SiteView },
  productName: string,
  words: Words,
) {
  const { t } = words;
  const { site } = slot;
  return [
    { key: t.appointment.when, value: words.window(slot.startsAt, slot.endsAt) },
    {
      key: t.appointment.where,
      value: words.inLanguage(site.nameZh, site.nameEn),
      note: words.inLanguage(site.addressZh, site.addressEn),
    },
    { key: t.appointment.product, value: productName },
    { key: t.appointment.note, value: words.inLanguage(site.noteZh, site.noteEn) },
  ];
}

/** Who lost the race reads of the next free windows; one press takes one, nothing is typed again. */
export async function racePage(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
  alternatives: readonly FreeSlot[],
  page: {
    readonly action: string;
    readonly moving: boolean;
    readonly search: string;
    readonly carried: object;
  },
): Promise<FastifyReply> {
  const { words } = request;
  const { t } = words;
  const offers = [];
  for (const slot of alternatives) {
    const site = await findSite(app.ledger.db, slot.siteId);
    if (!site) continue;
    offers.push({
      slotId: slot.slotId,
      when: words.window(slot.startsAt, slot.endsAt),
      site: words.inLanguage(site.nameZh, site.nameEn),
      address: words.inLanguage(site.addressZh, site.addressEn),
      left: t.booking.left(slot.left),
    });
  }
  const text = page.moving ? t.booking.raceMoveText : t.booking.raceText;
  return reply.page(
    'booking/race.njk',
    {
      title: t.booking.raceTitle,
      text: offers.length > 0 ? text : t.booking.raceNone,
      take: page.moving ? t.booking.raceTakeMove : t.booking.raceTake,
      offers,
      ...page,
      returnTo: page.search,
    },
    409,
  );
}
