import { join } from "node:path";

/** The version in package.json, read while the program is bundled or loaded. */
export async function readVersion(): Promise<string> {
  const { version } = await Bun.file(join(import.meta.dir, "../package.json")).json();
  return version;
}
