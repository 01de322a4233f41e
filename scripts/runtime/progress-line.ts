/** One line that says what is going on: rewritten in place on a terminal, one line a change elsewhere. */
import type { WriteStream } from 'node:tty';

/** Shows progress on a stream. */
export class ProgressLine {
  readonly #stream: Pick<WriteStream, 'write'> & { readonly isTTY?: boolean };
  #current = '';
  #since = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: Pick<WriteStream, 'write'> & { readonly isTTY?: boolean }) {
    this.#stream = stream;
  }

  /** Replaces the line; on a terminal it counts the seconds. */
  say(text: string): void {
    if (text === this.#current) return;
    this.#current = text;
    this.#since = Date.now();
    if (!this.#stream.isTTY) {
      this.#stream.write(`${text}\n`);
      return;
    }
    this.#draw();
    this.#timer ??= setInterval(() => this.#draw(), 1_000).unref();
  }

  /** Writes a line that stays. */
  tell(text: string): void {
    const going = this.#current;
    this.clear();
    this.#stream.write(`${text}\n`);
    if (going !== '' && this.#stream.isTTY) this.say(going);
  }

  /** Takes the line away. */
  clear(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#current !== '' && this.#stream.isTTY) this.#stream.write('\r\u001B[K');
    this.#current = '';
  }

  #draw(): void {
    const seconds = Math.floor((Date.now() - this.#since) / 1_000);
    this.#stream.write(`\r\u001B[K${this.#current}${seconds > 0 ? ` ${String(seconds)} s` : ''}`);
  }
}
