import { join } from "node:path";
import { createAddressPolicy } from "../../src/fetch/address-policy.ts";
import { FetchError } from "../../src/fetch/fetch.ts";
import { openNetwork, textOf } from "./network.ts";

// A process that fetches the URLs it is given, one after another, and prints a line for each.
const { fetch, close } = openNetwork({
  ca: await Bun.file(join(import.meta.dir, "tls/authority.pem")).text(),
  policy: createAddressPolicy({ allow: ["site.test", "other.test"] }),
});
for (const url of process.argv.slice(2)) {
  try {
    const response = await fetch({ url });
    console.log(response.status, textOf(response));
  } catch (error) {
    console.log(error instanceof FetchError ? error.code : error);
  }
}
close();
