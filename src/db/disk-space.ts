import { statfs } from "node:fs/promises";

/** Below it the embedded database takes no transaction: more than one and a checkpoint write. */
export const MIN_FREE_BYTES = 64 * 1024 * 1024;

/** Bytes that the process may still write to the disk of a folder. */
export async function readFreeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
