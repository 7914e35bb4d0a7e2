import { type App, openApp } from "../app.ts";
import { startBackground } from "../background.ts";
import { systemClock } from "../clock.ts";
import { loadConfig } from "../config/config.ts";
import type { Config } from "../config/settings.ts";
import { AppError } from "../errors.ts";
import { countLiveInstances } from "../instances/instances.ts";
import { bridge } from "../mcp/bridge.ts";
import { openPipe, type Pipe } from "../mcp/pipe.ts";
import { serveOverPipe } from "../mcp/stdio.ts";
import { openLog } from "../telemetry/open.ts";
import { type SettingFlags, settingsOf } from "./setting-flags.ts";
import { listenForInterrupt, writeOut } from "./terminal.ts";

export type McpFlags = SettingFlags & {
  /** A service elsewhere. */
  url?: string;
  key?: string;
};

/**
 * Speaks MCP on standard input and output, over the own store or as a bridge to a service, until the input ends or a
 * signal comes. Standard output carries nothing else.
 */
export async function mcpCommand({ url, key, ...flags }: McpFlags): Promise<number> {
  const { file, overrides } = settingsOf(flags);
  // Whoever names a folder means it, whatever stands in the environment.
  const isOwn = flags.data !== undefined;
  const config = loadConfig({
    file,
    overrides: {
      ...overrides,
      ...(url === undefined && !isOwn ? {} : { MCP_URL: url }),
      ...(key === undefined && !isOwn ? {} : { MCP_KEY: key }),
    },
  });
  const interrupt = listenForInterrupt();
  const pipe = openPipe({
    ...{ clock: systemClock, signal: interrupt.signal },
    input: Bun.stdin.stream(),
    write: writeOut,
  });
  try {
    if (config.MCP_URL === undefined) await serveStore(config, pipe);
    else {
      const log = openLog(config, systemClock);
      await bridge({ clock: systemClock, log, url: toEndpoint(config.MCP_URL), key: config.MCP_KEY, pipe });
    }
    // A client that ends its server this way has got what it wanted.
    return 0;
  } finally {
    interrupt.dispose();
  }
}

async function serveStore(config: Config, pipe: Pipe): Promise<void> {
  const app = await openApp(config).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code !== "folder_in_use") throw error;
    const message = `${error.message}; or reach the service that runs there with --url http://localhost:3000`;
    throw new AppError(error.reason, message, { code: error.code, cause: error });
  });
  try {
    const background = (await isWorked(app)) ? undefined : startBackground(app, new Set(["worker"]));
    await serveOverPipe(app, pipe);
    await background?.stop();
  } finally {
    await app.close();
  }
}

/** Whether somebody else works what is asked for here. An embedded store is this process's alone. */
async function isWorked({ store, db, clock }: App): Promise<boolean> {
  if (store.kind === "embedded") return false;
  const live = await countLiveInstances(db, clock.now());
  return live.worker > 0;
}

/** The service's address is enough. */
function toEndpoint(url: string): URL {
  const endpoint = new URL(url);
  if (!endpoint.pathname.endsWith("/mcp")) endpoint.pathname = `${endpoint.pathname.replace(/\/$/, "")}/mcp`;
  return endpoint;
}
