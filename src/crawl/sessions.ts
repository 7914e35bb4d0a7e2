import { withoutScope } from "../telemetry/scope.ts";
import type { Crawl } from "./crawls.ts";
import { countWork, LeaseLostError } from "./lease.ts";
import { createLeaseKeeper, type LeaseKeeper } from "./lease-keeper.ts";
import { observeWork } from "./observed-crawl.ts";
import { type CrawlContext, openSession, type Session } from "./session.ts";
import { keepCounting, listenForOrders } from "./session-upkeep.ts";

/** The crawls that this process works hosts of, and what it remembers of them between two slices: links already met. */
export type Sessions = {
  /** The session of a crawl, for a slice more; to be left when that is over. */
  join(context: CrawlContext, crawl: Crawl): { session: Session; leave(): Promise<void> };
  /** Renews the hosts that this process holds. */
  keeperOf(context: CrawlContext): LeaseKeeper;
  /** Ends all sessions at once. */
  close(): void;
};

/** Another slice of a crawl often follows at once; one that does not come within this finds a new session. */
const IDLE_MS = 30_000;
/** What a session remembers may be megabytes. */
const MAX_IDLE = 16;

type Joined = { session: Session; slices: number; active?: AbortController; idle?: AbortController; close(): void };

export function createSessions(): Sessions {
  const open = new Map<string, Joined>();
  let keeper: LeaseKeeper | undefined;

  function joinOrOpen(context: CrawlContext, crawl: Crawl): Joined {
    const known = open.get(crawl.id);
    known?.session.refresh(crawl);
    if (known && !known.session.isStopping) return known;
    // The slices of the one that stops keep it until they are through.
    const made = openJoined(context, crawl);
    open.set(crawl.id, made);
    return made;
  }

  /** Sessions outlive the job that happens to open them. */
  function openJoined(context: CrawlContext, crawl: Crawl): Joined {
    const session = withoutScope(() => observeWork(crawl, () => openSession(context, crawl, {})));
    const never = new AbortController();
    const stopListening = listenForOrders(session, never.signal);
    const joined: Joined = {
      session,
      slices: 0,
      close: () => {
        if (open.get(crawl.id) === joined) open.delete(crawl.id);
        stopListening();
        joined.active?.abort();
        joined.idle?.abort();
        session.abort(new LeaseLostError(crawl.id));
      },
    };
    return joined;
  }

  function enter(joined: Joined, { db }: CrawlContext): void {
    joined.idle?.abort();
    joined.idle = undefined;
    joined.slices++;
    if (joined.active) return;
    joined.active = new AbortController();
    const { session } = joined;
    void keepCounting(session, () => countWork(db, session.crawl.id), joined.active.signal);
  }

  function exit(joined: Joined, { clock }: CrawlContext): void {
    if (--joined.slices > 0) return;
    joined.active?.abort();
    joined.active = undefined;
    if (joined.session.isStopping || open.get(joined.session.crawl.id) !== joined) {
      joined.close();
      return;
    }
    const idle = new AbortController();
    joined.idle = idle;
    clock.sleep(IDLE_MS, idle.signal).then(joined.close, () => {});
    const idling = [...open.values()].filter(({ slices }) => slices === 0);
    if (idling.length > MAX_IDLE) idling[0]?.close();
  }

  return {
    join(context, crawl) {
      const joined = joinOrOpen(context, crawl);
      enter(joined, context);
      const { session } = joined;
      const leave = async () => {
        await session.flush().catch(() => {});
        exit(joined, context);
      };
      return { session, leave };
    },
    keeperOf: (context) => {
      keeper ??= createLeaseKeeper(context);
      return keeper;
    },
    close: () => {
      for (const { close } of [...open.values()]) close();
    },
  };
}
