/**
 * The sender of mails: each under one Message-ID however often it is tried, so that a repeat can be known. A sender
 * that was killed leaves its mails to be taken up when their lease ends.
 */
import { Counter, Gauge, type Registry } from 'prom-client';

import { mailText } from '../domain/mail/templates';
import type { MailGateway, MailOutcome } from '../gateways/mail/port';
import type { Ledger } from '../ledger/database';
import {
  claimMails,
  mailsWaiting,
  recordMailTry,
  type ClaimedMail,
  type MailTry,
} from '../ledger/mail-message';
import type { WorkerLog } from './log';
import { Outage } from './outage';
import type { Running } from './process';
import { inLanes, repeat } from './repeating';

export interface MailDeliveryOptions {
  readonly ledger: Ledger;
  readonly gateway: MailGateway;
  /** Where citizens reach the pages, e.g. `https://vaccine.example`: links lead there. */
  readonly publicOrigin: string;
  readonly log: WorkerLog;
  readonly metrics: Registry;
  /** Longer than a whole conversation with the server may take. */
  readonly leaseMs?: number;
  readonly idleMs?: number;
  /** Before a mail that the server does not take now is tried again; doubled with each try. */
  readonly firstPauseMs?: number;
}

const defaults = { leaseMs: 120_000, idleMs: 500, firstPauseMs: 30_000 } as const;
const batch = 16;
const atOnce = 2;
const longestPauseMs = 30 * 60_000;
/** A server that goes on putting us off for a day refuses. */
const giveUpAfterMs = 24 * 3_600_000;

/** Starts sending; it goes on through outages of the mail server and of the ledger until it is stopped. */
export function startMailDelivery(options: MailDeliveryOptions): Running {
  const { ledger, gateway, log, leaseMs, idleMs, firstPauseMs } = { ...defaults, ...options };
  const serverOutage = new Outage('the mail server', log);
  const ledgerOutage = new Outage('the ledger', log);
  const outcomes = measureMails(ledger, options.metrics);
  const host = new URL(options.publicOrigin).hostname;

  const send = (mail: ClaimedMail): Promise<MailOutcome> => {
    const link =
      mail.token === null ? '' : new URL(`/account/confirm?token=${mail.token}`, options.publicOrigin).href;
    const { subject, text } = mailText(mail.purpose, mail.language, { link, parameters: mail.parameters });
    return gateway.send({ messageId: `${mail.mailMessageId}@${host}`, to: mail.to, subject, text });
  };

  async function turn(): Promise<number> {
    const mails = await claimMails(ledger, { limit: batch, leaseMs });
    ledgerOutage.over();
    let waitMs = mails.length === batch ? 0 : idleMs;
    await inLanes(mails, atOnce, async (mail) => {
      const outcome = await send(mail);
      outcomes.inc({ outcome: outcome.kind });
      if (outcome.kind === 'unreachable') {
        waitMs = serverOutage.failed(Object.assign(new Error('no answer'), { code: outcome.code }));
      } else {
        serverOutage.over();
      }
      const tried = tryOf(mail, outcome, firstPauseMs, waitMs);
      if (tried.kind === 'refused') {
        log.warn('a mail was refused', { mailMessageId: mail.mailMessageId, code: tried.code });
      }
      await recordMailTry(ledger.db, mail.mailMessageId, tried);
      return true;
    });
    return waitMs;
  }

  return repeat(turn, (error) => ledgerOutage.failed(error));
}

function tryOf(mail: ClaimedMail, outcome: MailOutcome, firstPauseMs: number, outageMs: number): MailTry {
  switch (outcome.kind) {
    case 'accepted':
      return { kind: 'sent' };
    case 'refused':
      return { kind: 'refused', code: outcome.code };
    case 'later': {
      if (Date.now() - Date.parse(mail.createdAt) > giveUpAfterMs)
        return { kind: 'refused', code: outcome.code };
      const afterMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(mail.attempts - 1, 10));
      return { kind: 'again', afterMs, code: outcome.code, ours: false };
    }
    case 'unreachable':
      return { kind: 'again', afterMs: outageMs, code: outcome.code, ours: true };
    default:
      throw new Error(`no such outcome: ${String(outcome satisfies never)}`);
  }
}

function measureMails(ledger: Ledger, registry: Registry): Counter<'outcome'> {
  const registers = [registry];
  const oldest = new Gauge({
    name: 'mails_oldest_waiting_seconds',
    help: 'How long the oldest mail has waited to be sent',
    registers,
  });
  new Gauge({
    name: 'mails_waiting',
    help: 'Mails that are not sent yet',
    registers,
    async collect() {
      const { count, oldestSeconds } = await mailsWaiting(ledger.db);
      this.set(count);
      oldest.set(oldestSeconds);
    },
  });
  return new Counter({
    name: 'mails_tried_total',
    help: 'Tries to send a mail, by what the server said',
    labelNames: ['outcome'],
    registers,
  });
}
