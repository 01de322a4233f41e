import fc from 'fast-check';
import { cardKinds, cardOf, isSelect, type CardKind } from '../../scripts/card/card-behaviours';
import { cardImage } from '../../scripts/card/card-image';
import { syntheticNationalId } from '../../scripts/demo-data/synthetic-numbers';
import { askForBasicData, type Transmit } from './card-conversation';

const image = cardImage({
  cardNumber: '990000000001',
  name: '甄健康',
  personNumber: syntheticNationalId('A', 'male', 2_345_678),
  birthDate: '1952-02-28',
  sex: 'male',
  issuedOn: '2020-01-02',
});

/** A card in a reader, and the commands that it got. */
function inserted(kind: CardKind): { transmit: Transmit; commands: string[] } {
  const card = cardOf(kind, image);
  const commands: string[] = [];
  let selected = false;
  return {
    commands,
    transmit: (command) => {
      commands.push(Buffer.from(command).toString('hex').toUpperCase());
      selected ||= isSelect(command);
      return Promise.resolve(card.reply(command, selected));
    },
  };
}

/** A card that gives these replies in turn, the last one for ever. */
function giving(...replies: readonly string[]): Transmit {
  let asked = 0;
  return () => {
    const reply = replies[Math.min(asked, replies.length - 1)] ?? '';
    asked += 1;
    return Promise.resolve(Uint8Array.from(Buffer.from(reply, 'hex')));
  };
}

const data = Buffer.from(image).toString('hex');

test('an old card is selected and asked, with the very bytes of the reference', async () => {
  const { transmit, commands } = inserted('old');
  expect(await askForBasicData(transmit)).toMatchObject({ ok: true });
  expect(commands).toEqual(['00A4040010D158000001000000000000000000001100', '00CA1100020000']);
});

const outcomes = {
  old: { ok: true },
  new: { ok: true },
  sixtyOne: { ok: true },
  professional: { ok: false, problem: 'professionalCard' },
  other: { ok: false, problem: 'otherCard' },
  mute: { ok: false, problem: 'otherCard' },
  shortReply: { ok: false, problem: 'cardUnreadable' },
  oneByteReply: { ok: false, problem: 'cardUnreadable' },
  oversizeReply: { ok: false, problem: 'cardUnreadable' },
  noise: { ok: false, problem: 'cardUnreadable' },
} as const satisfies Record<CardKind, unknown>;

test.each(cardKinds)('a card of the kind %s is taken for what it is', async (kind) => {
  expect(await askForBasicData(inserted(kind).transmit)).toMatchObject(outcomes[kind]);
});

test.each([
  ['wants the length named', ['9000', '6700', `${data}9000`], { ok: true }],
  ['wants it named exactly', ['9000', '6C39', `${data}9000`], { ok: true }],
  [
    'gives its data in two parts',
    ['6110', `${data.slice(0, 60)}611B`, `${data.slice(60)}9000`],
    { ok: true },
  ],
  ['was reset after it was selected', ['9000', '6985', '9000', `${data}9000`], { ok: true }],
  ['forgets over and over that it was selected', ['9000', '6985'], { problem: 'otherCard' }],
  ['never comes to an end', ['9000', '6139'], { problem: 'cardUnreadable' }],
  ['is pulled before it answers', [''], { problem: 'cardPulled' }],
  ['is pulled in between', ['9000', ''], { problem: 'cardPulled' }],
  ['is pulled after half of it', ['9000', '6139', ''], { problem: 'cardPulled' }],
  ['breaks off', ['9000', '90'], { problem: 'cardUnreadable' }],
  ['reports a broken memory', ['9000', '6581'], { problem: 'cardUnreadable' }],
  ['knows no such class', ['6E00', '6E00'], { problem: 'otherCard' }],
  ['says done and gives nothing', ['9000', '9000'], { problem: 'cardUnreadable' }],
] as const)('a card that %s', async (_, replies, outcome) => {
  expect(await askForBasicData(giving(...replies))).toMatchObject(outcome);
});

test('no card can make the conversation fail or go on for ever', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), async (replies) => {
      let asked = 0;
      const answer = await askForBasicData(() =>
        Promise.resolve(replies[asked++] ?? Uint8Array.of(0x61, 0xff)),
      );
      expect(answer.ok).toBe(false);
      expect(asked).toBeLessThanOrEqual(10);
    }),
  );
});
