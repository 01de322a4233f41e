/** Cards read through the operating system's own reader service, honest cards and all others. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { projectRoot } from '../../config/project-root';
import {
  cardKinds,
  cardOf,
  isSelect,
  type CardBehaviour,
  type CardKind,
} from '../../scripts/card/card-behaviours';
import { findCard, imageOf, type CatalogueCard } from '../../scripts/card/card-catalogue';
import type { VirtualCard } from '../../scripts/card/virtual-card';
import { eventually } from '../../test/support/eventually';
import { ReaderDaemon, typescriptOptions, virtualReaderName } from '../../test/support/reader-daemon';
import type { CardReading, ReaderProcess } from './reader-process';
import type { ReaderState } from './reader-status';

const today = '2026-03-02';

let daemon: ReaderDaemon;
let readers: ReaderProcess;
let card: VirtualCard | undefined;
/** Readings of other settings than the usual ones, to be ended after their test. */
const others: ReaderProcess[] = [];
const rivals: { end: () => Promise<void> }[] = [];

beforeAll(async () => {
  daemon = await ReaderDaemon.start();
  // Here cards answer by way of this very process, which a busy computer may keep waiting for seconds.
  readers = daemon.readers({ exchangeLimitMs: 20_000 });
});

afterEach(async () => {
  await Promise.all(rivals.splice(0).map((one) => one.end()));
  await Promise.all(others.splice(0).map((one) => one.stop()));
});

afterAll(async () => {
  await readers?.stop();
  await card?.remove();
  await daemon?.stop();
});

function namedCard(name: string): CatalogueCard {
  const found = findCard(name);
  if (!found) throw new Error(`there is no card ${name}`);
  return found;
}

/** Puts a card in, after the one before was taken out, and waits until the readers know of it. */
async function insert(
  behaviour: CardBehaviour | CatalogueCard,
  at: ReaderProcess = readers,
): Promise<VirtualCard> {
  await remove(at);
  const kind = 'kind' in behaviour ? cardOf(behaviour.kind, imageOf(behaviour, today)) : behaviour;
  card = await daemon.insert(kind);
  await state(at, 'ready');
  return card;
}

async function remove(at: ReaderProcess = readers): Promise<void> {
  await card?.remove();
  card = undefined;
  await state(at, 'noCard');
}

async function state(at: ReaderProcess, wanted: ReaderState): Promise<void> {
  await eventually(
    () => at.status().state,
    (found) => found === wanted,
  );
}

function read(at: ReaderProcess = readers): Promise<CardReading> {
  return at.readCard({ after: new Date() });
}

function withOptions(options: Parameters<ReaderDaemon['readers']>[0]): ReaderProcess {
  const made = daemon.readers(options);
  others.push(made);
  return made;
}

