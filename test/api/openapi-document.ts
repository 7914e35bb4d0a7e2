import { join } from "node:path";
import { noStore, startService } from "./running-service.ts";

/** The document as it is committed, for whoever makes a client from it without running the service. */
export const COMMITTED = join(import.meta.dir, "../../src/api/openapi.json");

/** The document that the routes make now, as it is written to disk. */
async function makeDocument(): Promise<string> {
  const service = await startService(noStore);
  try {
    const { json } = await service.ask("GET", "/swagger/json");
    return `${JSON.stringify(json, null, 2)}\n`;
  } finally {
    await service.stop();
  }
}

// `bun run openapi` writes the committed document anew; `--print` leaves it as it is.
if (import.meta.main) {
  await Bun.write(process.argv.includes("--print") ? Bun.stdout : COMMITTED, await makeDocument());
  process.exit(0);
}
