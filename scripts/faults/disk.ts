/** A disk that is full under PostgreSQL, while clients act, and then has room again. */
import { execFile } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

import { PlainFailure, systemErrorCode } from '../runtime/failure';
import { lostBooking } from './controls';
import type { Fault, Strike } from './fault';
import type { FaultWorld } from './world';

const run = promisify(execFile);

/** Room beside the data, for a while of work before the disk is filled. */
const roomMegabytes = 64;
const beforeFullMs = 1_500;
/** Writes of our own, one after another, that have to be refused. */
const probes = 6;
const betweenProbesMs = 800;
/** SQLSTATE of a full disk, and of a server that gave up over it or is starting again. */
const refusedForRoom = /^(53100|57P0[123]|ECONNREFUSED|ECONNRESET)$/;

export const diskFaults: readonly Fault[] = [
  { name: 'disk-full', strike: fillTheDisk, control: lostBooking },
];

async function fillTheDisk(world: FaultWorld): Promise<Strike> {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') {
    throw new PlainFailure('A disk of a given size is mounted, and only root on Linux may do that.');
  }
  const { rows } = await world.ledger.pool.query<{ data_directory: string }>('show data_directory');
  const data = rows[0]?.data_directory ?? '';
  const disk = path.join(world.home, 'disk');
  const ballast = path.join(disk, 'ballast');
  // Moving the data is none of the fault, so nobody waits for it.
  await world.load.stop();
  await moveOnto(world, disk, data);
  let struck = 0;
  try {
    await world.untilUsable();
    world.load.start(world.slots);
    await pause(beforeFullMs);
    fill(ballast);
    for (let times = 0; times < probes; times += 1) {
      if (refusedForRoom.test(await codeOfWriting(world))) struck += 1;
      await pause(betweenProbesMs);
    }
    rmSync(ballast);
    // A server that gave up is started again; one that refused writes goes on by itself.
    await world.start('postgres');
    await world.untilUsable();
    await world.load.stop();
  } finally {
    rmSync(ballast, { force: true });
    await moveBack(world, disk, data);
  }
  await world.untilUsable();
  world.load.start(world.slots);
  return { struck, what: 'writes refused for want of room' };
}

/** Asks for more room than there is, and answers the code of the refusal. */
async function codeOfWriting(world: FaultWorld): Promise<string> {
  const write = `create table probe as select repeat(random()::text, 400) from generate_series(1, 4000)`;
  try {
    await world.ledger.pool.query(write);
    await world.ledger.pool.query('drop table probe');
    return '';
  } catch (error) {
    return systemErrorCode(error) ?? 'ECONNRESET';
  }
}

/** The data folder becomes a small disk of its own. */
async function moveOnto(world: FaultWorld, disk: string, data: string): Promise<void> {
  const { stdout } = await run('du', ['-sm', data]);
  const megabytes = Number(stdout.split('\t')[0]) + roomMegabytes;
  mkdirSync(disk, { recursive: true });
  await world.stack.process('postgres').stop();
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${String(megabytes)}m`, 'tmpfs', disk]);
    await run('cp', ['-a', `${data}/.`, disk]);
    await run('mount', ['--bind', disk, data]);
  } finally {
    await world.start('postgres');
  }
}

async function moveBack(world: FaultWorld, disk: string, data: string): Promise<void> {
  await world.stack.process('postgres').stop();
  try {
    await run('umount', [data]);
    await run('sh', ['-c', 'find "$1" -mindepth 1 -delete && cp -a "$0"/. "$1"', disk, data]);
    await run('umount', [disk]);
  } finally {
    await world.start('postgres');
  }
}

/** Writes until there is no room for another byte. */
function fill(file: string): void {
  const ballast = openSync(file, 'w');
  try {
    for (const bytes of [1 << 20, 1 << 12]) writeUntilFull(ballast, Buffer.alloc(bytes));
  } finally {
    closeSync(ballast);
  }
}

function writeUntilFull(file: number, piece: Buffer): void {
  try {
    for (;;) writeSync(file, piece);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOSPC') throw error;
  }
}
