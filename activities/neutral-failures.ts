/** Keeps what an error quotes out of the engine: a failure says its kind, never its message. */
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/** Told of the error itself, for the log of the process. */
export type FailureListener = (activityType: string, error: unknown) => void;

/** Turns whatever an activity throws into a retryable failure that holds the error's class and code only. */
export function neutralFailures(told: FailureListener): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      async execute(input, next) {
        try {
          return await next(input);
        } catch (error) {
          told(info.activityType, error);
          throw neutralFailure(error);
        }
      },
    },
  });
}

function neutralFailure(error: unknown): ApplicationFailure {
  const name = error instanceof Error ? error.name : 'Error';
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const failure = ApplicationFailure.retryable(
    `an activity failed (${code === undefined ? name : `${name} ${code}`}); the worker's log says more`,
    code ?? name,
  );
  // The frames of the stack hold paths only, but its first line is the message; ours is neutral.
  return failure;
}
