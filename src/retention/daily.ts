import { Cron } from "croner";
import { type PurgeContext, purge } from "./purge.ts";

/** Within which the first purge after a start comes; instances that start together don't all come at once. */
const WITHIN_MS = 3_600_000;

/**
 * Purges every day at the time of day at which it did first: within an hour of the start, so that a service which never
 * runs for a whole day purges too.
 * @returns how to stop; resolves when nothing runs any more
 */
export function purgeDaily(context: PurgeContext, random = Math.random()): () => Promise<void> {
  const stopping = new AbortController();
  let running = Promise.resolve();
  const work = () => {
    running = purge(context, stopping.signal).then(
      () => {},
      (error) => context.log.warn("purge failed", { error }),
    );
    return running;
  };
  const first = new Date(context.clock.now().getTime() + Math.max(60_000, random * WITHIN_MS));
  const timer = new Cron(`${first.getMinutes()} ${first.getHours()} * * *`, { unref: true, protect: true }, work);
  return async () => {
    timer.stop();
    stopping.abort();
    await running;
  };
}
