/** Where a station's browser goes when a session that it began is over. */
import type { StationOfSession } from '../../api/plugins/session';

/** The next person finds the screen as it was before, and in Chinese. */
export function stationAfter({ assistedBy }: StationOfSession, how: 'over' | 'finished'): string {
  return assistedBy ? `/station/assisted?ended=${how}` : `/station?ended=${how}&lang=zh`;
}
