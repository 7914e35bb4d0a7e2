import type { Principal } from "../access/principal.ts";
import { AppError } from "../errors.ts";
import type { McpContext } from "./call.ts";

/** How many live fetches each caller has under way, by process: where what they cost is borne. */
const underWay = new WeakMap<McpContext["robots"], Map<string, number>>();

/**
 * Has a place among the fetches that one caller may have under way at a time.
 * @throws AppError `rate_limited`
 */
export function takeFetchPlace({ robots, config }: McpContext, { keyId, userId }: Principal): Disposable {
  const limit = config.MAX_SCRAPES_PER_KEY;
  const counts = underWay.get(robots) ?? new Map<string, number>();
  underWay.set(robots, counts);
  const name = keyId ?? userId;
  const count = counts.get(name) ?? 0;
  if (limit > 0 && count >= limit)
    throw new AppError("rate_limited", `${limit} fetches of yours are under way, which is the limit; wait for one`);
  counts.set(name, count + 1);
  return {
    [Symbol.dispose]: () => {
      const left = (counts.get(name) ?? 1) - 1;
      if (left > 0) counts.set(name, left);
      else counts.delete(name);
    },
  };
}
