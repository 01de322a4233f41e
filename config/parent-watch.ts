/**
 * Ends a child process when the process that started it is gone; loaded by `node --require`, so that no
 * program has to know of it and none is left behind after `kill -9`.
 */

/** Time for an orderly stop before the process ends the hard way. */
const graceMs = 10_000;

if (process.channel) {
  process.on('disconnect', () => {
    setTimeout(() => process.exit(1), graceMs).unref();
    process.kill(process.pid, 'SIGTERM');
  });
  // A listener keeps the channel referenced, and with it a program that has done its work.
  process.channel.unref();
}
