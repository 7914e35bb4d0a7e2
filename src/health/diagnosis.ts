import type { Clock } from "../clock.ts";

/** `warn` does not keep the service from running; `fail` does, or will. */
export type Verdict = "pass" | "warn" | "skip" | "fail";

export type Diagnosis = {
  verdict: Verdict;
  /** What was found, as a sentence without its full stop. */
  finding: string;
  /** What to do about it. */
  mend?: string;
};

export type Examination = {
  name: string;
  /** Changes nothing. Its time is limited from outside; `signal` tells when it is over. */
  examine(signal: AbortSignal): Promise<Diagnosis>;
  timeoutMs?: number;
};

export type Examined = Diagnosis & { name: string; durationMs: number };

const TIMEOUT_MS = 10_000;

export const pass = (finding: string): Diagnosis => ({ verdict: "pass", finding });
export const skip = (finding: string): Diagnosis => ({ verdict: "skip", finding });
export const warn = (finding: string, mend: string): Diagnosis => ({ verdict: "warn", finding, mend });
export const fail = (finding: string, mend: string): Diagnosis => ({ verdict: "fail", finding, mend });

/** All of them, side by side and in the order given, however some of them end. */
export function examineAll(examinations: readonly Examination[], clock: Clock): Promise<Examined[]> {
  return Promise.all(examinations.map((examination) => examineInTime(examination, clock)));
}

async function examineInTime({ name, examine, timeoutMs = TIMEOUT_MS }: Examination, clock: Clock): Promise<Examined> {
  const startedAt = performance.now();
  const over = new AbortController();
  const ended = new AbortController();
  const late = clock.sleep(timeoutMs, ended.signal).then(
    () => {
      over.abort(new DOMException("It took too long", "TimeoutError"));
      return fail(
        `Nothing came within ${timeoutMs / 1_000} s`,
        "See what keeps it, such as a firewall or a full machine",
      );
    },
    () => skip("It ended"),
  );
  const examined = Promise.try(examine, over.signal).catch((error: unknown) =>
    fail(describeError(error), "See the message; what it names is out of order"),
  );
  const diagnosis = await Promise.race([examined, late]);
  ended.abort();
  return { name, ...diagnosis, durationMs: Math.round(performance.now() - startedAt) };
}

/** The innermost message, which is the driver's or the system's: whoever runs the program may read it. */
export function describeError(error: unknown): string {
  let message = String(error);
  for (let at = error; at instanceof Error; at = at.cause) message = at.message || message;
  return message;
}
