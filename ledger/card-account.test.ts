/** Card accounts: applied for, confirmed by a link, forgotten, changed, deactivated; and what their passwords let in. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';

import type { Email } from '../domain/card-account/email';
import type { Mobile } from '../domain/person-number/mobile';
import { at, hour, LedgerWorld } from '../test/builders/ledger-world';
import { accountPasswordMatches, isCardRegistered, readAccount, setAccountPassword } from './card-account';
import {
  applyForAccount,
  confirmByLink,
  deleteApplication,
  lookAfterApplication,
  resendConfirmation,
} from './card-account-application';
import {
  changeContact,
  changePassword,
  deactivateAccount,
  registerAtCounter,
  resetPassword,
} from './card-account-change';
import { claimMails, recordMailTry } from './mail-message';
import { recordSignIn } from './sign-in';
import { isSessionEnded } from './session';

let world: LedgerWorld;
let personKey: string;
beforeAll(async () => {
  world = await LedgerWorld.create();
});
afterAll(() => world.close());
beforeEach(async () => {
  // What the test before left to be sent is sent.
  await mails();
  personKey = await world.person();
});

const email = 'jianguo@example.com' as Email;
const mobile = '0912345678' as Mobile;
const password = 'k7mzQ2!x';
const wish = { email, mobile, password, language: 'zh' } as const;
const acting = () => world.acting(personKey);
const matches = (tried: string) => accountPasswordMatches(world.ledger, personKey, tried);

/** What was mailed to the person since this was asked last, as a mail server would take it. */
async function mails() {
  await sql`update mail_message set next_attempt_at = clock_timestamp() where status = 'queued'`.execute(
    world.ledger.db,
  );
  const claimed = await claimMails(world.ledger, { limit: 100, leaseMs: 60_000 });
  for (const { mailMessageId } of claimed)
    await recordMailTry(world.ledger.db, mailMessageId, { kind: 'sent' });
  return claimed;
}

/** As if so long had passed since the last mail with a link was asked for. */
async function aged(seconds: number) {
  await sql`update mail_message set created_at = created_at - ${seconds} * interval '1 second'
    where person_key = ${personKey}::uuid`.execute(world.ledger.db);
}

async function linkMailed(): Promise<string> {
  const token = (await mails()).find((mail) => mail.token !== null)?.token;
  if (!token) throw new Error('no link was mailed');
  return token;
}

async function registered(): Promise<void> {
  expect((await applyForAccount(world.ledger, acting(), wish)).ok).toBe(true);
  expect((await confirmByLink(world.ledger, await linkMailed())).ok).toBe(true);
  await mails();
  await aged(3_600);
}

async function aSession(): Promise<string> {
  const sessionId = randomUUID();
  await recordSignIn(world.ledger.db, {
    ...{ sessionId, personKey, method: 'card-number', browser: null, operatingSystem: null },
  });
  return sessionId;
}

const codeOf = (outcome: { ok: true } | { ok: false; refusal: { code: string } }) =>
  outcome.ok ? 'accepted' : outcome.refusal.code;

