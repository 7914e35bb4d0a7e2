import { AppError, type Fault } from "../errors.ts";

/** More of them help nobody. */
const MAX_FAULTS = 10;

/** What is wrong with a query, each with its place in it: `query:12` is its twelfth UTF-16 unit. */
export class QueryFaults {
  readonly #faults: (Fault & { place: number })[] = [];

  /** @param at UTF-16 offset, from 0 */
  add(at: number, message: string): void {
    this.#faults.push({ place: at + 1, at: `query:${at + 1}`, message });
  }

  /** @throws AppError `invalid` if there is any */
  throwIfAny(): void {
    const faults = this.#faults.toSorted((a, b) => a.place - b.place).slice(0, MAX_FAULTS);
    const [first] = faults;
    if (!first) return;
    throw new AppError("invalid", `The query is wrong at character ${first.place}: ${first.message}`, {
      faults: faults.map(({ at, message }) => ({ at, message })),
    });
  }
}
