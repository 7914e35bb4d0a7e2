import { HttpError } from "./problems.ts";
import { subjectOf } from "./request-context.ts";

/** Lets so many requests of one key, user or address be worked at a time. */
export type Turnstile = {
  /** @throws HttpError 429 when as many are under way already */
  enter(request: Request): Disposable;
};

const RETRY_AFTER_S = 2;

/** `what` names the work in the plural; a limit of 0 is none. Counts in this process alone, where the work is done. */
export function createTurnstile(limit: number, what: string): Turnstile {
  const inside = new Map<string, number>();
  return {
    enter: (request) => {
      const subject = subjectOf(request)?.name;
      if (subject === undefined || limit === 0) return { [Symbol.dispose]: () => {} };
      const count = inside.get(subject) ?? 0;
      if (count >= limit) {
        const message = `${limit} ${what} of yours are under way, which is the limit; wait until one ends`;
        throw new HttpError(429, `too_many_${what}`, message, { "retry-after": String(RETRY_AFTER_S) });
      }
      inside.set(subject, count + 1);
      return {
        [Symbol.dispose]: () => {
          const left = (inside.get(subject) ?? 1) - 1;
          if (left > 0) inside.set(subject, left);
          else inside.delete(subject);
        },
      };
    },
  };
}
