/** How cards of different years and owners answer, the wrong ones and the hostile ones among them. */
import { getDataCommand, selectCommand } from '../../card-bridge/reader/card-conversation';

/** A card as the reader meets it. */
export interface CardBehaviour {
  /** Answer to reset. */
  readonly atr: Uint8Array;
  /** The reply to one command; `selected` is whether the card's application was chosen since the last reset. */
  reply(command: Uint8Array, selected: boolean): Uint8Array | Promise<Uint8Array>;
}

/** Answers to reset that real cards are known by; both are hints and no more. */
const atrs = {
  old: '3BFD1800008131FE45534C4A35324778787979797A52AA',
  new: '3BFF1800FF8131FE455448433331305445434F4744484E3224',
  /** No convention and no interface characters: nothing that a card could be spoken to by. */
  unintelligible: 'FFFF',
} as const;

const statuses = {
  done: [0x90, 0x00],
  unknownInstruction: [0x6d, 0x00],
  unknownFile: [0x6a, 0x82],
  notSelected: [0x69, 0x85],
  professional: [0x6a, 0x86],
} as const;

export const cardKinds = [
  ...(['old', 'new', 'sixtyOne', 'professional', 'other', 'mute'] as const),
  ...(['shortReply', 'oneByteReply', 'oversizeReply', 'noise'] as const),
] as const;
export type CardKind = (typeof cardKinds)[number];

/** A card of that kind that holds these 57 bytes. */
export function cardOf(
  kind: CardKind,
  image: Uint8Array,
): { readonly atr: Uint8Array; readonly reply: Reply } {
  return { atr: hex(atrOf(kind)), reply: replies[kind](image) };
}

function atrOf(kind: CardKind): string {
  if (kind === 'mute') return atrs.unintelligible;
  return kind === 'old' || kind === 'sixtyOne' ? atrs.old : atrs.new;
}

/** These answer at once. */
type Reply = (command: Uint8Array, selected: boolean) => Uint8Array;

const replies: Readonly<Record<CardKind, (image: Uint8Array) => Reply>> = {
  old: (image) => nhiCard({ selectable: true, data: done(image) }),
  // Issued since late 2025.
  new: (image) => nhiCard({ selectable: false, data: done(image) }),
  sixtyOne: (image) => keepingBack(image),
  professional: () => nhiCard({ selectable: false, data: Uint8Array.from(statuses.professional) }),
  other: () => () => Uint8Array.from(statuses.unknownFile),
  mute: () => () => Uint8Array.from(statuses.unknownFile),
  shortReply: (image) => nhiCard({ selectable: true, data: done(image.subarray(0, 20)) }),
  oneByteReply: () => nhiCard({ selectable: true, data: Uint8Array.of(0x90) }),
  // More than any short command may be answered with.
  oversizeReply: (image) =>
    nhiCard({ selectable: true, data: done(Uint8Array.of(...image, ...new Uint8Array(260))) }),
  noise: (image) =>
    nhiCard({ selectable: true, data: done(image.map((byte, index) => byte ^ (index * 37))) }),
};

function nhiCard({ selectable, data }: { selectable: boolean; data: Uint8Array }): Reply {
  return (command, selected) => {
    if (isSelect(command)) return Uint8Array.from(selectable ? statuses.done : statuses.unknownInstruction);
    if (!isGetData(command)) return Uint8Array.from(statuses.unknownInstruction);
    return selectable && !selected ? Uint8Array.from(statuses.notSelected) : data;
  };
}

/** Behind readers of the older protocol a card says how much it has, and is asked for that. */
function keepingBack(image: Uint8Array): Reply {
  const waiting = Uint8Array.of(0x61, image.length);
  let kept = new Uint8Array();
  return (command, selected) => {
    if (command[1] === 0xc0) return done(kept.subarray(0, command[4]));
    if (isGetData(command) && selected) kept = Uint8Array.from(image);
    return isGetData(command) && selected ? waiting : Uint8Array.from(statuses.done);
  };
}

function done(data: Uint8Array): Uint8Array {
  return Uint8Array.of(...data, ...statuses.done);
}

export function isSelect(command: Uint8Array): boolean {
  return Buffer.compare(command.subarray(0, selectCommand.length), selectCommand) === 0;
}

/** With the expected length named or not: readers differ, and a card takes both. */
export function isGetData(command: Uint8Array): boolean {
  return Buffer.compare(command.subarray(0, getDataCommand.length), getDataCommand) === 0;
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}