describe('a card', () => {
  /** One card that is asked in the manner of each kind in turn: to change cards takes a second. */
  let kind: CardKind = 'old';
  const { atr } = cardOf('old', new Uint8Array());
  const chameleon: CardBehaviour = {
    atr,
    reply: (command, selected) => cards[kind].reply(command, selected),
  };
  const cards = Object.fromEntries(
    cardKinds.map((one) => [one, cardOf(one, imageOf(namedCard('old'), today))]),
  ) as Record<CardKind, ReturnType<typeof cardOf>>;

  beforeAll(() => insert(chameleon));

  test.each(['old', 'new', 'sixtyOne'] as const)('of the kind %s is read', async (one) => {
    kind = one;
    const { name, cardNumber, personNumber } = namedCard('old').owner;
    expect(await read()).toEqual({
      ok: true,
      card: {
        ...{ name, cardNumber, personNumber, sex: 'male', nameHasPrivateUse: false },
        ...{ birthDate: '1954-01-21', issuedOn: '2020-01-02' },
      },
      reader: virtualReaderName,
      atr: Buffer.from(atr).toString('hex').toUpperCase(),
      readAt: expect.any(Date),
    });
  });

  test.each([
    ['professional', 'professionalCard'],
    ['other', 'otherCard'],
    ['shortReply', 'cardUnreadable'],
    ['oneByteReply', 'cardUnreadable'],
    ['oversizeReply', 'cardUnreadable'],
    ['noise', 'cardUnreadable'],
  ] as const)('of the kind %s is told as %s', async (one, problem) => {
    kind = one;
    expect(await read()).toEqual({ ok: false, problem });
  });

  test('that a newer question is about is read anew for it, and once for all older ones', async () => {
    let selections = 0;
    await insert({
      atr,
      reply: (command, selected) => {
        if (isSelect(command)) selections += 1;
        return cards.old.reply(command, selected);
      },
    });
    const [earlier, later] = [new Date(Date.now() - 1_000), new Date(Date.now() + 1_000)];
    const first = readers.readCard({ after: earlier });
    const readings = await Promise.all([first, readers.readCard({ after: earlier })]);
    expect([readings[0] === readings[1], selections]).toEqual([true, 1]);
    await Promise.all([readers.readCard({ after: earlier }), readers.readCard({ after: later })]);
    expect(selections).toBe(3);
  });

  test('that does not answer to reset, as one that is upside down, cannot be read', async () => {
    await insert(namedCard('upside-down'));
    expect(await read()).toEqual({ ok: false, problem: 'cardUnreadable' });
  });

  test.each(['new-ui', 'old-ui', 'private-use'])('with the name and number of %s is read', async (name) => {
    const { owner } = namedCard(name);
    await insert(namedCard(name));
    const reading = await read();
    expect(reading).toMatchObject({ ok: true, card: { personNumber: owner.personNumber } });
    expect(reading).toMatchObject({
      card: { nameHasPrivateUse: /\p{Co}/u.test(owner.name) },
    });
  });
});

describe('a reader', () => {
  test('without a card says so, and one that is not there too', async () => {
    await remove();
    expect(await read()).toEqual({ ok: false, problem: 'noCard' });
    expect(await readers.readCard({ after: new Date(), reader: 'Castles EZ100PU 00 00' })).toEqual({
      ok: false,
      problem: 'noReader',
    });
  });

  test('out of which the card is pulled in the middle says so, and reads the next card', async () => {
    (await insert(namedCard('old'))).prepare('pull');
    expect(await read()).toEqual({ ok: false, problem: 'cardPulled' });
    await insert(namedCard('new'));
    expect(await read()).toMatchObject({ ok: true, card: { name: namedCard('new').owner.name } });
  });

  test('that hangs is given up in time, and reads again once its card was changed', async () => {
    const hasty = withOptions({ exchangeLimitMs: 1_000 });
    (await insert(namedCard('old'), hasty)).prepare('hang');
    const states: ReaderState[] = [];
    hasty.onChange((status) => states.push(status.state));
    const from = Date.now();
    expect(await read(hasty)).toEqual({ ok: false, problem: 'readerStuck' });
    expect(Date.now() - from).toBeLessThan(15_000);
    expect(states).toContain('restarting');
    await insert(namedCard('new'), hasty);
    await eventually(
      () => read(hasty),
      ({ ok }) => ok,
    );
  });

  test('that another program keeps to itself is busy until that one is done', async () => {
    await insert(namedCard('old'));
    const rival = await startRival('exclusive');
    expect(await read()).toEqual({ ok: false, problem: 'readerBusy' });
    await rival.end();
    await eventually(read, ({ ok }) => ok);
  });

  test('whose card another program resets under our hands is asked anew', async () => {
    const old = cardOf('old', imageOf(namedCard('old'), today));
    let selections = 0;
    const rival: { reset?: () => Promise<void> } = {};
    await insert({
      atr: old.atr,
      reply: async (command, selected) => {
        if (isSelect(command)) selections += 1;
        if (isSelect(command) && selections === 1) await rival.reset?.();
        return old.reply(command, selected);
      },
    });
    // On a busy computer the reset may come when all has been asked: then the next one is waited for.
    const readings: boolean[] = [];
    await eventually(
      async () => {
        rival.reset = (await startRival('reset')).begin;
        selections = 0;
        readings.push((await read()).ok);
        return selections;
      },
      (count) => count > 1,
    );
    expect(readings).not.toContain(false);
  });

  test('whose protocol another program’s reset takes back between two steps is asked anew', async () => {
    const hook = path.join(projectRoot, 'test/support/pcsclite-losing-protocol.cjs');
    const unlucky = withOptions({
      environment: {
        ...process.env,
        CARD_DATA: Buffer.from(imageOf(namedCard('old'), today)).toString('hex'),
      },
      execArgv: [...typescriptOptions, '--require', hook],
    });
    await state(unlucky, 'ready');
    expect(await read(unlucky)).toMatchObject({ ok: true });
  });

  test('of software is refused outside test mode, with and without its card', async () => {
    const strict = withOptions({ allowVirtualReaders: false });
    // The two readers are told of one after the other.
    const { readers: both } = await eventually(
      () => strict.status(),
      (status) => status.state === 'noReader' && status.readers.length === 2,
    );
    expect(both).toMatchObject([{ virtual: true }, { virtual: true }]);
    expect(await read(strict)).toEqual({ ok: false, problem: 'virtualReader' });
    await remove();
    expect(await read(strict)).toEqual({ ok: false, problem: 'virtualReader' });
  });
});

