/**
 * The published picture of a settlement: how many registered and how many were invited, by county and group. Numbers
 * are rounded and small ones hidden, so that nobody can be recognised and none can be worked out from the others.
 */

/** A county's group, counted. */
export interface PictureCount {
  readonly countyCode: string;
  readonly priorityGroup: number;
  readonly registered: number;
  readonly invited: number;
}

/** Numbers below this are not told. */
export const smallestTold = 5;
const roundedTo = 5;

/** A number as it is told: a multiple of five; `null` stands for one to four. */
export type ToldNumber = number | null;

/** Nought stays nought; a sum is rounded by itself, so that a hidden part cannot be taken from it. */
export function told(count: number): ToldNumber {
  if (count === 0) return 0;
  if (count < smallestTold) return null;
  return Math.round(count / roundedTo) * roundedTo;
}

/** How many registered, and how many of them were invited. */
export interface ToldPair {
  readonly registered: ToldNumber;
  readonly invited: ToldNumber;
}

export interface SettlementPicture {
  readonly total: ToldPair;
  readonly groups: readonly (ToldPair & { readonly priorityGroup: number })[];
  readonly counties: readonly CountyPicture[];
}

export interface CountyPicture extends ToldPair {
  readonly countyCode: string;
  /** In the order of `SettlementPicture.groups`; nought where a group has nobody. */
  readonly groups: readonly (ToldPair & { readonly priorityGroup: number })[];
}

/** The picture of these counts; counties in the order of `countyCodes`, those without anybody left out. */
export function pictureOf(
  counts: readonly PictureCount[],
  countyCodes: readonly string[],
): SettlementPicture {
  const groups = [...new Set(counts.map(({ priorityGroup }) => priorityGroup))].sort((a, b) => a - b);
  const ofGroups = (those: readonly PictureCount[]) =>
    groups.map((priorityGroup) => ({
      priorityGroup,
      ...pairOf(those.filter((count) => count.priorityGroup === priorityGroup)),
    }));
  return {
    total: pairOf(counts),
    groups: ofGroups(counts),
    counties: countyCodes.flatMap((countyCode) => {
      const those = counts.filter((count) => count.countyCode === countyCode);
      return those.length === 0 ? [] : [{ countyCode, ...pairOf(those), groups: ofGroups(those) }];
    }),
  };
}

function pairOf(those: readonly PictureCount[]): ToldPair {
  const sum = (of: 'registered' | 'invited') => those.reduce((total, count) => total + count[of], 0);
  return { registered: told(sum('registered')), invited: told(sum('invited')) };
}
