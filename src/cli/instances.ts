import { viewInstance } from "../api/instance-view.ts";
import type { App } from "../app.ts";
import { type Instance, listInstances } from "../instances/instances.ts";
import { type AccessFlags, printList, withDatabase } from "./access-database.ts";
import { formatBytes, formatDuration } from "./quantity.ts";

/** Lists the processes that share the database, as of their last beats. */
export async function instancesCommand(flags: AccessFlags): Promise<number> {
  const list = async ({ db, clock }: App) => {
    const view = (instance: Instance) => viewInstance(instance, clock.now());
    await printList((after, limit) => listInstances(db, { after, limit }), {
      ...{ json: flags.json, view },
      columns: columnsOf(view, clock.now()),
    });
  };
  return withDatabase(flags, list, "/api/v1/instances, with an administrator's key");
}

type View = ReturnType<typeof viewInstance>;

function columnsOf(view: (instance: Instance) => View, now: Date): Record<string, (instance: Instance) => string> {
  const columns: Record<string, (instance: View) => string> = {
    ID: ({ id }) => id,
    HOST: ({ host }) => host,
    PID: ({ pid }) => String(pid),
    ROLES: ({ roles }) => roles.join(","),
    STATE: ({ state }) => state,
    UP: ({ uptime_s }) => formatDuration(uptime_s * 1_000),
    SEEN: ({ seen_at }) => `${formatDuration(Math.max(0, now.getTime() - Date.parse(seen_at)))} ago`,
    CPU: ({ load }) => (load ? `${Math.round(load.cpu * 100)} %` : "-"),
    MEMORY: ({ load }) => (load ? formatBytes(load.memory_bytes) : "-"),
    JOBS: ({ load }) => (load ? String(Object.values(load.jobs).reduce((sum, count) => sum + count, 0)) : "-"),
    URL: ({ url }) => url ?? "-",
  };
  return Object.fromEntries(
    Object.entries(columns).map(([title, cell]) => [title, (instance: Instance) => cell(view(instance))]),
  );
}