describe('the reader service', () => {
  test('that is killed and started again is followed, with the card that comes then', async () => {
    await daemon.kill();
    await state(readers, 'noDaemon');
    expect(await read()).toEqual({ ok: false, problem: 'noDaemon' });
    await daemon.start();
    card = undefined;
    await insert(namedCard('old'));
    expect(await read()).toMatchObject({ ok: true });
  });

  test('that is killed while a card is asked ends that reading', async () => {
    const slow = cardOf('old', imageOf(namedCard('old'), today));
    await insert({
      atr: slow.atr,
      reply: async (command, selected) => {
        await daemon.kill();
        return slow.reply(command, selected);
      },
    });
    expect(await read()).toEqual({ ok: false, problem: 'noDaemon' });
    await daemon.start();
    await state(readers, 'noCard');
  });

  test('without any reader says so', async () => {
    await daemon.kill();
    await daemon.start({ withReaders: false });
    await state(readers, 'noReader');
    expect(await read()).toEqual({ ok: false, problem: 'noReader' });
  });
});

describe('the reading process', () => {
  test('says when the binding to PC/SC is not installed', async () => {
    const bare = withOptions({
      execArgv: [
        ...typescriptOptions,
        '--require',
        path.join(projectRoot, 'test/support/without-pcsclite.cjs'),
      ],
    });
    expect(await read(bare)).toEqual({ ok: false, problem: 'noBinding' });
    expect(bare.status()).toEqual({ state: 'noBinding', readers: [] });
  });

  test('goes when the program that started it is gone', async () => {
    const left = fork(path.join(__dirname, 'pcsc-process.ts'), [], {
      env: daemon.environment,
      execArgv: [...typescriptOptions],
    });
    await once(left, 'message');
    left.disconnect();
    const [, signal] = (await once(left, 'exit')) as [number | null, string | null];
    expect(signal).toBe('SIGKILL');
  });

  test('ends a reading that is under way when it is stopped', async () => {
    const stopped = withOptions({});
    const reading = read(stopped);
    await stopped.stop();
    expect(await reading).toEqual({ ok: false, problem: 'readerStuck' });
    expect(await read(stopped)).toEqual({ ok: false, problem: 'readerStuck' });
  });
});

/** Another program that has connected to the card. */
async function startRival(
  way: 'exclusive' | 'reset',
): Promise<{ begin: () => Promise<void>; end: () => Promise<void> }> {
  const rival = fork(path.join(projectRoot, 'test/support/reader-rival.ts'), [way], {
    env: daemon.environment,
    execArgv: [...typescriptOptions],
  });
  const gone = once(rival, 'exit');
  await once(rival, 'message');
  const made = {
    // The reset waits at the reader until the exchange that is under way ends; the program says when it asked.
    begin: async () => {
      rival.send('reset');
      await once(rival, 'message');
    },
    end: async () => {
      rival.kill('SIGKILL');
      await gone;
    },
  };
  rivals.push(made);
  return made;
}
