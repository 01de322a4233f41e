import fc from 'fast-check';

import { followWay, questions, ways, type QuestionId, type Way } from './which-way';

/** A person as the three questions of seed 003 see them. */
interface Situation {
  readonly national: boolean;
  readonly phone: 'own' | 'other' | 'none';
  readonly mobileData: boolean;
  readonly reader: boolean;
  readonly card: 'nhiCard' | 'certificate';
}

/** The tree of seed 003, said in one breath and without ours. */
function waySaidBySeed({ national, phone, mobileData, reader, card }: Situation): Way {
  // Ours beyond the seed, which is about phones alone.
  if (phone === 'none') return 'withoutPhone';
  if (national && phone === 'own' && mobileData) return 'quickAuthentication';
  if (!reader) return 'counter';
  return card === 'nhiCard' ? 'cardRegistration' : 'certificate';
}

/** What this person answers to each question. */
function answersOf({ national, phone, mobileData, reader, card }: Situation): Record<QuestionId, string> {
  const yes = (said: boolean) => (said ? 'yes' : 'no');
  return {
    nationality: national ? 'national' : 'foreign',
    phone,
    mobileData: yes(mobileData),
    anyPhone: yes(phone !== 'none'),
    reader: yes(reader),
    card,
  };
}

const situations = [true, false].flatMap((national) =>
  (['own', 'other', 'none'] as const).flatMap((phone) =>
    [true, false].flatMap((mobileData) =>
      [true, false].flatMap((reader) =>
        (['nhiCard', 'certificate'] as const).map((card) => ({ national, phone, mobileData, reader, card })),
      ),
    ),
  ),
);

test.each(situations)('ends where seed 003 ends for %j', (situation) => {
  expect(followWay(answersOf(situation)).at).toEqual({ end: waySaidBySeed(situation) });
});

test('every end is reached by somebody, and every question asked', () => {
  const followed = situations.map((situation) => followWay(answersOf(situation)));
  const ends = new Set(followed.map(({ at }) => ('end' in at ? at.end : undefined)));
  expect(ways.filter((way) => !ends.has(way))).toEqual([]);
  const asked = new Set(followed.flatMap(({ answered }) => answered.map(({ question }) => question)));
  expect(Object.keys(questions).filter((question) => !asked.has(question as QuestionId))).toEqual([]);
});

test('nobody answers more than five questions', () => {
  const longest = Math.max(...situations.map((situation) => followWay(answersOf(situation)).answered.length));
  expect(longest).toBe(5);
});

test('without an answer the first question stands, and an answer that it does not know is none', () => {
  const first = { answered: [], at: { ask: 'nationality', answers: ['national', 'foreign'] } };
  expect(followWay({})).toEqual(first);
  expect(followWay({ nationality: 'both', phone: 'own' })).toEqual(first);
});

test('answers to questions that do not lie on the way change nothing', () => {
  expect(followWay({ nationality: 'national', phone: 'none', reader: 'no', card: 'nhiCard' })).toEqual({
    answered: [
      { question: 'nationality', answer: 'national' },
      { question: 'phone', answer: 'none' },
    ],
    at: { end: 'withoutPhone' },
  });
});

test('whatever is asked for, there is a question or an end', () => {
  const anyAnswer = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'national',
      'foreign',
      'own',
      'other',
      'yes',
      'no',
      'constructor',
      '__proto__',
      'toString',
    ),
  );
  const anyAnswers = fc.dictionary(
    fc.oneof(fc.constantFrom(...Object.keys(questions)), fc.string()),
    anyAnswer,
  );
  fc.assert(
    fc.property(anyAnswers, (answers) => {
      const { at, answered } = followWay(answers);
      expect('end' in at || at.answers.length > 1).toBe(true);
      expect(answered.length).toBeLessThanOrEqual(5);
    }),
  );
});
