import type { Db } from "../db/db.ts";
import { pausedQueues } from "../db/schema/jobs.ts";

/** The queues of which nothing is taken. */
export type PausedQueues = {
  /** They are asked for when it is not known which they are. */
  read(): Promise<ReadonlySet<string>>;
  /** Called before they are looked for by other means; what that brings is void if something was changed meanwhile. */
  expect(): (names: Iterable<string>) => void;
  /** Something was changed. */
  forget(): void;
};

export function createPausedQueues(db: Db): PausedQueues {
  let known: ReadonlySet<string> | undefined;
  let changes = 0;
  const expect = () => {
    const before = changes;
    return (names: Iterable<string>) => {
      if (before === changes) known = new Set(names);
    };
  };
  return {
    expect,
    read: async () => {
      if (known) return known;
      const learn = expect();
      const names = (await db.select().from(pausedQueues)).map(({ queue }) => queue);
      learn(names);
      return new Set(names);
    },
    forget: () => {
      known = undefined;
      changes++;
    },
  };
}
