import { constants, inflateRawSync } from "node:zlib";

/** Office files have dozens of parts, or thousands with pictures. */
const maxEntries = 20_000;

export type ZipLimits = { maxPartBytes: number; maxBytes: number };

export type ZipArchive = {
  has(name: string): boolean;
  names(): string[];
  /** @throws Error when the part is missing, encrypted, damaged, or longer than it says or than the limits allow */
  read(name: string): Uint8Array;
};

type Entry = { method: number; flags: number; packedBytes: number; bytes: number; offset: number };

/**
 * Reads the list of files in an archive; nothing is unpacked before it is asked for. Sizes are checked as declared, and
 * again while unpacking, since an archive may lie about them.
 * @throws Error when it is no archive, or one of a kind that office files never are
 */
export function openZip(body: Uint8Array, limits: ZipLimits): ZipArchive {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const entries = readEntries(bytes);
  let left = limits.maxBytes;
  return {
    has: (name) => entries.has(name),
    names: () => [...entries.keys()],
    read: (name) => {
      const entry = entries.get(name);
      if (!entry) throw new Error(`The archive has no ${name}`);
      const limit = Math.min(limits.maxPartBytes, left);
      const unpacked = unpack(bytes, name, entry, limit);
      left -= unpacked.byteLength;
      return unpacked;
    },
  };
}

function readEntries(bytes: Buffer): Map<string, Entry> {
  const end = bytes.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  if (end < 0 || end + 22 > bytes.length || end < bytes.length - 22 - 65_535) throw damaged();
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  const entries = new Map<string, Entry>();
  if (count > maxEntries) throw new Error(`The archive has ${count} files, and the limit is ${maxEntries}`);
  for (let read = 0; read < count; read++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== 0x02014b50) throw damaged();
    const nameLength = bytes.readUInt16LE(at + 28);
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    entries.set(name.replaceAll("\\", "/"), {
      flags: bytes.readUInt16LE(at + 8),
      method: bytes.readUInt16LE(at + 10),
      packedBytes: bytes.readUInt32LE(at + 20),
      bytes: bytes.readUInt32LE(at + 24),
      offset: bytes.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return entries;
}

function unpack(archive: Buffer, name: string, entry: Entry, limit: number): Uint8Array {
  if (entry.flags & 1) throw new Error(`The archive's ${name} is encrypted`);
  if (entry.bytes > limit) throw tooLarge(name, limit);
  if (entry.offset + 30 > archive.length || archive.readUInt32LE(entry.offset) !== 0x04034b50) throw damaged();
  const lengths = archive.readUInt16LE(entry.offset + 26) + archive.readUInt16LE(entry.offset + 28);
  const start = entry.offset + 30 + lengths;
  const packed = archive.subarray(start, start + entry.packedBytes);
  if (packed.length < entry.packedBytes) throw damaged();
  if (entry.method === 0) {
    if (packed.length > limit) throw tooLarge(name, limit);
    return packed;
  }
  if (entry.method !== 8) throw new Error(`The archive's ${name} is packed in a way that is not read here`);
  try {
    // One byte more than it should have tells that there is more.
    return inflateRawSync(packed, { maxOutputLength: entry.bytes + 1, finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw new Error(`The archive's ${name} is damaged, or larger than it says`, { cause: error });
  }
}

function tooLarge(name: string, limit: number): Error {
  return new Error(`The archive's ${name} is too large: ${limit} bytes may be unpacked`);
}

function damaged(): Error {
  return new Error("The archive is damaged");
}
