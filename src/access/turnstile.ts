import { AppError } from "../errors.ts";

/** Lets so much work of one key, user or address be under way at a time. */
export type Turnstile = {
  /**
   * Nobody by that name is kept from anything when it is `undefined`.
   * @throws AppError `rate_limited` when as much is under way already
   */
  enter(name: string | undefined): Disposable;
};

/** `what` names the work in the plural; a limit of 0 is none. Counts in this process alone, where the work is done. */
export function createTurnstile(limit: number, what: string): Turnstile {
  const inside = new Map<string, number>();
  return {
    enter: (name) => {
      if (name === undefined || limit === 0) return { [Symbol.dispose]: () => {} };
      const count = inside.get(name) ?? 0;
      if (count >= limit) {
        const message = `${limit} ${what} of yours are under way, which is the limit; wait until one ends`;
        throw new AppError("rate_limited", message, { code: `too_many_${what}` });
      }
      inside.set(name, count + 1);
      return {
        [Symbol.dispose]: () => {
          const left = (inside.get(name) ?? 1) - 1;
          if (left > 0) inside.set(name, left);
          else inside.delete(name);
        },
      };
    },
  };
}