describe('an application', () => {
  test('opens nothing until the link in its mail is confirmed, and then the password lets in', async () => {
    expect(await matches(password)).toBe('notRegistered');
    const applied = await applyForAccount(world.ledger, acting(), wish);
    expect(applied).toMatchObject({ ok: true, value: { until: expect.stringMatching(/^2031-07-08T/) } });
    expect(await matches(password)).toBe('notRegistered');
    expect(await isCardRegistered(world.ledger.db, personKey)).toBe(false);

    const [mail] = await mails();
    expect(mail).toMatchObject({ purpose: 'confirmApplication', to: email, language: 'zh' });
    expect(await confirmByLink(world.ledger, mail?.token ?? '')).toEqual({
      ok: true,
      value: { purpose: 'application' },
    });
    expect(await matches(password)).toBe('match');
    expect(await matches('k7mzQ2!y')).toBe('noMatch');
    expect(await matches('ｋ７ｍｚＱ２!x')).toBe('match');
    expect(await isCardRegistered(world.ledger.db, personKey)).toBe(true);
    expect(await readAccount(world.ledger, personKey)).toMatchObject({
      state: 'active',
      email,
      mobile,
      registeredBy: 'reader',
    });
    expect(await mails()).toMatchObject([{ purpose: 'accountActive', to: email, token: null }]);
  });

  test('says of each link what became of it', async () => {
    await applyForAccount(world.ledger, acting(), wish);
    const first = await linkMailed();
    await aged(120);
    await resendConfirmation(world.ledger, acting());
    const second = await linkMailed();
    expect(codeOf(await confirmByLink(world.ledger, first))).toBe('confirmationOvertaken');
    expect(codeOf(await confirmByLink(world.ledger, second))).toBe('accepted');
    expect(await confirmByLink(world.ledger, second)).toMatchObject({
      refusal: { code: 'confirmationUsed', purpose: 'application' },
    });
    for (const never of ['', 'x', 'a'.repeat(43), `${second}=`, '密'.repeat(43)]) {
      expect(codeOf(await confirmByLink(world.ledger, never))).toBe('confirmationUnknown');
    }
  });

  test('is not confirmed by a link of four days ago', async () => {
    await applyForAccount(world.ledger, acting(), wish);
    const token = await linkMailed();
    await sql`update account_confirmation set expires_at = clock_timestamp() - interval '1 second'
      where person_key = ${personKey}::uuid`.execute(world.ledger.db);
    expect(codeOf(await confirmByLink(world.ledger, token))).toBe('confirmationExpired');
    expect(await matches(password)).toBe('notRegistered');
  });

  test('confirmed from two windows at once is confirmed once', async () => {
    await applyForAccount(world.ledger, acting(), wish);
    const token = await linkMailed();
    const outcomes = await Promise.all([1, 2, 3].map(() => confirmByLink(world.ledger, token)));
    expect(outcomes.map(codeOf).sort()).toEqual(['accepted', 'confirmationUsed', 'confirmationUsed']);
    expect(await mails()).toHaveLength(1);
  });

  test('with a mistyped address is corrected by applying once more', async () => {
    await applyForAccount(world.ledger, acting(), { ...wish, email: 'jiangou@example.com' as Email });
    await aged(120);
    expect(codeOf(await applyForAccount(world.ledger, acting(), wish))).toBe('accepted');
    // The first one's mail, still waiting, went with it.
    expect(await mails()).toMatchObject([{ to: email }]);
  });

  test('mails no more than some links a day, and none within a minute of the last', async () => {
    await applyForAccount(world.ledger, acting(), wish);
    expect(codeOf(await resendConfirmation(world.ledger, acting()))).toBe('tooManyAttempts');
    for (let sent = 1; sent < 6; sent += 1) {
      await aged(61);
      expect(codeOf(await resendConfirmation(world.ledger, acting()))).toBe('accepted');
    }
    await aged(61);
    expect(codeOf(await resendConfirmation(world.ledger, acting()))).toBe('confirmationMailsSpent');
    expect(codeOf(await deleteApplication(world.ledger, acting()))).toBe('accepted');
    expect(codeOf(await applyForAccount(world.ledger, acting(), wish))).toBe('confirmationMailsSpent');
  });

  test('that is deleted leaves no data and no link that works', async () => {
    await applyForAccount(world.ledger, acting(), wish);
    const token = await linkMailed();
    expect(codeOf(await deleteApplication(world.ledger, acting()))).toBe('accepted');
    expect(await readAccount(world.ledger, personKey)).toBeUndefined();
    expect(codeOf(await confirmByLink(world.ledger, token))).toBe('confirmationOvertaken');
    expect(codeOf(await deleteApplication(world.ledger, acting()))).toBe('applicationMissing');
    expect(codeOf(await resendConfirmation(world.ledger, acting()))).toBe('applicationMissing');
  });

  test('sent twice under one key is one application and one mail', async () => {
    const context = world.acting(personKey, 'key-1');
    const [first, second] = [
      await applyForAccount(world.ledger, context, wish),
      await applyForAccount(world.ledger, context, wish),
    ];
    expect(second).toEqual(first);
    expect(await mails()).toHaveLength(1);
  });

  test('is reminded of once and deleted in the end, by the ledger’s clock', async () => {
    const own = await LedgerWorld.create();
    try {
      const someone = await own.person();
      await applyForAccount(own.ledger, own.acting(someone), wish);
      const look = () => lookAfterApplication(own.ledger, someone);
      const first = await look();
      expect(first).toMatchObject({ answer: 'waits' });
      await own.stepTo(at(3, 9 * hour));
      const second = await look();
      expect(await look()).toEqual(second);
      const sent = await claimMails(own.ledger, { limit: 10, leaseMs: 1_000 });
      expect(sent.map(({ purpose }) => purpose)).toEqual(['remindApplication']);
      await own.stepTo(at(7, 9 * hour));
      expect(await look()).toEqual({ answer: 'settled' });
      expect(await readAccount(own.ledger, someone)).toBeUndefined();
      expect(await look()).toEqual({ answer: 'settled' });
    } finally {
      await own.close();
    }
  });
});

