import { readFileSync } from 'node:fs';
import path from 'node:path';

import { projectRoot } from '../config/project-root';
import { problemCodes, problemTexts } from './problem-texts';
import { languageOf, problemDocument, problemHeaders, statusOf } from './problems';

describe('the table of problems', () => {
  test.each(problemCodes)('%s has a status of an error, and both texts', (code) => {
    const { status, zh, en } = problemTexts[code];
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    for (const text of [zh.title, zh.detail]) expect(text).toMatch(/[\u4e00-\u9fff]/);
    for (const text of [en.title, en.detail]) expect(text).toMatch(/^[A-Z][\x20-\x7e]+$/);
  });

  test('every refusal of the domain is in it, and nothing that no part of the service says', () => {
    const source = readFileSync(path.join(projectRoot, 'domain/refusal/refusals.ts'), 'utf8');
    const refusals = [...source.matchAll(/readonly code: '(\w+)'/g)].map(([, code]) => code);
    expect(problemCodes).toEqual(expect.arrayContaining(refusals));
    const service = problemCodes.filter((code) => !refusals.includes(code));
    expect(service.sort()).toEqual([
      'bodyTooLarge',
      'internalError',
      'ledgerUnavailable',
      'mediaTypeUnsupported',
      'methodNotAllowed',
      'notReady',
      'originRefused',
      'overloaded',
      'waitingRoom',
    ]);
  });

  test('texts never promise an advantage to the early, and no arrears, transfers or links', () => {
    for (const { zh, en } of Object.values(problemTexts)) {
      expect(`${zh.detail}${en.detail}`).not.toMatch(/https?:|欠費|轉帳|匯款/);
    }
  });
});

describe('a problem document', () => {
  test('carries what the refusal carries, and keeps `status` for HTTP', () => {
    const document = problemDocument({ code: 'appointmentNotLive', status: 'cancelled' }, 'en');
    expect(document).toMatchObject({
      type: 'urn:yiyue:problem:appointmentNotLive',
      status: 409,
      appointmentStatus: 'cancelled',
      title: problemTexts.appointmentNotLive.en.title,
      zh: problemTexts.appointmentNotLive.zh,
    });
  });

  test('says when to come again, and which methods there are', () => {
    expect(problemHeaders({ code: 'tooManyAttempts', retryAfterSeconds: 61 })).toEqual({
      'retry-after': '61',
    });
    expect(problemHeaders({ code: 'methodNotAllowed', allow: ['GET', 'PUT'] })).toEqual({
      allow: 'GET, PUT',
    });
    expect(statusOf('tooManyAttempts')).toBe(429);
  });
});

test.each([
  [undefined, 'zh'],
  ['', 'zh'],
  ['en', 'en'],
  ['en-GB,en;q=0.9', 'en'],
  ['zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7', 'zh'],
  ['en;q=0.9, zh-TW', 'zh'],
  ['zh;q=0.1, EN;q=0.5', 'en'],
  ['fr', 'zh'],
  ['*', 'zh'],
  ['en;q=0', 'zh'],
  ['en;q=broken', 'en'],
  [`${'x,'.repeat(100_000)}en`, 'zh'],
])('Accept-Language %p is answered in %s', (header, language) => {
  expect(languageOf(header)).toBe(language);
});
