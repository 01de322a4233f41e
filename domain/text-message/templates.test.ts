import fc from 'fast-check';
import { SegmentedMessage } from 'sms-segments-calculator';

import { obligationKinds } from '../lifecycle/obligations';
import { civilDate, civilTime, civilWindow } from './civil-words';
import {
  markedAsTest,
  renderText,
  textPurposes,
  type NameBook,
  type TextLanguage,
  type TextParameters,
  type TextPurpose,
} from './templates';

const names: NameBook = {
  site: () => ({ zh: '臺北市立聯合醫院和平院區', en: 'Taipei City Hospital Heping Branch' }),
  product: () => ({ zh: '莫德納', en: 'Moderna' }),
  round: () => ({ zh: '第八期', en: 'Round 8' }),
};
const startsAt = '2021-07-16T00:00:00.000Z';
const endsAt = '2021-07-16T01:00:00.000Z';
const appointment = {
  appointmentNumber: '2387420489',
  siteId: 'A',
  product: 'Moderna',
  doseNumber: 1,
  startsAt,
  endsAt,
};
const invitation = {
  roundId: 'r',
  product: 'Moderna',
  opensAt: startsAt,
  closesAt: '2021-07-18T04:00:00.000Z',
};
const registration = { registrationNumber: '1387420489', roundId: 'r' };

const samples: TextParameters = {
  registrationReceived: registration,
  registrationChanged: registration,
  registrationWithdrawn: registration,
  invitation,
  appointmentBooked: appointment,
  appointmentMoved: appointment,
  appointmentCancelled: { ...appointment, rebookUntil: invitation.closesAt },
  appointmentClosed: { ...appointment, reason: 'siteUnavailable', rebookUntil: invitation.closesAt },
  placeOffered: {
    siteId: appointment.siteId,
    product: appointment.product,
    startsAt: appointment.startsAt,
    endsAt: appointment.endsAt,
    expiresAt: '2021-07-15T04:00:00.000Z',
  },
  remindToBook: invitation,
  remindOfAppointment: appointment,
  offerSameDay: { ...appointment, dayEndsAt: '2021-07-16T09:00:00.000Z' },
  tellMissed: { roundId: 'r', carriedOver: true },
  tellLapsed: { roundId: 'r', carriedOver: true },
  confirmDose: { product: 'Moderna', doseNumber: 1, givenOn: '2021-07-16', nextDoseOn: '2021-08-13' },
  remindNextDose: { doseNumber: 2, dueOn: '2021-08-13' },
  assistedAct: { act: 'stopAskingLeftover', by: 'hotline', number: '3387420489' },
  familyAsked: { answerUntil: endsAt },
  familyAgreed: {},
  deviceBound: { boundAt: startsAt },
};
const render = <P extends TextPurpose>(purpose: P, language: TextLanguage, parameters = samples[purpose]) =>
  renderText(purpose, parameters, { mobileLastThree: '678', language, names });

test('every obligation has a text', () => {
  expect(textPurposes).toEqual(expect.arrayContaining([...obligationKinds]));
});

describe.each([...textPurposes])('%s', (purpose) => {
  test('opens with the last three digits of the mobile and the epidemic command centre', () => {
    expect(render(purpose, 'zh')).toMatch(/^【末三碼678】中央流行疫情指揮中心：/);
    expect(render(purpose, 'en')).toMatch(/^\(Mobile ending 678\) Central Epidemic Command Center: /);
  });

  test('says what to do if it was not you', () => {
    expect(render(purpose, 'zh')).toMatch(/非.*本人.*1922。$/);
    expect(render(purpose, 'en')).toMatch(/Not you.*1922\.$/);
  });

  test('carries no link, asks for nothing and does not speak for the health insurance', () => {
    for (const language of ['zh', 'en'] as const) {
      const text = render(purpose, language);
      expect(text).not.toMatch(/https?:|www\.|\.tw|\.com|點選|匯款|回電|健保署|健保局/i);
    }
  });

  test.each(['zh', 'en'] as const)('fits two segments in %s', (language) => {
    expect(new SegmentedMessage(render(purpose, language)).segmentsCount).toBeLessThanOrEqual(2);
  });
});

test('English texts of plain names travel in the seven-bit alphabet', () => {
  for (const purpose of textPurposes) {
    expect(new SegmentedMessage(render(purpose, 'en')).encodingName).toBe('GSM-7');
  }
});

test('times are written as the original wrote them, in Taipei', () => {
  expect(civilWindow({ startsAt, endsAt })).toEqual({
    zh: '2021/07/16 08:00~09:00',
    en: '16 Jul 2021 08:00-09:00',
  });
  expect(civilTime('2021-07-15T16:30:00.000Z').zh).toBe('2021/07/16 00:30');
  expect(civilDate('2021-12-01')).toEqual({ zh: '2021/12/01', en: '1 Dec 2021' });
});

test('a cancellation after the window closed promises no rebooking', () => {
  const closed = { ...samples.appointmentCancelled, rebookUntil: null };
  expect(render('appointmentCancelled', 'zh', closed)).toContain('預約期間已結束');
  expect(render('appointmentCancelled', 'en', closed)).not.toContain('book again');
});

test('only where a registration goes on is carrying over promised', () => {
  for (const purpose of ['tellMissed', 'tellLapsed'] as const) {
    expect(render(purpose, 'zh', { roundId: 'r', carriedOver: true })).toContain('自動轉入下一期');
    expect(render(purpose, 'zh', { roundId: 'r', carriedOver: false })).not.toContain('自動');
    expect(render(purpose, 'en', { roundId: 'r', carriedOver: false })).toContain(
      'book again when the next round',
    );
  }
});

test('a dose that ends the series announces no other', () => {
  expect(render('confirmDose', 'zh', { ...samples.confirmDose, nextDoseOn: null })).not.toContain('下一劑');
});

test('a code that no book knows is an error, never an empty name in a citizen’s hand', () => {
  const empty: NameBook = { ...names, site: (siteId) => failing(siteId) };
  const reader = { mobileLastThree: '678', language: 'zh', names: empty } as const;
  expect(() => renderText('appointmentBooked', appointment, reader)).toThrow('A is unknown');
});

function failing(siteId: string): never {
  throw new Error(`${siteId} is unknown`);
}

test('no text ever holds more of a mobile than its last three digits', () => {
  fc.assert(
    fc.property(fc.constantFrom(...textPurposes), fc.integer({ min: 0, max: 999 }), (purpose, n) => {
      const lastThree = String(n).padStart(3, '0');
      const text = renderText(purpose, samples[purpose], {
        mobileLastThree: lastThree,
        language: 'zh',
        names,
      });
      expect(text).not.toMatch(/09\d{8}/);
      expect(text.startsWith(`【末三碼${lastThree}】`)).toBe(true);
    }),
  );
});

test('number and withdrawal are called as the pages call them', () => {
  for (const purpose of ['registrationReceived', 'registrationChanged', 'registrationWithdrawn'] as const) {
    expect(render(purpose, 'zh')).toContain('登記序號1387420489');
  }
  expect(render('registrationWithdrawn', 'zh')).toContain('意願登記已取消');
});

test('a text to a test handset says that it is none before anything else', () => {
  const text = renderText('invitation', invitation, { mobileLastThree: '678', language: 'zh', names });
  expect(markedAsTest(text, 'zh')).toBe(`【測試簡訊，非正式通知】${text}`);
  expect(markedAsTest(text, 'en')).toMatch(/^\(TEST MESSAGE, NOT A NOTICE\) /);
});
