/** Holds the virtual card of one data folder in its reader, and does with it what the card command says. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { PlainFailure, systemErrorCode } from '../runtime/failure';
import { onPath } from '../runtime/test-tools';
import { cardOf } from './card-behaviours';
import { findCard, imageOf } from './card-catalogue';
import type { CardAct, CardAnswer } from './card-messages';
import { driverPort, VirtualCard, type Mishap } from './virtual-card';

/** Where the reader service of this machine answers, if one runs. */
const serviceSocket = '/run/pcscd/pcscd.comm';

/** A reader service that starts opens its driver's port within a second. */
const serviceStartMs = 5_000;

const mishaps: Readonly<Record<Mishap, string>> = {
  pull: 'At the next reading the card is pulled out in the middle.',
  hang: 'At the next reading the card stops answering, until it is taken out: npm run card -- remove',
};

export class CardHolder {
  #card: VirtualCard | undefined;
  #service: ChildProcess | undefined;

  /** Never rejects: what cannot be done is an answer too. */
  async carryOut(act: CardAct): Promise<CardAnswer> {
    try {
      return { done: true, says: await this.#says(act) };
    } catch (error) {
      if (!(error instanceof PlainFailure)) throw error;
      return { done: false, says: error.message };
    }
  }

  #says(act: CardAct): Promise<string> {
    switch (act.act) {
      case 'insert':
        return this.#insert(act);
      case 'remove':
        return this.#remove();
      case 'pull-mid-read':
        return this.#prepare('pull');
      case 'hang':
        return this.#prepare('hang');
      case 'stop':
        return this.stop();
    }
  }

  async #insert({ name, port, day }: Extract<CardAct, { act: 'insert' }>): Promise<string> {
    const chosen = findCard(name);
    if (!chosen) throw new PlainFailure(`There is no card ${name}; npm run card lists those that there are.`);
    await this.#card?.remove();
    const card = await this.#putIn(cardOf(chosen.kind, imageOf(chosen, day)), port);
    this.#card = card;
    card.onRemoved(() => {
      if (this.#card === card) this.#card = undefined;
    });
    const { personNumber, cardNumber, name: owner } = chosen.owner;
    const whose = chosen.name === owner ? owner : `${chosen.name} of ${owner}`;
    return [
      `The card ${whose} is in the reader: ${chosen.what}; number ${personNumber}, card number ${cardNumber}.`,
      ...(this.#service ? ['A reader service was started for it; npm run card -- stop ends that too.'] : []),
      'It stays there until: npm run card -- remove',
    ].join('\n');
  }

  async #putIn(behaviour: Parameters<typeof VirtualCard.insert>[0], port: number): Promise<VirtualCard> {
    const deadline = Date.now() + serviceStartMs;
    for (;;) {
      try {
        return await VirtualCard.insert(behaviour, port);
      } catch (error) {
        if (systemErrorCode(error) !== 'ECONNREFUSED') throw error;
        this.#service ??= startService(port);
        if (!this.#service || Date.now() > deadline) throw noReader(port);
        await pause(100);
      }
    }
  }

  async #remove(): Promise<string> {
    const card = this.#card;
    this.#card = undefined;
    await card?.remove();
    return card ? 'The card is out of the reader.' : 'There was no card in the reader.';
  }

  async #prepare(mishap: Mishap): Promise<string> {
    if (!this.#card) throw new PlainFailure('Put a card in first: npm run card -- insert NAME');
    this.#card.prepare(mishap);
    return mishaps[mishap];
  }

  /** Takes the card out and ends the reader service that was started for it. */
  async stop(): Promise<string> {
    const removed = await this.#remove();
    this.#service?.kill('SIGTERM');
    this.#service = undefined;
    return removed;
  }
}

/**
 * Starts the machine's reader service where none runs and we may, as on a machine without a service manager; it
 * listens where its package says.
 */
function startService(port: number): ChildProcess | undefined {
  if (port !== driverPort) return undefined;
  if (process.getuid?.() !== 0 || existsSync(serviceSocket) || onPath('pcscd') === undefined)
    return undefined;
  return spawn('pcscd', ['--foreground'], { stdio: 'ignore' });
}

function noReader(port: number): PlainFailure {
  return new PlainFailure(
    [
      `No virtual reader listens on port ${String(port)}.`,
      'On Debian: apt-get install pcscd vsmartcard-vpcd, then systemctl restart pcscd (or run pcscd as root).',
      'Never on a machine that serves citizens: that reader takes cards from everybody on the network.',
    ].join('\n'),
  );
}
