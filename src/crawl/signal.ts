/** Something to wait for, again and again. */
export type Signal = {
  /** Resolves the next time it is told. To miss nothing, ask for it before looking at what it tells of. */
  next(): Promise<void>;
  tell(): void;
};

export function createSignal(): Signal {
  let { promise, resolve } = Promise.withResolvers<void>();
  return {
    next: () => promise,
    tell: () => {
      resolve();
      ({ promise, resolve } = Promise.withResolvers<void>());
    },
  };
}
