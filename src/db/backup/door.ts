import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import { Readable } from "node:stream";
import { AppError } from "../../errors.ts";

/**
 * Who may read the data folder may have a backup of it from the process that holds it: a socket in the folder, which
 * the system's permissions guard, so that no key is needed and nothing is opened to the network.
 */
const SOCKET = "backup.sock";

/** Hands out backups to other processes until it is closed. The folder must be locked. */
export function openBackupDoor(folder: string, backup: () => Promise<Readable>): { close(): void } {
  const path = socketOf(folder);
  rmSync(path, { force: true });
  // From its first moment it is its owner's alone.
  const mask = process.umask(0o177);
  try {
    const server = Bun.serve({
      unix: path,
      // Who reads it may be slow, and a time-out of the request alone is forgotten with its first bytes. Bun has it for
      // sockets of this kind as well; its types do not.
      ...({ idleTimeout: 0 } as object),
      fetch: () => answer(backup),
    });
    server.unref();
    return {
      close: () => {
        void server.stop(true);
        rmSync(path, { force: true });
      },
    };
  } catch {
    // A path that is too long for a socket, or a file system without them: a backup then waits until the service stops.
    return { close: () => {} };
  } finally {
    process.umask(mask);
  }
}

/**
 * A backup from the process that holds the folder.
 * @returns `undefined` when nobody answers there
 * @throws AppError `unavailable`: what the other process says, or, while it is read, that it broke off
 */
export async function requestBackup(folder: string): Promise<AsyncIterable<Uint8Array> | undefined> {
  let response: Response;
  try {
    response = await fetch("http://orbweaver/backup", { method: "POST", unix: socketOf(folder) });
  } catch {
    return undefined;
  }
  if (!response.ok || !response.body) throw new AppError("unavailable", await response.text());
  return readWhole(response.body);
}

/** What breaks off in the middle is the other process's failure; its end tells nothing more. */
async function* readWhole(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    const message = "The process that holds the data folder broke off the backup: see its log, and try again";
    throw new AppError("unavailable", message, { cause });
  }
}

async function answer(backup: () => Promise<Readable>): Promise<Response> {
  try {
    return new Response(Readable.toWeb(await backup()) as unknown as ReadableStream, {
      headers: { "content-type": "application/zstd" },
    });
  } catch (error) {
    return new Response(error instanceof AppError ? error.message : `The backup failed: ${error}`, { status: 503 });
  }
}

/** As short as it can be said: a socket's path has at most 107 bytes. */
function socketOf(folder: string): string {
  const path = join(folder, SOCKET);
  const near = relative(process.cwd(), path);
  return near.length < path.length ? near : path;
}
