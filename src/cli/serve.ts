import { startApi } from "../api/server.ts";
import { openApp } from "../app.ts";
import { startBackground } from "../background.ts";
import { readConfig, readEnvironment } from "../config/config.ts";
import { VERSION } from "../version.ts";
import { listenForInterrupt, writeError, writeOut } from "./terminal.ts";

export type ServeFlags = { host?: string; port?: number; data?: string };

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/;

/** Runs the service until a signal ends it. */
export async function serveCommand({ host, port, data }: ServeFlags): Promise<number> {
  const config = readConfig(readEnvironment(), {
    ...(host === undefined ? {} : { HOST: host }),
    ...(port === undefined ? {} : { PORT: port }),
    ...(data === undefined ? {} : { DATA_DIR: data, DATABASE_URL: undefined }),
  });
  const interrupt = listenForInterrupt();
  const app = await openApp(config);
  try {
    const background = startBackground(app);
    try {
      const api = await startApi(app, background);
      try {
        if (!LOOPBACK.test(config.HOST)) {
          writeError(
            `warning: anyone who reaches ${config.HOST} can use this service, which has no access control; keep it behind a firewall or a proxy\n`,
          );
        }
        await writeOut(
          [
            `Orbweaver ${VERSION}`,
            `  API       ${api.url}/api/v1`,
            `  Swagger   ${api.url}/swagger`,
            `  data      ${app.store.location}`,
            "",
          ].join("\n"),
        );
        await untilAborted(interrupt.signal);
      } finally {
        await api.stop();
      }
    } finally {
      await background.stop();
    }
  } finally {
    await app.close();
    interrupt.dispose();
  }
  return 0;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
