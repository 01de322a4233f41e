import { environmentOf, type CheckedWay } from './environment-rules';

const agents = {
  chromeOnWindows:
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  oldChrome:
    'Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0.0.0 Safari/537.36',
  edge: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0',
  firefoxOnLinux: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  safariOnMac:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
  safariOnPhone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
  chromeOnPhone:
    'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36',
  explorer: 'Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko',
};

test.each<[keyof typeof agents, CheckedWay, boolean, boolean]>([
  ['chromeOnWindows', 'card', true, true],
  ['oldChrome', 'card', true, false],
  ['edge', 'card', true, true],
  ['firefoxOnLinux', 'card', true, true],
  ['safariOnMac', 'card', true, false],
  ['chromeOnPhone', 'card', false, true],
  ['explorer', 'card', true, false],
  ['safariOnMac', 'app', true, true],
  ['safariOnPhone', 'app', true, true],
  ['chromeOnPhone', 'app', true, true],
  ['explorer', 'app', true, false],
])('%s for the %s: system %s, browser %s', (agent, way, system, browser) => {
  const found = environmentOf(agents[agent], way);
  expect([found.system.passed, found.browser.passed]).toEqual([system, browser]);
});

test('names what it found', () => {
  const found = environmentOf(agents.chromeOnWindows, 'card');
  expect([found.system.found, found.browser.found]).toEqual(['Windows NT 10.0', 'Chrome 142']);
});

test.each(['', '\0', 'curl/8', '🙂'.repeat(400), 'Mozilla/5.0 ('.repeat(50)])(
  '%j is no browser and no fault',
  (agent) => {
    expect(environmentOf(agent, 'card').browser.passed).toBe(false);
  },
);
