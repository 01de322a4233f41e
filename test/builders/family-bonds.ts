/** Families in a ledger of one's own. */
import type { CommandContext } from '../../ledger/citizen-command';
import { familyChannel, takeChild } from '../../ledger/family-bond';
import type { LedgerWorld } from './ledger-world';

/** A parent with a bond to a child under fifteen, and what commands need to know of the parent who acts for it. */
export interface BondInLedger {
  readonly familyBondId: string;
  readonly parentKey: string;
  readonly childKey: string;
  readonly forChild: CommandContext;
}

/** A parent who has taken a child of seven. */
export async function parentOfBond(world: LedgerWorld): Promise<BondInLedger> {
  const [parentKey, childKey] = [
    await world.person({ birthDate: '1990-01-01' }),
    await world.person({ birthDate: '2024-05-05' }),
  ];
  const taken = await takeChild(world.ledger, world.acting(parentKey), { childKey });
  if (!taken.ok) throw new Error(`no bond: ${taken.refusal.code}`);
  const { familyBondId } = taken.value;
  const forChild: CommandContext = {
    personKey: childKey,
    actor: 'citizen',
    channel: familyChannel(familyBondId, parentKey),
    inFamily: { familyBondId, kind: 'child' },
  };
  return { familyBondId, parentKey, childKey, forChild };
}
