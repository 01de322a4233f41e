/**
 * Checks a settlement from its export alone: the signature, both digests, every candidate's eligibility and the whole
 * ranking by the domain's own rule. Reads the file once, holding one county at a time.
 */
import { createHash, type Hash } from 'node:crypto';

import { assign, settlementRules } from '../../domain/settlement/assignment';
import { candidateFor, type CandidateFacts } from '../../domain/settlement/eligibility';
import {
  evidenceFormat,
  parseCandidateLine,
  parseResultLine,
  type ResultLine,
} from '../../domain/settlement/evidence';
import { keyFingerprint, openRecord, type SettlementRecord } from '../../ledger/settlement-record';

/** What was checked; thrown instead when something does not hold. */
export interface VerifiedSettlement {
  readonly roundId: string;
  readonly settledAt: string;
  readonly registrations: number;
  readonly invited: number;
  readonly fingerprint: string;
}

/** The file is not what was signed, or what was signed does not follow from the rules. */
export class SettlementDoubt extends Error {}

/** Lines of an export, as `GET /v1/staff/rounds/:roundId/settlement-export` writes them. Throws `SettlementDoubt`. */
export async function verifySettlement(lines: AsyncIterable<string>): Promise<VerifiedSettlement> {
  let audit: Audit | undefined;
  for await (const line of lines) {
    if (line === '') continue;
    if (audit) audit.take(line);
    else audit = new Audit(recordOf(line));
  }
  if (!audit) throw new SettlementDoubt('The file is empty.');
  return audit.end();
}

function recordOf(line: string): SettlementRecord {
  const signed = JSON.parse(line) as { record: string; signature: string };
  const record = openRecord(signed);
  if (!record) throw new SettlementDoubt('The signature is not that of the record.');
  if (record.format !== evidenceFormat)
    throw new SettlementDoubt(`The record is of format ${record.format}; this checks ${evidenceFormat}.`);
  if (record.rulesVersion !== settlementRules)
    throw new SettlementDoubt(
      `The round was settled by rules ${record.rulesVersion}; this version knows ${settlementRules}.`,
    );
  return record;
}

const sha256 = (): Hash => createHash('sha256');

class Audit {
  readonly #candidates = sha256();
  readonly #results = sha256();
  #block: Block | undefined;
  #county: County | undefined;
  #registrations = 0;
  #invited = 0;

  constructor(private readonly record: SettlementRecord) {}

  take(line: string): void {
    const [kind, text] = [line.slice(0, 2), line.slice(2)];
    if (kind === 'c,') this.#takeCandidate(text);
    else if (kind === 'r,') this.#takeResult(text);
    else throw new SettlementDoubt('A line is neither of a candidate nor of a result.');
  }

  end(): VerifiedSettlement {
    this.#closeCounty();
    const { record } = this;
    const held =
      this.#candidates.digest('hex') === record.digests.candidates &&
      this.#results.digest('hex') === record.digests.results;
    if (!held) throw new SettlementDoubt('The lines are not those whose digests were signed.');
    if (this.#registrations !== record.registrations || this.#invited !== record.invited)
      throw new SettlementDoubt('The counts are not those that were signed.');
    return {
      ...{ roundId: record.rules.round.roundId, settledAt: record.settledAt },
      ...{ registrations: this.#registrations, invited: this.#invited },
      fingerprint: keyFingerprint(record.publicKey),
    };
  }

  #takeCandidate(text: string): void {
    const facts = parseCandidateLine(text);
    const block = parseInt(facts.lot.slice(0, 2), 16);
    if (this.#county?.code !== facts.countyCode) {
      this.#closeCounty();
      this.#county = new County(facts.countyCode, this.#county?.code);
    }
    if (this.#block?.number !== block) {
      this.#closeBlock();
      this.#block = new Block(facts.countyCode, block);
    }
    this.#county.add(facts);
    this.#block.candidates.update(`${text}\n`);
    this.#registrations += 1;
  }

  #takeResult(text: string): void {
    if (!this.#county || !this.#block) throw new SettlementDoubt('A result stands before its candidate.');
    this.#county.results.push(parseResultLine(text));
    this.#block.results.update(`${text}\n`);
    this.#invited += 1;
  }

  #closeBlock(): void {
    if (!this.#block) return;
    const { name, candidates, results } = this.#block;
    this.#candidates.update(`${name},${candidates.digest('hex')}\n`);
    this.#results.update(`${name},${results.digest('hex')}\n`);
    this.#block = undefined;
  }

  #closeCounty(): void {
    this.#closeBlock();
    this.#county?.check(this.record);
  }
}

class Block {
  readonly candidates = sha256();
  readonly results = sha256();
  readonly name: string;

  constructor(
    countyCode: string,
    readonly number: number,
  ) {
    this.name = `${countyCode},${String(number)}`;
  }
}

/** The people of one county: nobody else's are ranked among them. */
class County {
  readonly results: ResultLine[] = [];
  readonly #people: CandidateFacts[] = [];

  constructor(
    readonly code: string,
    before: string | undefined,
  ) {
    if (before !== undefined && before >= code) throw new SettlementDoubt('The counties are out of order.');
  }

  add(person: CandidateFacts): void {
    const last = this.#people.at(-1);
    if (last && last.lot >= person.lot) throw new SettlementDoubt('Two candidates have the same lot.');
    this.#people.push(person);
  }

  /** Ranks by the rule and compares with what was signed. */
  check({ rules }: SettlementRecord): void {
    const products = rules.round.products.map(({ product }) => product);
    const candidates = this.#people.map((person) => candidateFor(rules, person));
    const supply = rules.supply.filter(({ countyCode }) => countyCode === this.code);
    const due = assign(products, candidates, supply);
    const given = new Map(this.results.map((result) => [result.lot, result]));
    const wrong = due.find(({ personKey, product, rank }) => {
      const result = given.get(personKey);
      return result?.product !== product || result.rank !== rank;
    });
    if (wrong || due.length !== given.size || given.size !== this.results.length)
      throw new SettlementDoubt(`The invitations of county ${this.code} do not follow from the rules.`);
  }
}
