/** Places at which people could lose their way: an odd address, another language after a form, another tab. */
import { AppWorld, cookieOf, type Citizen } from '../test/support/app';
import { pagesPlugin } from './pages';

let world: AppWorld;
let citizen: Citizen;
const html = { accept: 'text/html' };

beforeAll(async () => {
  world = await AppWorld.create({ pages: pagesPlugin({ secure: false, demonstration: true }) });
  await world.world.round({ opensAt: '2031-06-30T00:00:00.000Z' });
  citizen = await world.signIn(await world.insured());
}, 120_000);
afterAll(() => world?.close());

const read = (url: string, cookie = citizen.cookie) =>
  world.app.inject({ url, headers: { ...html, cookie } });
const heading = (body: string): string => /<h1[^>]*>([^<]+)</.exec(body)?.[1]?.trim() ?? '';

test.each(['/%', '/%E0%A4%A', '/booking/%zz?then=%'])('a browser at %s reads a page', async (url) => {
  const answer = await read(url);
  expect(answer.statusCode).toBe(404);
  expect(heading(answer.body)).toBe('找不到這個頁面');
  expect((await world.app.inject(url)).headers['content-type']).toContain('application/problem+json');
});

test('an address with escapes that can be read is left as it is', async () => {
  const answer = await read('/registration?done=%E7%99%BB');
  expect(answer.statusCode).toBe(403);
});

test.each(['/booking/choose', '/booking/check'])(
  'the other language after the form %s leads to a page, not to a refusal of the address',
  async (url) => {
    const form = await read('/booking');
    const cookie = cookieOf(form) || citizen.cookie;
    const token = /name="_csrf" value="([^"]+)"/.exec(form.body)?.[1] ?? '';
    const sent = await world.app.inject({
      method: 'POST',
      url,
      headers: { ...html, cookie, 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ _csrf: token, slotId: 'none' }).toString(),
    });
    expect(sent.statusCode).toBe(404);
    const other = /class="language" href="([^"]+)"/.exec(sent.body)?.[1] ?? '';
    expect(other).toContain('lang=en');
    const answer = await read(other.replaceAll('&amp;', '&'), cookie);
    expect(answer.statusCode).toBeLessThan(400);
  },
);

test('a tab whose session was ended elsewhere is not told that time ran out', async () => {
  const person = await world.insured();
  const tab = await world.signIn(person);
  const device = world.app.decodeSecureSession(decodeURIComponent(tab.cookie.replace(/^[^=]+=/, '')));
  expect(device?.get('sessionId')).toEqual(expect.any(String));
  await tab.act('DELETE', '/v1/sessions/current');
  // The other device still has its cookie, the other tab of this browser has none.
  const turnedAway = await read('/appointment', tab.cookie);
  const ended = await read(String(turnedAway.headers.location), cookieOf(turnedAway));
  expect(heading(ended.body)).toBe('您已經登出');
  expect(heading((await read('/session/ended', '')).body)).toBe('您已經登出');
});

test('a session that lapsed says so', async () => {
  const tab = await world.signIn(await world.insured());
  const session = world.app.decodeSecureSession(decodeURIComponent(tab.cookie.replace(/^[^=]+=/, '')));
  if (!session) throw new Error('there is a session');
  session.set('lastActAt', Date.now() - 11 * 60_000);
  const cookie = `yiyue=${encodeURIComponent(world.app.encodeSecureSession(session))}`;
  const turnedAway = await read('/appointment', cookie);
  const ended = await read(String(turnedAway.headers.location), cookieOf(turnedAway));
  expect(heading(ended.body)).toBe('登入時間已結束');
});
