/** Made for this once: names of firings are told apart from those of anything else by it. */
const NAMESPACE = "6d2c5f8e-9f0b-4c1e-8a57-1f6b3c0de4a2";

/**
 * The id of the job of one firing (UUIDv5, RFC 9562): of a schedule and its due time alone, so that it is made once,
 * however many instances are at it and whatever became of the row in between.
 */
export function firingId(schedule: string, dueAt: Date): string {
  return Bun.randomUUIDv5(`${schedule} ${dueAt.toISOString()}`, NAMESPACE);
}
