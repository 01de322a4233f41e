/** A card bridge as a browser at a test's pages sees it: with a key of its own; no reader, no daemon. */
import type { Route, WebSocketRoute } from 'playwright-core';

import { BridgeKey, cardOf, type AnsweredChallenge } from '../support/card-bridge-key';
import type { Visitor } from './pages-browser';
import type { TownPerson } from './pages-world';

/** Where pages look for a bridge unless they were told of another place. */
const usualAddress = 'http://127.0.0.1:17777';

/** A card bridge as the browser sees it, with a key of its own; no reader, no daemon. */
export class PretendedBridge {
  readonly key = new BridgeKey();
  #card: TownPerson | undefined;
  #listeners: WebSocketRoute[] = [];

  /** `origin`: of the pages that it serves. `address`: where they look for it. */
  constructor(
    private readonly origin: string,
    private readonly address = usualAddress,
  ) {}

  async beside({ page }: Visitor): Promise<void> {
    await page.routeWebSocket(`${this.address.replace('http', 'ws')}/readers`, (socket) => {
      this.#listeners.push(socket);
      socket.send(JSON.stringify(this.#standing()));
    });
    await page.route(`${this.address}/**`, (route) => this.#answer(route));
  }

  insert(person: TownPerson): void {
    this.#card = person;
    for (const socket of this.#listeners) socket.send(JSON.stringify(this.#standing()));
  }

  remove(): void {
    this.#card = undefined;
    for (const socket of this.#listeners) socket.send(JSON.stringify(this.#standing()));
  }

  #standing() {
    const cardPresent = this.#card !== undefined;
    const words = { zh: '讀卡機狀態', en: 'How the reader stands' };
    return { state: cardPresent ? 'ready' : 'noCard', readers: [{ name: 'R', cardPresent }], words };
  }

  async #answer(route: Route): Promise<void> {
    const request = route.request();
    const headers = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'content-type' };
    if (request.method() === 'OPTIONS') return route.fulfill({ status: 204, headers });
    if (request.url().endsWith('/enrolment')) {
      return route.fulfill({ status: 200, headers, json: this.key.enrolment(this.origin) });
    }
    if (request.url().endsWith('/status')) {
      return route.fulfill({ status: 200, headers, json: { version: '0.1.0', ...this.#standing() } });
    }
    if (!this.#card) return route.fulfill({ status: 409, headers, json: { problem: 'noCard' } });
    const card = { ...cardOf(this.#card), birthDate: '1969-05-04' as const };
    const proof = this.key.proof(request.postDataJSON() as AnsweredChallenge, card, this.origin);
    return route.fulfill({ status: 200, headers, json: proof });
  }
}
