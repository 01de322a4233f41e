import { buildTestApp, type TestApp } from '../test/support/app';

describe('the app', () => {
  let running: TestApp;
  beforeAll(async () => {
    running = await buildTestApp();
  });
  afterAll(() => running.close());

  test('an unknown address is a problem in Chinese, with English beside it', async () => {
    const answer = await running.app.inject('/nowhere');
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ code: 'pageUnknown', status: 404, title: '查無此頁' });
  });
});
