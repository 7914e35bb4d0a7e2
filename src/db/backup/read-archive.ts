import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { createZstdDecompress } from "node:zlib";
import type { Static, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { type Header as EntryHeader, extract } from "tar-stream";
import { AppError } from "../../errors.ts";
import { CHECKSUMS_FILE, Checksums, FILES_FOLDER, HEADER_FILE, Header, sha256 } from "./format.ts";

/** What the extractor's loop gives, of which the types know nothing. */
type Entry = Readable & { header: EntryHeader };

/** More than the list of any database's files takes. */
const MAX_JSON_BYTES = 64_000_000;

export type Unpacking = {
  /** Called before anything is unpacked; what it throws ends the unpacking. */
  check(header: Header): void | Promise<void>;
  onProgress?(bytes: number): void;
};

/**
 * Unpacks a backup's files into `target` and compares each with its checksum.
 * @throws AppError `invalid` when the archive is none of ours, was changed, or is not whole; whatever `check` throws
 */
export async function unpackBackup(
  archive: AsyncIterable<Uint8Array>,
  target: string,
  unpacking: Unpacking,
): Promise<Header> {
  const unzip = createZstdDecompress();
  const entries = extract();
  const source = Readable.from(archive);
  source.once("error", (error) => unzip.destroy(error));
  unzip.once("error", (error) => entries.destroy(error));
  source.pipe(unzip).pipe(entries);
  try {
    return await unpackEntries(entries as unknown as AsyncIterable<Entry>, target, unpacking);
  } catch (cause) {
    if (cause instanceof AppError || isOfTheDisk(cause)) throw cause;
    throw damaged((cause as Error).message, cause);
  } finally {
    source.destroy();
    unzip.destroy();
    entries.destroy();
  }
}

async function unpackEntries(entries: AsyncIterable<Entry>, target: string, unpacking: Unpacking): Promise<Header> {
  const found = new Map<string, string>();
  let header: Header | undefined;
  let checksums: Checksums | undefined;
  let bytes = 0;
  for await (const entry of entries) {
    const { name, type = "file" } = entry.header;
    if (checksums) throw damaged("something follows its end");
    if (!header) {
      if (name !== HEADER_FILE) throw damaged("it does not begin as one");
      const text = await readText(entry);
      header = parse(Header, text, name);
      found.set(name, sha256(text));
      await unpacking.check(header);
    } else if (name === CHECKSUMS_FILE) {
      checksums = parse(Checksums, await readText(entry), name);
    } else if (type === "directory") {
      await mkdir(placeOf(name, target), { recursive: true, mode: 0o700 });
      entry.resume();
    } else if (type === "file") {
      found.set(
        name,
        await writeFile(entry, placeOf(name, target), (written) => {
          bytes += written;
          unpacking.onProgress?.(bytes);
        }),
      );
    } else throw damaged(`${name} is a ${type}`);
  }
  if (!header || !checksums) throw damaged("its end is missing");
  compare(found, new Map(Object.entries(checksums)));
  return header;
}

/** Archives come from anywhere: no name may lead out of the folder. */
function placeOf(name: string, target: string): string {
  const parts = name.replace(/\/$/, "").split("/");
  if (parts[0] !== FILES_FOLDER || parts.some((part) => part === "" || part === "." || part === ".."))
    throw damaged(`${name} has no place in it`);
  return join(target, ...parts.slice(1));
}

/** @returns the SHA-256 of what is on the disk now */
async function writeFile(entry: Entry, path: string, onWritten: (bytes: number) => void): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const hash = new Bun.CryptoHasher("sha256");
  const file = await open(path, "wx", 0o600);
  try {
    for await (const part of entry as AsyncIterable<Uint8Array>) {
      hash.update(part);
      await file.writeFile(part);
      onWritten(part.length);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest("hex");
}

async function readText(entry: Entry): Promise<string> {
  const parts: Uint8Array[] = [];
  if ((entry.header.size ?? 0) > MAX_JSON_BYTES) throw damaged(`${entry.header.name} is too large`);
  for await (const part of entry as AsyncIterable<Uint8Array>) parts.push(part);
  return Buffer.concat(parts).toString();
}

function parse<Schema extends TSchema>(schema: Schema, text: string, name: string): Static<Schema> {
  const value: unknown = JSON.parse(text);
  if (!Value.Check(schema, value)) throw damaged(`${name} can't be understood`);
  return value;
}

function compare(found: Map<string, string>, expected: Map<string, string>): void {
  for (const [name, checksum] of expected) {
    if (found.get(name) !== checksum) throw damaged(`${name} ${found.has(name) ? "is not what it was" : "is missing"}`);
  }
  for (const name of found.keys()) if (!expected.has(name)) throw damaged(`${name} has no place in it`);
}

const damaged = (why: string, cause?: unknown) =>
  new AppError("invalid", `This is no backup, or a damaged one (${why}): take another copy of it`, { cause });

const isOfTheDisk = (error: unknown) =>
  /^(?:ENOSPC|EACCES|EROFS|EDQUOT|EIO|EPERM|EMFILE)$/.test((error as NodeJS.ErrnoException).code ?? "");
