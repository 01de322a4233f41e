import { localPath, pathOfNext } from './local-path';

describe('where one returns to after signing in', () => {
  test.each([
    '/registration',
    '/registration/area?then=check',
    '/booking/time?round=round-9&product=Moderna&site=S1',
    '/appointment/cancel',
    '/app',
    '/app/otp',
    '/account/devices',
  ])('%s is one of our pages', (address) => {
    expect(localPath(address)).toBe(address);
    expect(pathOfNext(address.slice(1))).toBe(address);
  });

  test.each([
    'https://elsewhere.example/registration',
    '//elsewhere.example',
    '/registration/../../sign-in',
    '/registration@elsewhere.example',
    '/registration\\elsewhere',
    '/session/leave',
    '/registration?next=//elsewhere.example',
    '/registration\nlocation: x',
    '',
    undefined,
    42,
  ])('%p is not', (address) => {
    expect(localPath(address)).toBeUndefined();
  });
});
