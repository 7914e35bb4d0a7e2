import { openEmbeddedStore } from "../../src/db/embedded.ts";
import { migrateUp } from "../../src/db/migrate.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { websites } from "../../src/db/schema/websites.ts";

// Commits rows and tells each on standard output, until it is killed.
const { db } = await openEmbeddedStore(process.argv[2] as string);
await migrateUp(db);
for (let n = 0; n < 100_000; n++) {
  const url = `https://example.com/${n}`;
  await db.insert(websites).values({ userId: LOCAL_USER_ID, url, name: "Example" });
  process.stdout.write(`${url}\n`);
}
