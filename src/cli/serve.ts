import { createAuthenticator } from "../access/authenticator.ts";
import { openAccess } from "../access/opening.ts";
import type { Access } from "../api/access.ts";
import { startApi } from "../api/server.ts";
import { type App, openApp } from "../app.ts";
import { startBackground } from "../background.ts";
import { type Closer, closeInOrder } from "../closing.ts";
import { loadConfig } from "../config/config.ts";
import { VERSION } from "../version.ts";
import { type SettingFlags, settingsOf } from "./setting-flags.ts";
import { listenForInterrupt, writeError, writeOut } from "./terminal.ts";

/** By then all that a start does is done, and has been for a while. */
const SETTLED_MS = 2_000;

export type ServeFlags = SettingFlags & { host?: string; port?: number };

/**
 * Runs the service until a signal ends it.
 * @returns 0 when all that was under way ended by itself, 1 when something had to be cut off
 */
export async function serveCommand({ host, port, ...flags }: ServeFlags): Promise<number> {
  const { file, overrides } = settingsOf(flags);
  const config = loadConfig({
    file,
    overrides: {
      ...overrides,
      ...(host === undefined ? {} : { HOST: host }),
      ...(port === undefined ? {} : { PORT: port }),
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

async function serve(app: App, stopping: AbortSignal, told: Promise<void>): Promise<number> {
  const { config, log, clock } = app;
  const closers: Closer[] = [{ name: "connections", close: app.close }];
  let stoppedAt = clock.now().getTime();
  let unclean: string[] = [];
  try {
    const access = await settleAccess(app, closers);
    const background = startBackground(app);
    closers.unshift({ name: "crawls", close: background.stop });
    const api = await startApi(app, background, access, stopping);
    closers.unshift({ name: "requests", close: api.stop });
    await announce(app, api.url);
    clock.sleep(SETTLED_MS, stopping).then(giveBackMemory, () => {});
    await told;
    stoppedAt = clock.now().getTime();
    log.info("service stopping", { why: String(stopping.reason?.message), withinMs: config.SHUTDOWN_TIMEOUT_MS });
    // At once, so that other instances have the crawls while this one still answers.
    void background.stop();
    closers.unshift({ name: "load balancers", close: (cut) => clock.sleep(config.SHUTDOWN_DELAY_MS, cut) });
  } finally {
    unclean = await closeInOrder(closers, { log, clock, withinMs: config.SHUTDOWN_TIMEOUT_MS });
  }
  log.info("service stopped", { durationMs: clock.now().getTime() - stoppedAt, cut: unclean });
  return unclean.length === 0 ? 0 : 1;
}

/** Before anything listens. The first key is no event: it goes by the log, which carries no secrets. */
async function settleAccess(app: App, closers: Closer[]): Promise<Access> {
  const { isOpen, firstKey } = await openAccess(app.db, app.config, app.clock);
  if (firstKey !== undefined) writeError(describeFirstKey(firstKey));
  if (isOpen) return "open";
  const authenticator = createAuthenticator(app);
  closers.unshift({ name: "access", close: authenticator.close });
  return authenticator;
}

const describeFirstKey = (key: string) => `
  Access is on, and nobody could administer the service yet. Here is its first key, which may do everything.
  It is shown this once: keep it in a safe place.

    ${key}

`;

async function announce({ config, log, store }: App, url: string): Promise<void> {
  await writeOut(
    [
      `Orbweaver ${VERSION}`,
      `  API       ${url}/api/v1`,
      ...(config.DOCS === "off" ? [] : [`  Swagger   ${url}/swagger`]),
      `  data      ${store.location}`,
      "",
    ].join("\n"),
  );
  log.info("service started", { url, version: VERSION, store: store.kind, startMs: Math.round(performance.now()) });
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
