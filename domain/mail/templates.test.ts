import { mailPurposes, mailText } from './templates';

const link = 'https://vaccine.example/account/confirm?token=abc';
const until = '2031-07-04T00:00:00.000Z';

describe.each(mailPurposes)('the mail %s', (purpose) => {
  test.each(['zh', 'en'] as const)(
    'in %s says who to call or what to press, and keeps its lines whole',
    (language) => {
      const { subject, text } = mailText(purpose, language, { link, parameters: { until } });
      expect(subject).not.toMatch(/[\r\n]/);
      const confirms = purpose.startsWith('confirm') || purpose.startsWith('remind');
      expect(text.includes(link)).toBe(confirms);
      expect(text.includes('2031/07/04 08:00') || text.includes('4 Jul 2031 08:00')).toBe(confirms);
      expect(text).toMatch(confirms ? /確認|Confirm/ : /0800-030-598/);
      expect(text).not.toMatch(/undefined|null/);
    },
  );
});
