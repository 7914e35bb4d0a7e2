import { AppError } from "../errors.ts";

const MAX_CALLS = 32;

/** Lets so many tool calls of one principal be worked at a time. */
export type CallLimits = {
  /** @throws AppError `rate_limited` */
  enter(owner: string): Disposable;
};

export function createCallLimits(limit = MAX_CALLS): CallLimits {
  const running = new Map<string, number>();
  return {
    enter: (owner) => {
      const count = running.get(owner) ?? 0;
      if (count >= limit) {
        throw new AppError(
          "rate_limited",
          `${limit} calls of yours are under way, which is the limit; wait until one ends`,
        );
      }
      running.set(owner, count + 1);
      return {
        [Symbol.dispose]: () => {
          const left = (running.get(owner) ?? 1) - 1;
          if (left > 0) running.set(owner, left);
          else running.delete(owner);
        },
      };
    },
  };
}
