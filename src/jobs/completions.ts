import type { PgBoss } from "pg-boss";
import type { Attempt } from "./statements.ts";
import { settledOf } from "./statements.ts";

type Waiting = { attempt: Attempt; resolve: (counted: boolean) => void; reject: (error: unknown) => void };

/**
 * Completes attempts: those that brought nothing together, as many as have ended while the last ones were written.
 * @returns whether the attempt was still the one that counts
 */
export function createCompletions(boss: PgBoss): (attempt: Attempt, result: unknown) => Promise<boolean> {
  const waiting = new Map<string, Waiting[]>();
  const writing = new Set<string>();
  const flush = async (bossName: string) => {
    if (writing.has(bossName)) return;
    writing.add(bossName);
    // Those that end together are written together.
    await new Promise(setImmediate);
    for (let batch = waiting.get(bossName); batch?.length; batch = waiting.get(bossName)) {
      waiting.delete(bossName);
      try {
        const attempts = batch.map(({ attempt }) => attempt);
        const settled = settledOf(await boss.complete(bossName, attempts));
        for (const { attempt, resolve } of batch) resolve(settled.has(attempt.id));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    writing.delete(bossName);
  };
  return async (attempt, result) => {
    const { bossName, id } = attempt;
    if (result !== undefined && result !== null) {
      return settledOf(await boss.complete(bossName, attempt, result as object)).has(id);
    }
    return new Promise((resolve, reject) => {
      const batch = waiting.get(bossName) ?? [];
      batch.push({ attempt, resolve, reject });
      waiting.set(bossName, batch);
      void flush(bossName);
    });
  };
}
