/**
 * The queues of work. Each is served by a fixed number of jobs at a time in each process, so that one kind of work never
 * takes the place of another.
 */
export const QUEUES = {
  /** Slices of crawls: mostly waiting for hosts, so that a process has many. */
  crawl: { about: "Slices of crawls, each one host for a while" },
  /** What begins and ends crawls: due schedules, seeding from sitemaps, closing. */
  control: { about: "What begins, seeds and ends crawls" },
  /** What nobody waits for. */
  maintenance: { about: "Retention, purges, checks" },
  /** Keeps processors and model endpoints busy for long. */
  index: { about: "Passages to search, vectors, llms.txt" },
  /** Waits for receivers, of whom some never answer. */
  notify: { about: "Telling people and programs what happened" },
} as const;

export type QueueName = keyof typeof QUEUES;

export const QUEUE_NAMES = Object.keys(QUEUES) as QueueName[];

/** Where jobs go whose attempts are used up, of all queues. */
export const DEAD_LETTERS = "dead";

const UNIQUE = ".unique";

/**
 * pg-boss has a rule for a whole queue, and one under which each key is there once costs a quarter more to fetch from; so
 * that each of our queues is two of its, of which the second is for kinds that are unique.
 */
export function bossNameOf(queue: QueueName, { isUnique = false }: { isUnique?: boolean }): string {
  return isUnique ? `${queue}${UNIQUE}` : queue;
}

/** Both of a queue's names. */
export function bossNamesOf(queue: QueueName): [plain: string, unique: string] {
  return [queue, `${queue}${UNIQUE}`];
}

/** All that pg-boss has of ours, the dead letters included. */
export const BOSS_NAMES = [...QUEUE_NAMES.flatMap(bossNamesOf), DEAD_LETTERS];

/** The queue of one of pg-boss's names; that of dead letters has the same. */
export function queueOf(bossName: string): string {
  return bossName.endsWith(UNIQUE) ? bossName.slice(0, -UNIQUE.length) : bossName;
}
