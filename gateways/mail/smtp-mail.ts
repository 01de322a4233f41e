/** The mail server by SMTP (RFC 5321), over nodemailer. */
import { createTransport } from 'nodemailer';

import type { MailGateway, MailOutcome } from './port';

export interface SmtpMailSettings {
  /** `smtp(s)://user:password@host:port`. */
  readonly url: string;
  /** The sender as it stands in the mail, e.g. `健保卡網路服務 <noreply@vaccine.example>`. */
  readonly from: string;
  /** Refuse a server that offers no TLS; `smtps:` has it from the first byte. */
  readonly requireTls: boolean;
  /** How long a step of the conversation may take. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 15_000;
/** Mails of accounts are few; a mail server counts connections. */
const connections = 2;

/** Opens the gateway; it connects with the first mail and again after a loss. */
export function createSmtpMail(settings: SmtpMailSettings): MailGateway {
  const url = new URL(settings.url);
  const secure = url.protocol === 'smtps:';
  const timeoutMs = settings.timeoutMs ?? defaultTimeoutMs;
  const transport = createTransport({
    pool: true,
    maxConnections: connections,
    host: url.hostname,
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS: settings.requireTls && !secure,
    // A server that offers TLS with a certificate of its own making is no worse than one without; where it counts, TLS is required.
    tls: { rejectUnauthorized: settings.requireTls },
    ...(url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  // Of a pooled connection that ended while idle; the next mail opens another.
  transport.on('error', () => undefined);
  return {
    async send(mail) {
      try {
        await transport.sendMail({
          from: settings.from,
          to: mail.to,
          subject: mail.subject,
          text: mail.text,
          messageId: `<${mail.messageId}>`,
          // Vacation notes and lists shall not answer a machine (RFC 3834).
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        });
        return { kind: 'accepted' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    async close() {
      transport.close();
    },
  };
}

/** Steps of the conversation that are about this mail; what is refused in others is about us or the server. */
const aboutTheMail = new Set(['EENVELOPE', 'EMESSAGE', 'ESTREAM']);

function outcomeOf(error: unknown): MailOutcome {
  const { code = 'EUNKNOWN', responseCode } = error as { code?: string; responseCode?: number };
  if (responseCode === undefined || !aboutTheMail.has(code)) {
    return { kind: 'unreachable', code: String(responseCode ?? code) };
  }
  return { kind: responseCode >= 500 ? 'refused' : 'later', code: String(responseCode) };
}
