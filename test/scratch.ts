import { statfsSync } from "node:fs";

/** What tests leave lying about at a time, with room to spare. */
const MIN_FREE_BYTES = 4e9;

const MEMORY = "/dev/shm";

/**
 * Has tests keep their databases in memory where there is enough of it: what they write need not outlive the machine, and
 * to sync it to a disk takes longer than all else that they do.
 */
function useMemory(): void {
  if (process.env.TMPDIR) return;
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize >= MIN_FREE_BYTES) process.env.TMPDIR = MEMORY;
  } catch {
    // There is none on this system.
  }
}

useMemory();
