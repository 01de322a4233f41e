/** The operators' command: all capabilities' commands in one table, chosen by the first words of the line. */
import { PlainFailure } from '../runtime/failure';
import { cardBridgeCommands } from './card-bridges';
import { cardAccountCommands } from './card-accounts';
import { closureCommands } from './closures';
import { consentCommands } from './consents';
import { operatorCommands } from './operators';
import { settlementCommands } from './settlement';
import { sessionCommands } from './sessions';
import { lazyStaffCall, type OperationsCommand } from './staff-call';
import { waitingRoomCommands } from './waiting-room';
import { waveCommands } from './waves';

const commands: readonly OperationsCommand[] = [
  ...operatorCommands,
  ...consentCommands,
  ...cardAccountCommands,
  ...closureCommands,
  ...waveCommands,
  ...settlementCommands,
  ...sessionCommands,
  ...waitingRoomCommands,
  ...cardBridgeCommands,
];

/** Runs what the line says and resolves to what is to be printed. Throws `PlainFailure` for a wrong call. */
export async function runOperationsCommand(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  if (args.length === 0 || args[0] === '--help') return usageOf(commands);
  const command = commands.find(({ words }) => words.every((word, index) => word === args[index]));
  if (!command) {
    const near = commands.filter(({ words }) => words[0] === args[0]);
    throw new PlainFailure(`There is no such command.\n${usageOf(near.length === 0 ? commands : near)}`);
  }
  return command.run(lazyStaffCall(environment), args.slice(command.words.length));
}

function usageOf(those: readonly OperationsCommand[]): string {
  const lines = those.map(({ words, usage }) => `  ${[...words, usage].join(' ')}`);
  return ['npm run operations -- …', ...lines].join('\n');
}
