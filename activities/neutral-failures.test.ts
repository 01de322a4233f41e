import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';

import { neutralFailures } from './neutral-failures';

test('what an activity throws reaches the engine without what it quotes, and is tried again', async () => {
  const told: unknown[] = [];
  const { context } = new MockActivityEnvironment({ activityType: 'meetObligation' });
  const { inbound } = neutralFailures((activityType, error) => told.push([activityType, error]))(context);
  const error = Object.assign(new Error('invalid input "A123456789"'), { code: '22P02' });
  const failure = await inbound
    ?.execute?.({ args: [], headers: {} }, () => Promise.reject(error))
    .catch((thrown: unknown) => thrown);
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject({ type: '22P02', nonRetryable: false });
  const { message, stack, cause } = failure as ApplicationFailure;
  expect([message, stack, String(cause)].join()).not.toContain('A123456789');
  expect(told).toEqual([['meetObligation', error]]);
});
