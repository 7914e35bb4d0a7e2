import { sql } from "drizzle-orm";
import { LOCAL_VIEWER } from "../../src/access/viewer.ts";
import type { App } from "../../src/app.ts";
import { rowsOf } from "../../src/db/db.ts";
import { addSchedule, type ScheduleFields } from "../../src/schedules/schedules.ts";
import { addWebsite } from "../../src/websites/websites.ts";

export type Schedulers = {
  /** Sets the clocks of all, each by its own skew, and waits until all have fired what was due then. */
  set(now: Date): Promise<void>;
  /** As before, while one is killed and replaced. */
  setAndKill(now: Date, random?: number): Promise<void>;
  close(): Promise<void>;
};

type Scheduler = { child: Bun.Subprocess; skewMs: number; hears(answer: "answer" | Error): void };

/** Starts a process for each skew: by how much its clock is ahead of the time that all are told. */
export async function startSchedulers(env: Record<string, string>, skewsMs: readonly number[]): Promise<Schedulers> {
  const all = new Set<Scheduler>();

  async function start(skewMs: number): Promise<void> {
    const scheduler: Scheduler = {
      skewMs,
      hears: () => {},
      child: Bun.spawn([process.execPath, `${import.meta.dir}/scheduler.ts`, String(skewMs)], {
        env: { PATH: process.env.PATH, LOG_LEVEL: "error", ...env },
        stdio: ["ignore", "inherit", "inherit"],
        ipc: () => scheduler.hears("answer"),
        onExit: (_child, code, signal) => scheduler.hears(new Error(`A scheduler ended with ${code ?? signal}`)),
      }),
    };
    all.add(scheduler);
    await answerOf(scheduler);
  }

  async function tell(scheduler: Scheduler, now: Date): Promise<void> {
    const answer = answerOf(scheduler);
    scheduler.child.send(now.toISOString());
    await answer;
  }

  const set = async (now: Date) => {
    await Promise.all([...all].map((scheduler) => tell(scheduler, now)));
  };

  await Promise.all(skewsMs.map(start));
  return {
    set,
    setAndKill: async (now, random = Math.random()) => {
      const victim = [...all][Math.floor(random * all.size)];
      if (!victim) return;
      all.delete(victim);
      const told = tell(victim, now).catch(() => {});
      const others = set(now);
      await Bun.sleep(random * 10);
      victim.child.kill("SIGKILL");
      await Promise.all([told, others]);
      await start(victim.skewMs);
    },
    close: async () => {
      for (const { child } of all) child.kill("SIGKILL");
      await Promise.all([...all].map(({ child }) => child.exited));
    },
  };
}

function answerOf(scheduler: Scheduler): Promise<void> {
  return new Promise((resolve, reject) => {
    scheduler.hears = (answer) => (answer === "answer" ? resolve() : reject(answer));
  });
}

/** Adds a website with a schedule, as at an instant. @returns the schedule's id */
export async function addScheduleAt({ db }: App, now: Date, fields: ScheduleFields): Promise<string> {
  const url = `https://${Bun.randomUUIDv7()}.example/`;
  const { id } = await addWebsite(db, { userId: LOCAL_VIEWER.userId, url });
  const clock = { now: () => now, sleep: async () => {} };
  return (await addSchedule({ db, clock }, LOCAL_VIEWER, id, fields)).id;
}

export type Fired = { dueAt: string; state: string };

/** What a schedule fired, in order. */
export async function listFired({ db, jobs }: App, scheduleId: string): Promise<Fired[]> {
  const rows = await db.execute(sql`
    select data -> 'payload' ->> 'dueAt' as "dueAt", state::text as state from ${sql.raw(jobs.namespace)}.job
    where name <> 'dead' and data -> 'payload' ->> 'scheduleId' = ${scheduleId} order by 1`);
  return rowsOf<Fired>(rows);
}
