/** How long to wait before trying again: doubling, capped, and spread so that 300 desks do not come back at once. */

export interface Backoff {
  firstMs: number;
  maximumMs: number;
}

/** Delay in ms before try number `attempt` (0 = first), half of it fixed and half by chance. */
export function delayBefore(attempt: number, { firstMs, maximumMs }: Backoff, random: () => number = Math.random): number {
  const full = Math.min(maximumMs, firstMs * 2 ** Math.min(attempt, 16));
  return Math.round(full / 2 + (full / 2) * random());
}
