/**
 * A stand-in for the carriers' gateway: an HTTP server over the demonstration's contracts and, for everybody's own
 * number, over the column `mobile_contract` of the schema `simulated_registry`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { TypeBoxValidatorCompiler, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify from 'fastify';
import { Pool } from 'pg';
import { Type } from 'typebox';

import { demonstrationContracts, ordinaryContract, refusalOf } from './demonstration-contracts';
import type { SimulatedContract } from './demonstration-contracts';
import { holderPath, holderRequest, type HolderAnswerMessage, type HolderRequest } from './protocol';

/** What can be made to go wrong, by code or by `PUT /simulation/faults`. */
export interface CarriersFaults {
  /** Every question is answered with 503. */
  readonly outage?: boolean;
  /** Added to every answer, milliseconds. */
  readonly slowByMs?: number;
}

export interface CarriersSimulatorSettings {
  readonly databaseUrl: string;
  /** Free port when left out. */
  readonly port?: number;
  readonly host?: string;
}

export interface CarriersSimulator {
  /** Origin under which it answers, e.g. `http://127.0.0.1:41234`. */
  readonly url: string;
  setFaults(faults: CarriersFaults): void;
  close(): Promise<void>;
}

/** Longer than anybody waits for an answer. */
const silenceMs = 60_000;

const faultsBody = Type.Object(
  {
    outage: Type.Optional(Type.Boolean()),
    slowByMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 60_000 })),
  },
  { additionalProperties: false },
);

const isHolder = `
  select exists (select from simulated_registry.insured_person p join simulated_registry.insured_number n
      using (registry_person_id) where p.mobile_contract = $1 and n.number = $2) as own,
    exists (select from simulated_registry.insured_person where mobile_contract = $1) as known`;

/** Starts the simulator; it listens when the promise resolves. It logs nothing, since every question is personal. */
export async function startCarriersSimulator(
  settings: CarriersSimulatorSettings,
): Promise<CarriersSimulator> {
  const pool = new Pool({
    connectionString: settings.databaseUrl,
    max: 2,
    application_name: 'carriers-simulator',
  });
  pool.on('error', () => {
    // The pool replaces a broken idle connection by itself; the next question shows whether that worked.
  });
  let faults: CarriersFaults = {};
  const setFaults = (next: CarriersFaults): void => {
    faults = next;
  };

  /** The contract of a number; one of which no carrier knows belongs to a carrier that takes no part. */
  async function contractOf({ mobile, personNumber }: HolderRequest): Promise<SimulatedContract> {
    const ofDemonstration = demonstrationContracts[mobile];
    if (ofDemonstration) return ofDemonstration;
    const { rows } = await pool.query<{ own: boolean; known: boolean }>(isHolder, [mobile, personNumber]);
    const [found] = rows;
    if (found?.own) return ordinaryContract;
    return found?.known
      ? { ...ordinaryContract, holder: 'somebody else' }
      : { ...ordinaryContract, carrier: 'other' };
  }

  const app = fastify({ forceCloseConnections: true })
    .withTypeProvider<TypeBoxTypeProvider>()
    .setValidatorCompiler(TypeBoxValidatorCompiler);
  // What a validator or the database says may quote the question: only the status leaves.
  app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ status: error.statusCode ?? 500 }),
  );
  app.post(holderPath, { schema: { body: holderRequest } }, async (request, reply) => {
    const { outage = false, slowByMs = 0 } = faults;
    // Unreferenced: a slow answer must not keep the process alive after the server was closed.
    if (slowByMs > 0) await pause(slowByMs, undefined, { ref: false });
    if (outage) return reply.code(503).send({ status: 503 });
    const contract = await contractOf(request.body);
    if (contract.silent) await pause(silenceMs, undefined, { ref: false });
    const reason = refusalOf(contract);
    const answer: HolderAnswerMessage = reason ? { outcome: 'refused', reason } : { outcome: 'confirmed' };
    return answer;
  });
  app.put('/simulation/faults', { schema: { body: faultsBody } }, async (request, reply) => {
    setFaults(request.body);
    return reply.code(204).send();
  });
  app.get('/healthz', async () => ({ status: 'up' }));

  const close = async (): Promise<void> => {
    await app.close();
    await pool.end();
  };
  try {
    const url = await app.listen({ port: settings.port ?? 0, host: settings.host ?? '127.0.0.1' });
    return { url, setFaults, close };
  } catch (error) {
    await close();
    throw error;
  }
}
