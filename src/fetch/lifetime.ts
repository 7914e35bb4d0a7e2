import { FetchError } from "./fetch.ts";

/** The one place where a request may be ended from outside: by its caller, or by its total time. */
export type Lifetime = {
  /** Runs one connection attempt under this lifetime, with a bound of its own until `calm` is called. */
  attempt<T>(boundMs: number, onTimeout: () => FetchError, run: (attempt: Attempt) => Promise<T>): Promise<T>;
  /** The promise's outcome, or the end of this lifetime, whichever is first. */
  race<T>(promise: Promise<T>): Promise<T>;
  close(): void;
};

export type Attempt = { signal: AbortSignal; calm(): void };

/** Every timer and listener is gone after `close`. */
export function openLifetime(host: string, totalMs: number, signal: AbortSignal | undefined): Lifetime {
  let ended: FetchError | undefined;
  let onEnd: ((error: FetchError) => void) | undefined;

  const end = (error: FetchError) => {
    ended ??= error;
    onEnd?.(ended);
  };
  const cancel = () =>
    end(new FetchError("cancelled", `The request to ${host} was cancelled`, { cause: signal?.reason }));
  const timer = setTimeout(() => {
    const message = `The answer from ${host} was not complete after ${totalMs} ms`;
    end(new FetchError("timeout", message, { isRetryable: true }));
  }, totalMs);
  if (signal?.aborted) cancel();
  else signal?.addEventListener("abort", cancel, { once: true });

  return {
    async attempt(boundMs, onTimeout, run) {
      if (ended) throw ended;
      const controller = new AbortController();
      onEnd = (error) => controller.abort(error);
      const bound = setTimeout(() => controller.abort(onTimeout()), boundMs);
      try {
        return await run({ signal: controller.signal, calm: () => clearTimeout(bound) });
      } catch (error) {
        const failure = controller.signal.aborted ? controller.signal.reason : error;
        // Whatever went wrong, the connection may hold a body that nobody reads any more.
        controller.abort();
        throw failure;
      } finally {
        clearTimeout(bound);
        onEnd = undefined;
      }
    },

    race(promise) {
      return new Promise((resolve, reject) => {
        if (ended) return reject(ended);
        onEnd = reject;
        const settle =
          <T>(to: (value: T) => void) =>
          (value: T) => {
            onEnd = undefined;
            to(value);
          };
        promise.then(settle(resolve), settle(reject));
      });
    },

    close() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
    },
  };
}
