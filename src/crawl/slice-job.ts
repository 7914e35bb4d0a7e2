import { Type } from "@sinclair/typebox";
import type { App } from "../app.ts";
import { defineJob, type RunningJob } from "../jobs/kind.ts";
import { hasDueJobs } from "../jobs/lookup.ts";
import { openSlice, type SliceOutcome } from "./host-slice.ts";
import { LeaseLostError } from "./lease.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import { observePart } from "./observed-crawl.ts";
import { waitOutage } from "./outage.ts";
import { hasIdlerPeer } from "./peers.ts";
import { GraceOverError } from "./session.ts";
import {
  type Beginning,
  beginSlice,
  endSlice,
  giveUpCrawl,
  isAwaited,
  isRunning,
  leaveHost,
  type Slice,
} from "./slices.ts";

/** A slice has its host for so long, or so many pages, before it looks whether anybody else waits. */
const SLICE_MS = 10_000;
const SLICE_PAGES = 1_000;
/** It hands over after this even when nobody seems to wait. */
const MAX_SLICE_MS = 60_000;

/** Times that a slice may end by an error of ours before its crawl is given up. That its process dies is none. */
const MAX_FAILURES = 5;

/** What is in flight may finish for so long when the process is to end; there must be time left to store it. */
const MAX_GRACE_MS = 5_000;

/** Whoever was believed dead and is not is told so within seconds. */
const HELD_LOOK_MS = 500;

const Payload = Type.Object({ crawlId: Type.String(), host: Type.String() });

/** Works one host of a crawl for a while. */
export const crawlSlice = defineJob({
  name: "crawl-slice",
  about: "Works one host of a crawl for a while",
  queue: "crawl",
  payload: Payload,
  retry: { limit: MAX_FAILURES - 1, delaySeconds: 1, maxDelaySeconds: 30 },
  timeoutSeconds: 900,
  keepSeconds: 3_600,
  run: async (app, payload, job) => {
    const slice = { ...payload, token: Bun.randomUUIDv7(), sliceId: job.id };
    // That the database is away is no fault of the slice, which has only so many attempts.
    const begin = () => waitOutage(app, job.signal, () => beginSlice(app.db, slice));
    let begun = await begin();
    while (begun.kind === "held") {
      await app.clock.sleep(HELD_LOOK_MS, job.signal);
      begun = await begin();
    }
    if (begun.kind !== "works") return { outcome: begun.kind };
    const { crawl } = begun;
    if (isRunning(crawl)) return observePart(app.telemetry, crawl, "crawl", () => workSlice(app, slice, job, begun));
    await endSlice(app.db, slice, { now: app.clock.now() });
    return { outcome: "stopped" };
  },
});

type Begun = Extract<Beginning, { kind: "works" }>;

async function workSlice(app: App, slice: Slice, job: RunningJob, { crawl, politeness: before, isFirst }: Begun) {
  const { db, clock, log } = app;
  if (isFirst) log.info("crawl started", { crawlId: crawl.id, websiteId: crawl.websiteId });
  const { session, leave } = app.sessions.join(app, crawl);
  const keeper = app.sessions.keeperOf(app);
  const held = keeper.keep(slice, () => host.politeness());
  const grace = startGrace(app, job.signal);
  const turn = { held, before, hasSuccessor: true, stopping: job.signal, signal: grace.signal };
  const mayLinger = async () => !(await isAwaited(db, slice.host));
  const host = openSlice(session, { ...turn, mayGoOn: createBound(app, keeper, slice.host), mayLinger });
  let outcome: SliceOutcome = { pages: 0 };
  try {
    outcome = await host.work();
  } catch (error) {
    // The crawl was cancelled or deleted, or somebody else has the host.
    if (!(error instanceof LeaseLostError)) {
      held.release();
      if (job.attemptsLeft > 0) {
        // The same job goes on with it after a while; the host need not wait for that.
        await leaveHost(db, slice, host.politeness());
        throw error;
      }
      log.error("crawl given up", { crawlId: crawl.id, host: slice.host, error });
      await giveUpCrawl(db, crawl.id, `Given up after ${MAX_FAILURES} errors in a row; the log has them`);
    }
  } finally {
    grace.end();
    held.release();
    await leave();
  }
  if (held.lost.aborted) return { outcome: "lost", pages: outcome.pages };
  const { restsUntil, pages } = outcome;
  const end = { now: clock.now(), politeness: host.politeness(), restsUntil, endReason: session.endReason };
  const isEnded = await session.throughOutage(() => endSlice(db, slice, end));
  return { outcome: isEnded ? "worked" : "lost", pages };
}

/** The end of what is in flight, some time after the signal. */
function startGrace({ clock, config }: App, stopping: AbortSignal): { signal: AbortSignal; end(): void } {
  const cut = new AbortController();
  const ended = new AbortController();
  const graceMs = Math.min(MAX_GRACE_MS, config.SHUTDOWN_TIMEOUT_MS / 3);
  const begin = () => {
    clock.sleep(graceMs, ended.signal).then(
      () => cut.abort(new GraceOverError()),
      () => {},
    );
  };
  if (stopping.aborted) begin();
  else stopping.addEventListener("abort", begin, { once: true, signal: ended.signal });
  return { signal: cut.signal, end: () => ended.abort() };
}

function createBound(
  { db, clock, instanceId }: App,
  keeper: LeaseKeeper,
  host: string,
): (pages: number) => boolean | Promise<boolean> {
  const startedAt = clock.now().getTime();
  let until = startedAt + SLICE_MS;
  let enough = SLICE_PAGES;
  /** Handing over stops the flow for a moment, which is pointless when the same slice would be the next, here. */
  const isWanted = async () =>
    (await isAwaited(db, host)) || (await hasDueJobs(db, "crawl")) || hasIdlerPeer(db, instanceId, keeper.size);
  return (pages) => {
    const now = clock.now().getTime();
    if (pages < enough && now < until) return true;
    if (now - startedAt >= MAX_SLICE_MS) return false;
    until = now + SLICE_MS;
    enough = pages + SLICE_PAGES;
    return isWanted().then((wanted) => !wanted);
  };
}