describe('a password', () => {
  test('that is changed ends every session and tells its owner by mail', async () => {
    await registered();
    const sessions = [await aSession(), await aSession()];
    const next = 'vU4-rtpN';
    expect(
      codeOf(await changePassword(world.ledger, acting(), { currentPassword: 'wrong!1', newPassword: next })),
    ).toBe('passwordWrong');
    expect(
      codeOf(await changePassword(world.ledger, acting(), { currentPassword: password, newPassword: next })),
    ).toBe('accepted');
    expect([await matches(password), await matches(next)]).toEqual(['noMatch', 'match']);
    for (const session of sessions) expect(await isSessionEnded(world.ledger.db, session)).toBe(true);
    expect(await mails()).toMatchObject([{ purpose: 'passwordChanged', to: email }]);
  });

  test.each([
    ['short', 'passwordLengthWrong'],
    ['k7mz Q2!', 'passwordCharacterWrong'],
    ['12345678', 'passwordTooCommon'],
    ['19700101', 'passwordPersonal'],
    ['jianguo', 'passwordPersonal'],
  ])('%s is refused: %s', async (newPassword, code) => {
    await registered();
    const outcome = await changePassword(world.ledger, acting(), { currentPassword: password, newPassword });
    expect(codeOf(outcome)).toBe(code);
    expect(await matches(password)).toBe('match');
  });

  test('that was forgotten is replaced only by the link to the confirmed address', async () => {
    await registered();
    const session = await aSession();
    const next = 'vU4-rtpN';
    expect(codeOf(await resetPassword(world.ledger, acting(), { newPassword: next }))).toBe('accepted');
    expect([await matches(password), await matches(next)]).toEqual(['match', 'noMatch']);
    expect(codeOf(await confirmByLink(world.ledger, await linkMailed()))).toBe('accepted');
    expect([await matches(password), await matches(next)]).toEqual(['noMatch', 'match']);
    expect(await isSessionEnded(world.ledger.db, session)).toBe(true);
  });

  test('set where a carrier vouched makes an account without an address, which only a counter can help', async () => {
    const session = await aSession();
    const context = { ...acting(), channel: 'carrier' };
    const set = await setAccountPassword(world.ledger, context, {
      password,
      by: 'carrier',
      mobile,
      except: session,
    });
    expect(codeOf(set)).toBe('accepted');
    expect(await matches(password)).toBe('match');
    expect(await isSessionEnded(world.ledger.db, session)).toBe(false);
    expect(codeOf(await resetPassword(world.ledger, acting(), { newPassword: 'vU4-rtpN' }))).toBe(
      'accountHasNoEmail',
    );
    expect(await mails()).toEqual([]);
  });

  test('costs about as much work for nobody as for somebody', async () => {
    await registered();
    // Work, not time: what else the machine does makes the one of two answers later, but no dearer.
    const work = async (someone: string | undefined) => {
      const before = process.cpuUsage();
      await accountPasswordMatches(world.ledger, someone, 'wrong!1');
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1_000;
    };
    let [known, unknown] = [Infinity, Infinity];
    for (let run = 0; run < 11; run += 1) {
      known = Math.min(known, await work(personKey));
      unknown = Math.min(unknown, await work(undefined));
    }
    // The control: a look without a hash takes a millisecond or two.
    expect(unknown).toBeGreaterThan(5);
    expect(Math.abs(known - unknown)).toBeLessThan(Math.max(known, unknown) * 0.6);
  });

  test('stands in the database as argon2id that its own key is needed for', async () => {
    await registered();
    const { password_hash: kept } = await world.ledger.db
      .selectFrom('card_account')
      .select('password_hash')
      .where('person_key', '=', personKey)
      .executeTakeFirstOrThrow();
    expect(kept).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const { verify } = await import('@node-rs/argon2');
    expect(await verify(kept, password)).toBe(false);
  });
});

