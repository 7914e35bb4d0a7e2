import { closeSync, lstatSync, openSync, readSync } from "node:fs";
import { lstat, mkdir, readdir, readFile, realpath, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { AppError } from "../errors.ts";
import { findPageUrl } from "./front-matter.ts";
import { type Manifest, manifestName, readManifest, writeManifest } from "./manifest.ts";

export type OutputFolder = {
  manifest: Manifest;
  /**
   * Whose the place is: the URL of the page that a file there was made from, `"other"` for anything else, `undefined`
   * if nothing is there.
   */
  findOwner(path: string): string | undefined;
  /** Writes the file whole or not at all, and only if that changes it. */
  write(path: string, content: string): Promise<"written" | "unchanged">;
  /** Removes the file if it still is what was written, and folders that this empties. */
  remove(path: string, sha256: string): Promise<boolean>;
  saveManifest(): Promise<void>;
};

/** What `findOwner` says of a file that Orbweaver did not make; no page has this URL. */
export const otherOwner = "other";

/** Begins the name of a file that is being written; the process's id follows. */
const unfinishedPrefix = ".orbweaver-unfinished-";

/** Front matter begins with the URL, whose length is bounded. */
const beginningBytes = 16_384;

/**
 * Makes the folder, if need be, and makes sure that files can be written there. Symbolic links in it are followed only
 * as far as they stay in it. Files are not synced to the disk one by one, which would take many times as long: a folder
 * that a power cut damaged is mended by exporting again.
 * @throws AppError `unavailable` when it can't be written, `conflict` when something else is in its place
 */
export async function openOutputFolder(folder: string): Promise<OutputFolder> {
  const named = resolve(folder);
  const { root, manifest } = await naming(named, async () => {
    await mkdir(named, { recursive: true });
    const root = await realpath(named);
    await removeUnfinished(root);
    const probe = join(root, `${unfinishedPrefix}${process.pid}-probe`);
    await writeFile(probe, "");
    await rm(probe);
    return { root, manifest: await loadManifest(join(root, manifestName)) };
  });

  const checked = new Map<string, Promise<void>>();
  let count = 0;

  const isInside = (path: string) => path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);

  /** Each folder is looked at once: 10,000 files tend to lie in few. */
  const ensureFolder = (relative: string): Promise<void> => {
    if (relative === ".") return Promise.resolve();
    const known = checked.get(relative);
    if (known) return known;
    const ensured = ensureFolder(dirname(relative)).then(() => makeFolder(join(root, relative), isInside));
    checked.set(relative, ensured);
    return ensured;
  };

  const replace = async (path: string, content: string) => {
    const unfinished = join(root, `${unfinishedPrefix}${process.pid}-${count++}`);
    try {
      await writeFile(unfinished, content, { flag: "wx" });
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => {});
      throw error;
    }
  };

  return {
    manifest,
    findOwner: (path) => findOwner(join(root, path)),
    write: (relative, content) => {
      const path = join(root, relative);
      return naming(path, async () => {
        await ensureFolder(dirname(relative));
        if (await hasContent(path, content)) return "unchanged";
        await replace(path, content);
        return "written";
      });
    },
    remove: (relative, sha256) => {
      const path = join(root, relative);
      return naming(path, async () => {
        const parent = await realpath(dirname(path)).catch(() => undefined);
        if (parent === undefined || !isInside(parent) || !(await isFile(path))) return false;
        if (Bun.SHA256.hash(await readFile(path), "hex") !== sha256) return false;
        await rm(path);
        await removeEmptyFolders(dirname(path), root);
        return true;
      });
    },
    saveManifest: () =>
      naming(join(root, manifestName), async () => {
        const text = writeManifest(manifest);
        if (!(await hasContent(join(root, manifestName), text))) await replace(join(root, manifestName), text);
      }),
  };
}

async function loadManifest(file: string): Promise<Manifest> {
  try {
    return readManifest(await readFile(file, "utf8"), file);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return new Map();
    throw error;
  }
}

/** What processes that were killed left behind. */
async function removeUnfinished(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.startsWith(unfinishedPrefix)) continue;
    const pid = Number.parseInt(name.slice(unfinishedPrefix.length), 10);
    if (!isRunning(pid)) await rm(join(root, name), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

function findOwner(path: string): string | undefined {
  try {
    if (!lstatSync(path).isFile()) return otherOwner;
    const buffer = Buffer.alloc(beginningBytes);
    const file = openSync(path, "r");
    try {
      const { length } = buffer.subarray(0, readSync(file, buffer));
      return findPageUrl(buffer.toString("utf8", 0, length)) ?? otherOwner;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code = codeOf(error);
    return code === "ENOENT" || code === "ENOTDIR" ? undefined : otherOwner;
  }
}

async function makeFolder(path: string, isInside: (path: string) => boolean): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    const found = await lstat(path);
    if (found.isDirectory()) return;
    if (!found.isSymbolicLink())
      throw new AppError(
        "conflict",
        `${path} is a file where a folder is needed; move it away, or choose another folder`,
      );
    const target = await realpath(path).catch(() => undefined);
    if (target === undefined || !isInside(target))
      throw new AppError(
        "conflict",
        `${path} is a symbolic link that leads out of the folder; remove it, or choose another folder`,
      );
    if (!(await lstat(target)).isDirectory())
      throw new AppError(
        "conflict",
        `${path} is a link to a file where a folder is needed; remove it, or choose another folder`,
      );
  }
}

async function isFile(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function hasContent(path: string, content: string): Promise<boolean> {
  const bytes = Buffer.from(content);
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isFile() || found.size !== bytes.byteLength) return false;
  return bytes.equals(await readFile(path));
}

async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let at = folder; at !== root && at.startsWith(root); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}

/** Says which file failed and what to do about it. */
async function naming<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw describeWriteFailure(error, path);
  }
}

/** An `AppError` for what a file system refused; any other error as it came. */
export function describeWriteFailure(error: unknown, path: string): unknown {
  const words = WRITE_FAILURES[codeOf(error) ?? ""];
  if (error instanceof AppError || words === undefined) return error;
  return new AppError("unavailable", `${path} can't be written: ${words}`, { cause: error, code: "write" });
}

const OTHER_FOLDER = "choose another folder";

const WRITE_FAILURES: Record<string, string> = {
  ENOSPC: "the disk is full; make room and run it again, or choose another folder",
  EDQUOT: "the disk quota is used up; make room and run it again, or choose another folder",
  EFBIG: `the file is larger than this system allows; ${OTHER_FOLDER}`,
  EACCES: `permission is denied; ${OTHER_FOLDER}`,
  EPERM: `permission is denied; ${OTHER_FOLDER}`,
  EROFS: `the file system is read-only; ${OTHER_FOLDER}`,
  ENOTDIR: `a part of the path is a file; ${OTHER_FOLDER}`,
  EEXIST: `a file is in its place; ${OTHER_FOLDER}`,
  EISDIR: `a folder is in its place; ${OTHER_FOLDER}`,
  ENOENT: `a part of the path does not exist and can't be made; ${OTHER_FOLDER}`,
  ELOOP: `symbolic links go round in circles; ${OTHER_FOLDER}`,
  ENAMETOOLONG: `the path is too long; choose a folder with a shorter path`,
  EIO: `the disk failed; ${OTHER_FOLDER}`,
};

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
