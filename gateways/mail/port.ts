/** What Yiyue asks of a mail server: take one plain mail to one person. */

/** A mail to be sent. `messageId` stays the same however often it is tried: a repeat can be known by it. */
export interface OutgoingMail {
  /** Without angle brackets, e.g. `6f1c…@vaccine.example`. */
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** What became of a try. `code` is the server's three digits or the connection's error, never words. */
export type MailOutcome =
  | { readonly kind: 'accepted' }
  /** 5xx: this server will never take this mail. */
  | { readonly kind: 'refused'; readonly code: string }
  /** 4xx: it may take it later. */
  | { readonly kind: 'later'; readonly code: string }
  /** No answer, or none that is about this mail: it may or may not have been taken. */
  | { readonly kind: 'unreachable'; readonly code: string };

export interface MailGateway {
  /** Never rejects: whatever goes wrong is an outcome. */
  send(mail: OutgoingMail): Promise<MailOutcome>;
  close(): Promise<void>;
}
