/** Turns people away early and clearly when the process cannot keep up, instead of letting all of them wait. */
import underPressure from '@fastify/under-pressure';
import fp from 'fastify-plugin';

import { RefusedRequest } from '../problems';

export interface PressureOptions {
  /** The event loop may be this late, milliseconds; 0 turns nobody away. */
  readonly maxEventLoopDelayMs: number;
}

const retryAfterSeconds = 5;

export const pressurePlugin = fp<PressureOptions>(
  async (app, { maxEventLoopDelayMs }) => {
    if (maxEventLoopDelayMs === 0) return;
    await app.register(underPressure, {
      maxEventLoopDelay: maxEventLoopDelayMs,
      sampleInterval: 250,
      pressureHandler: (request) => {
        // Operations must see a process that is overloaded, and an orchestrator must not kill it for that.
        if (request.routeOptions.config?.session === false) return;
        throw new RefusedRequest({ code: 'overloaded', retryAfterSeconds });
      },
    });
  },
  { name: 'pressure' },
);