describe('basic data', () => {
  test('change with the password; a new address counts once its own link is opened', async () => {
    await registered();
    const next = { mobile: '0987654321' as Mobile, email: 'new@example.com' as Email };
    expect(codeOf(await changeContact(world.ledger, acting(), { currentPassword: 'wrong!1', ...next }))).toBe(
      'passwordWrong',
    );
    const changed = await changeContact(world.ledger, acting(), { currentPassword: password, ...next });
    expect(changed).toMatchObject({ ok: true, value: { mobileChanged: true, emailToConfirm: true } });
    expect(await readAccount(world.ledger, personKey)).toMatchObject({ mobile: next.mobile, email });
    const [mail] = await mails();
    expect(mail).toMatchObject({ purpose: 'confirmNewEmail', to: next.email });
    expect(codeOf(await confirmByLink(world.ledger, mail?.token ?? ''))).toBe('accepted');
    expect(await readAccount(world.ledger, personKey)).toMatchObject({ email: next.email });
    // Who did not ask for it learns of it at the old address.
    expect(await mails()).toMatchObject([{ purpose: 'emailChanged', to: email }]);
  });

  test('taken back before the link was opened leave it worthless', async () => {
    await registered();
    await changeContact(world.ledger, acting(), {
      currentPassword: password,
      mobile,
      email: 'new@example.com' as Email,
    });
    const token = await linkMailed();
    await changeContact(world.ledger, acting(), { currentPassword: password, mobile, email });
    expect(codeOf(await confirmByLink(world.ledger, token))).toBe('confirmationOvertaken');
  });
});

describe('at a counter', () => {
  const staff = () => ({ personKey, actor: 'staff', channel: 'operator:amy' }) as const;

  test('an account counts at once, its address when confirmed; a forgotten password is replaced', async () => {
    const wishAtCounter = { mobile, email, password, language: 'zh' } as const;
    expect(await registerAtCounter(world.ledger, staff(), wishAtCounter)).toMatchObject({
      ok: true,
      value: { emailToConfirm: true },
    });
    expect(await matches(password)).toBe('match');
    expect(await readAccount(world.ledger, personKey)).toMatchObject({
      email: null,
      registeredBy: 'counter',
    });
    expect(codeOf(await confirmByLink(world.ledger, await linkMailed()))).toBe('accepted');
    expect(await readAccount(world.ledger, personKey)).toMatchObject({ email });
    await registerAtCounter(world.ledger, staff(), { ...wishAtCounter, password: 'vU4-rtpN' });
    expect(await matches('vU4-rtpN')).toBe('match');
  });

  test('it is deactivated: nothing lets in any more, and one may register anew', async () => {
    await registered();
    const session = await aSession();
    expect(codeOf(await deactivateAccount(world.ledger, staff(), { reason: 'ownWish' }))).toBe('accepted');
    expect(codeOf(await deactivateAccount(world.ledger, staff(), { reason: 'ownWish' }))).toBe('accepted');
    expect(await matches(password)).toBe('notRegistered');
    expect(await isSessionEnded(world.ledger.db, session)).toBe(true);
    expect(await mails()).toMatchObject([{ purpose: 'accountDeactivated', to: email }]);
    const change = { currentPassword: password, newPassword: 'vU4-rtpN' };
    expect(codeOf(await changePassword(world.ledger, acting(), change))).toBe('cardAccountMissing');
    expect(codeOf(await applyForAccount(world.ledger, acting(), wish))).toBe('accepted');
    const { rows } = await sql<{ act: string }>`
      select act from audit_entry where person_key = ${personKey}::uuid order by recorded_at, audit_entry_id
    `.execute(world.ledger.db);
    expect(rows.map(({ act }) => act)).toEqual([
      'applyForAccount',
      'registerCard',
      'deactivateAccount',
      'applyForAccount',
    ]);
  });

  test('who has no account cannot have one deactivated', async () => {
    expect(codeOf(await deactivateAccount(world.ledger, staff(), { reason: 'died' }))).toBe(
      'cardAccountMissing',
    );
  });
});

test('neither address, mobile, password nor link stand in the database as they are', async () => {
  await applyForAccount(world.ledger, acting(), wish);
  const token = (await claimMails(world.ledger, { limit: 100, leaseMs: 1 })).find(
    (mail) => mail.to === email,
  )?.token;
  const { rows } = await sql<{ all_rows: string }>`
    select concat((select jsonb_agg(a) from card_account a), (select jsonb_agg(m) from mail_message m),
      (select jsonb_agg(c) from account_confirmation c), (select jsonb_agg(e) from audit_entry e)) as all_rows
  `.execute(world.ledger.db);
  const text = rows[0]?.all_rows ?? '';
  const hex = (plain: string) => Buffer.from(plain).toString('hex');
  for (const secret of [email, mobile, password, token ?? 'missing']) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(hex(secret));
  }
});
