/** The load under which faults strike: every client acts, thinks, and acts again until it is told to stop. */
import { setTimeout as pause } from 'node:timers/promises';

import type { FaultClient } from './client';

/** Pauses between two acts of one client, from and to. */
const thinkMs = { from: 60, to: 260 } as const;

export class Load {
  #lanes: Promise<void>[] = [];
  #running = false;

  constructor(private readonly clients: readonly FaultClient[]) {}

  /** Begins acting in these windows. */
  start(slots: readonly number[]): void {
    this.#running = true;
    this.#lanes = this.clients.map((client) => this.#lane(client, slots));
  }

  /** Ends; resolves when every client has an answer to its last act or has given it up. */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#lanes);
    this.#lanes = [];
  }

  async #lane(client: FaultClient, slots: readonly number[]): Promise<void> {
    while (this.#running) {
      await client.actAmong(slots);
      await pause(thinkMs.from + Math.random() * (thinkMs.to - thinkMs.from));
    }
  }
}
