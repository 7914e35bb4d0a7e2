import { existsSync, linkSync, renameSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { MIN_FREE_BYTES, readFreeBytes } from "../db/disk-space.ts";
import { AppError } from "../errors.ts";

/** Twice what the database insists on, so that a backup on its disk does not stop it. */
const MIN_LEFT_BYTES = 2 * MIN_FREE_BYTES;
const LOOK_EVERY_BYTES = 8_000_000;

/**
 * Writes a file beside its place and puts it there once it is whole and on the disk.
 * @returns its bytes
 * @throws AppError `conflict` when there is one and it must not be replaced, `unavailable` when the disk is full
 */
export async function writeWhole(
  file: string,
  parts: AsyncIterable<Uint8Array>,
  { isForced, onProgress }: { isForced: boolean; onProgress(bytes: number): void },
): Promise<number> {
  const path = resolve(file);
  refuseExisting(path, isForced);
  const unfinished = `${path}.${process.pid}.unfinished`;
  try {
    const output = await open(unfinished, "wx", 0o600);
    try {
      const bytes = await fill(output, dirname(path), parts, onProgress).finally(() => output.close());
      if (isForced) renameSync(unfinished, path);
      else placeNew(unfinished, path);
      return bytes;
    } finally {
      rmSync(unfinished, { force: true });
    }
  } catch (cause) {
    if (cause instanceof AppError || !(cause as NodeJS.ErrnoException).syscall) throw cause;
    throw new AppError("unavailable", `${path} can't be written: ${(cause as Error).message}`, { cause });
  }
}

/** @returns the bytes that are on the disk now */
async function fill(
  output: FileHandle,
  folder: string,
  parts: AsyncIterable<Uint8Array>,
  onProgress: (bytes: number) => void,
): Promise<number> {
  let bytes = 0;
  let nextLook = 0;
  for await (const part of parts) {
    if (bytes >= nextLook) {
      await refuseFullDisk(folder);
      nextLook = bytes + LOOK_EVERY_BYTES;
    }
    await output.writeFile(part);
    bytes += part.length;
    onProgress(bytes);
  }
  await output.sync();
  return bytes;
}

export function refuseExisting(path: string, isForced: boolean): void {
  if (!isForced && existsSync(path))
    throw new AppError("conflict", `${path} is there already; --force replaces it, or name another file`);
}

/** A link, unlike a rename, never replaces what somebody has put there meanwhile. */
function placeNew(unfinished: string, path: string): void {
  try {
    linkSync(unfinished, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") refuseExisting(path, false);
    // A file system without hard links.
    renameSync(unfinished, path);
  }
}

async function refuseFullDisk(folder: string): Promise<void> {
  if ((await readFreeBytes(folder)) >= MIN_LEFT_BYTES) return;
  const message = `The disk of ${folder} has less than ${MIN_LEFT_BYTES / 1024 / 1024} MB left for the backup: make room, or name a file elsewhere`;
  throw new AppError("unavailable", message, { code: "disk_full" });
}
