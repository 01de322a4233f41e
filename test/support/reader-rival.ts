/**
 * Another program at the same reader, as real ones behave: `exclusive` keeps the card to itself until it is ended,
 * `reset` resets it when told to, and goes. Says `ready` when it has the card, `asked` once the reset is on its way.
 */
import {
  openPcsc,
  cardIsPresent,
  type PcscReader,
  type PcscStatus,
} from '../../card-bridge/reader/pcsc-binding';

const way = process.argv[2];
let begun = false;

openPcsc().on('reader', (reader: PcscReader) => {
  reader.on('error', () => process.exit(1));
  reader.on('status', ({ state }: PcscStatus) => {
    if (begun || (state & cardIsPresent) === 0) return;
    begun = true;
    const share_mode = way === 'exclusive' ? reader.SCARD_SHARE_EXCLUSIVE : reader.SCARD_SHARE_SHARED;
    const protocol = reader.SCARD_PROTOCOL_T0 | reader.SCARD_PROTOCOL_T1;
    reader.connect({ share_mode, protocol }, (error) => {
      if (error) process.exit(1);
      process.send?.('ready');
      process.once('message', () => {
        reader.disconnect(reader.SCARD_RESET_CARD, () => process.kill(process.pid, 'SIGKILL'));
        // Time for the wish to reach the reader service.
        setTimeout(() => process.send?.('asked'), 100);
      });
    });
  });
});
