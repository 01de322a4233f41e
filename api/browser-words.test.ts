import { browserWords } from './browser-words';

test.each([
  [
    'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Mobile Safari/537.36',
    { browser: 'Chrome', operatingSystem: 'Android' },
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
    { browser: 'Safari', operatingSystem: 'iOS' },
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
    { browser: 'Firefox', operatingSystem: 'Windows' },
  ],
])('%s is told in two names', (userAgent, words) => {
  expect(browserWords(userAgent)).toEqual(words);
});

test.each([undefined, '', '\u0000', '我的瀏覽器', '<script>alert(1)</script>', `x${'/1 ('.repeat(5_000)}`])(
  'whatever else comes names at most letters and figures, and quickly',
  (userAgent) => {
    // The least of several: what else the machine does only adds.
    let least = Infinity;
    for (let turn = 0; turn < 5; turn += 1) {
      const began = performance.now();
      const names = Object.values(browserWords(userAgent));
      least = Math.min(least, performance.now() - began);
      for (const name of names) if (name !== null) expect(name).toMatch(/^[A-Za-z0-9 .+-]{1,40}$/);
    }
    expect(least).toBeLessThan(100);
  },
);
