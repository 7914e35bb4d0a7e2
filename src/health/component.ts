import type { Clock } from "../clock.ts";
import type { Log } from "../telemetry/log.ts";
import { describeError } from "./diagnosis.ts";

/** `degraded` is worth a look and does not keep the service from its work; `failed` does. */
export type ComponentState = "ok" | "degraded" | "failed" | "skipped";

/** `message` says what is wrong and the mend; strangers read it, so it names no host and quotes no driver. */
export type Finding = { state: ComponentState; message?: string };

export type ComponentName = "database" | "migrations" | "redis" | "worker" | "scheduler" | "disk";

export type Component = Finding & { name: ComponentName; latencyMs: number };

export type Check = {
  name: ComponentName;
  run(): Promise<Finding>;
  /** What it means when `run` throws. */
  whenBroken: Finding;
  /** What it means when `run` takes longer than a probe waits. */
  whenLate: Finding;
};

/** Shorter than any probe's patience. */
const TIMEOUT_MS = 2_000;
/** However many probes there are, a component is looked at once in this time. */
const FRESH_MS = 1_000;
/** A look that hangs is waited on by those after it, so that they don't pile up; but one in so long is made anew. */
const HANGING_MS = 10_000;

/**
 * A component to be read as often as one likes: looks are shared by all who ask at the same time, and kept for a second.
 * Its changes of state are logged, with the error that strangers are not shown.
 */
export function watchComponent(check: Check, { clock, log }: { clock: Clock; log: Log }): () => Promise<Component> {
  let looking: Promise<Component> | undefined;
  let known: { component: Component; until: number } | undefined;
  let hanging: { answer: Promise<Finding>; since: number } | undefined;
  let last: ComponentState = "ok";
  let error: string | undefined;

  /** The check's answer; never rejects. */
  function ask(): Promise<Finding> {
    const now = clock.now().getTime();
    if (hanging && now - hanging.since < HANGING_MS) return hanging.answer;
    const answer: Promise<Finding> = check
      .run()
      .then(
        (finding) => {
          error = undefined;
          return finding;
        },
        (cause: unknown) => {
          error = describeError(cause);
          return check.whenBroken;
        },
      )
      .finally(() => {
        if (hanging?.answer === answer) hanging = undefined;
      });
    hanging = { answer, since: now };
    return answer;
  }

  async function look(): Promise<Component> {
    const startedAt = performance.now();
    const answered = new AbortController();
    const late = clock.sleep(TIMEOUT_MS, answered.signal).then(
      () => check.whenLate,
      () => check.whenLate,
    );
    const finding = await Promise.race([ask(), late]);
    answered.abort();
    const component = { name: check.name, ...finding, latencyMs: Math.round(performance.now() - startedAt) };
    tellChange(component);
    known = { component, until: clock.now().getTime() + FRESH_MS };
    return component;
  }

  function tellChange({ name, state, message, latencyMs }: Component): void {
    const isWell = state === "ok" || state === "skipped";
    if (state !== last && !isWell) log.warn(`component ${state}`, { component: name, message, latencyMs, error });
    if (state !== last && isWell && last !== "ok") log.info("component recovered", { component: name });
    last = isWell ? "ok" : state;
  }

  return async () => {
    if (known && clock.now().getTime() < known.until) return known.component;
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };
}
