import { openQueue, type QueueSpec } from "./job-queues.ts";

/** What a process is asked to do; it answers each in turn. */
export type Ask =
  | { do: "enqueue"; count: number; batch: number }
  /** One by one, so many a second at uneven intervals, whether or not they are run as fast. */
  | { do: "trickle"; count: number; perSecond: number }
  /** From now on, at most `limit` at a time; each takes so long, or for ever. */
  | { do: "work"; limit: number; jobMs: number | null }
  | { do: "drain" }
  | { do: "countUnfinished" }
  | { do: "clear" }
  | { do: "starts" }
  | { do: "close" };

/** Numbers of jobs with milliseconds of the machine's clock. */
export type Instants = [n: number, at: number][];

export type Answer = { seconds: number; instants: Instants; count: number };

/** A message besides the answers: jobs that were run so far. */
export type Told = { id: number; answer?: Answer; error?: string } | { ran: number };

const TELL_MS = 5;

if (import.meta.main) await serve(JSON.parse(process.argv[2] ?? "{}"));

async function serve(spec: QueueSpec): Promise<void> {
  const queue = await openQueue(spec);
  const starts: Instants = [];
  let [next, ran, told] = [0, 0, 0];

  async function answer(ask: Ask): Promise<Partial<Answer>> {
    switch (ask.do) {
      case "enqueue":
        for (let made = 0; made < ask.count; made += ask.batch) {
          if (ask.batch === 1) await queue.enqueue(next++);
          else await queue.enqueueMany(next, Math.min(ask.batch, ask.count - made));
          if (ask.batch > 1) next += ask.batch;
        }
        return {};
      case "trickle":
        return { instants: await trickle(ask.count, ask.perSecond) };
      case "work":
        await queue.work(ask.limit, async (n, signal) => {
          starts.push([n, now()]);
          if (ask.jobMs === null) await new Promise((resolve) => signal.addEventListener("abort", resolve));
          else if (ask.jobMs > 0) await Bun.sleep(ask.jobMs);
          ran++;
        });
        setInterval(tell, TELL_MS);
        return {};
      case "drain":
        await queue.drain?.();
        return {};
      case "countUnfinished":
        return { count: await queue.countUnfinished() };
      case "clear":
        await queue.clear();
        return {};
      case "starts":
        return { instants: starts.splice(0) };
      case "close":
        await queue.close();
        return {};
    }
  }

  async function trickle(count: number, perSecond: number): Promise<Instants> {
    const committed: Promise<[number, number]>[] = [];
    let due = now();
    for (let made = 0; made < count; made++) {
      due += (1_000 / perSecond) * (0.5 + Math.random());
      if (due > now()) await Bun.sleep(due - now());
      const n = next++;
      committed.push(queue.enqueue(n).then(() => [n, now()]));
    }
    return Promise.all(committed);
  }

  function tell(): void {
    if (ran === told) return;
    told = ran;
    process.send?.({ ran } satisfies Told);
  }

  process.on("message", async ({ id, ask }: { id: number; ask: Ask }) => {
    const startedAt = performance.now();
    try {
      const given = await answer(ask);
      const seconds = (performance.now() - startedAt) / 1_000;
      process.send?.({ id, answer: { seconds, instants: [], count: 0, ...given } } satisfies Told);
    } catch (error) {
      process.send?.({ id, error: Bun.inspect(error) } satisfies Told);
    }
    if (ask.do === "close") process.exit();
  });
  process.on("disconnect", () => process.exit());
  process.send?.({ id: -1, answer: { seconds: 0, instants: [], count: 0 } } satisfies Told);
}

/** Of the machine, so that processes agree. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
