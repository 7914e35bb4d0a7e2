import { hostname } from "node:os";
import { createAuthenticator } from "../access/authenticator.ts";
import { decideAccess, openAccess } from "../access/opening.ts";
import type { Access } from "../api/access.ts";
import { startApi } from "../api/server.ts";
import { type App, openApp } from "../app.ts";
import { startBackground } from "../background.ts";
import { type Closer, closeInOrder } from "../closing.ts";
import { loadConfig } from "../config/config.ts";
import { INSTANCE_ROLES, type InstanceRole, rolesOf } from "../config/roles.ts";
import { watchInstances } from "../instances/observed-instances.ts";
import { VERSION } from "../version.ts";
import { type SettingFlags, settingsOf } from "./setting-flags.ts";
import { listenForInterrupt, writeError, writeOut } from "./terminal.ts";

/** By then all that a start does is done, and has been for a while. */
const SETTLED_MS = 2_000;

export type ServeFlags = SettingFlags & {
  host?: string;
  port?: number;
  /** Comma-separated. */
  role?: string;
};

/**
 * Runs the service until a signal ends it.
 * @returns 0 when all that was under way ended by itself, 1 when something had to be cut off
 */
export async function serveCommand({ host, port, role, ...flags }: ServeFlags): Promise<number> {
  const { file, overrides } = settingsOf(flags);
  const config = loadConfig({
    file,
    overrides: {
      ...overrides,
      ...(host === undefined ? {} : { HOST: host }),
      ...(port === undefined ? {} : { PORT: port }),
      ...(role === undefined ? {} : { ROLE: role }),
    },
  });
  const interrupt = listenForInterrupt();
  const told = untilAborted(interrupt.signal);
  const opening = openApp(config);
  const app = await Promise.race([opening, told]);
  // Nothing was taken on yet, and what was being opened survives a kill.
  if (!app) {
    opening.catch(() => {});
    return 0;
  }
  try {
    return await serve(app, interrupt.signal, told);
  } finally {
    interrupt.dispose();
  }
}

/**
 * Works crawls and begins what is due, on any free port: several of them on one machine take none from each other, nor from the
 * API.
 */
export async function workerCommand({ port = 0, ...flags }: Omit<ServeFlags, "role" | "data">): Promise<number> {
  return serveCommand({ ...flags, port, role: "worker,scheduler" });
}

async function serve(app: App, stopping: AbortSignal, told: Promise<void>): Promise<number> {
  const { config, log, clock, instances } = app;
  const roles = rolesOf(config);
  const closers: Closer[] = [
    { name: "instance", close: instances.leave },
    { name: "connections", close: app.close },
  ];
  let stoppedAt = clock.now().getTime();
  let unclean: string[] = [];
  try {
    const access = await settleAccess(app, roles, closers);
    const background = startBackground(app, roles);
    closers.unshift({ name: "crawls", close: background.stop });
    const api = await startApi(app, background, access, stopping);
    closers.unshift({ name: "requests", close: api.stop });
    watchInstances(instances, app.telemetry);
    void instances.join(app.store, {
      ...{ roles, runningJobs: background.running, busyParserThreads: app.parser.busyThreads },
      url: roles.has("api") ? toUrlForOthers(api.url, config.HOST) : undefined,
    });
    await announce(app, roles, api.url);
    clock.sleep(SETTLED_MS, stopping).then(giveBackMemory, () => {});
    await told;
    stoppedAt = clock.now().getTime();
    log.info("service stopping", { why: String(stopping.reason?.message), withinMs: config.SHUTDOWN_TIMEOUT_MS });
    // At once, so that other instances have the crawls while this one still answers.
    void background.stop();
    void instances.announceEnd();
    if (roles.has("api"))
      closers.unshift({ name: "load balancers", close: (cut) => clock.sleep(config.SHUTDOWN_DELAY_MS, cut) });
  } finally {
    unclean = await closeInOrder(closers, { log, clock, withinMs: config.SHUTDOWN_TIMEOUT_MS });
  }
  log.info("service stopped", { durationMs: clock.now().getTime() - stoppedAt, cut: unclean });
  return unclean.length === 0 ? 0 : 1;
}

/** Before anything listens. */
async function settleAccess(app: App, roles: ReadonlySet<InstanceRole>, closers: Closer[]): Promise<Access> {
  const isOpen = roles.has("api") ? await openApiAccess(app) : decideAccess(app.config) === "open";
  if (isOpen) return "open";
  const authenticator = createAuthenticator(app);
  closers.unshift({ name: "access", close: authenticator.close });
  return authenticator;
}

/** The first key is no event: it goes by the log, which carries no secrets. */
async function openApiAccess({ db, config, clock }: App): Promise<boolean> {
  const { isOpen, firstKey } = await openAccess(db, config, clock);
  if (firstKey !== undefined) writeError(describeFirstKey(firstKey));
  return isOpen;
}

const describeFirstKey = (key: string) => `
  Access is on, and nobody could administer the service yet. Here is its first key, which may do everything.
  It is shown this once: keep it in a safe place.

    ${key}

`;

async function announce({ config, log, store }: App, roles: ReadonlySet<InstanceRole>, url: string): Promise<void> {
  const hasApi = roles.has("api");
  await writeOut(
    [
      `Orbweaver ${VERSION}`,
      ...(roles.size === INSTANCE_ROLES.length ? [] : [`  roles     ${[...roles].join(", ")}`]),
      hasApi ? `  API       ${url}/api/v1` : `  probes    ${url}/health`,
      ...(hasApi && config.DOCS !== "off" ? [`  Swagger   ${url}/swagger`] : []),
      ...(hasApi ? [`  MCP       ${url}/mcp`] : []),
      `  data      ${store.location}`,
      "",
    ].join("\n"),
  );
  const startMs = Math.round(performance.now());
  log.info("service started", { url, version: VERSION, roles: [...roles], store: store.kind, startMs });
}

/** By the machine's name where it listens on all its addresses, none of which is more right than another. */
function toUrlForOthers(url: string, host: string): string {
  if (host !== "0.0.0.0" && host !== "::") return url;
  return `http://${hostname()}:${new URL(url).port}`;
}

/** A start leaves some megabytes behind that the runtime keeps as long as nobody asks; this takes it some 10 ms. */
function giveBackMemory(): void {
  Bun.gc(true);
  // The code of the start, too; what is called again is compiled anew, which takes the first requests some milliseconds.
  Bun.shrink();
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
