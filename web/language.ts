/** The language of a page: asked for by `?lang=`, kept in a cookie, else the browser's, else Chinese. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { languageOf as acceptedLanguage, type Language } from '../api/problems';
import { en } from './texts/en';
import { zh, type Texts } from './texts/zh';

export type { Language };

/** What stands in the `lang` attribute. */
export const htmlLanguage: Record<Language, string> = { zh: 'zh-Hant-TW', en: 'en' };

const texts: Record<Language, Texts> = { zh, en };
const cookieName = 'language';
const yearSeconds = 365 * 24 * 3600;

/** The table of texts of a language. */
export function textsIn(language: Language): Texts {
  return texts[language];
}

/** The language in which this request is answered. */
export function languageOf(request: FastifyRequest): Language {
  const asked = askedLanguage(request);
  if (asked) return asked;
  const kept = request.cookies[cookieName];
  if (isLanguage(kept)) return kept;
  return acceptedLanguage(request.headers['accept-language']);
}

/** Keeps a language that was asked for by `?lang=`. */
export function keepAskedLanguage(request: FastifyRequest, reply: FastifyReply, secure: boolean): void {
  const asked = askedLanguage(request);
  if (!asked || request.cookies[cookieName] === asked) return;
  void reply.setCookie(cookieName, asked, {
    path: '/',
    maxAge: yearSeconds,
    sameSite: 'lax',
    httpOnly: true,
    secure,
  });
}

/**
 * This page's address with another language asked for. A page that answers a form has one only where the form's
 * address can be read too; else it is `instead`, the page that the form stood on.
 */
export function addressIn(request: FastifyRequest, language: Language, instead = '/'): string {
  const path = request.url.split('?', 1)[0] ?? '/';
  const readable = request.method === 'GET' || request.server.hasRoute({ method: 'GET', url: path });
  const url = new URL(readable ? request.url : instead, 'http://page.invalid');
  url.searchParams.set('lang', language);
  return `${url.pathname}${url.search}`;
}

function askedLanguage(request: FastifyRequest): Language | undefined {
  const { lang } = (request.query ?? {}) as { lang?: unknown };
  return isLanguage(lang) ? lang : undefined;
}

function isLanguage(value: unknown): value is Language {
  return value === 'zh' || value === 'en';
}
