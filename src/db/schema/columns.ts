import { bigint, customType, pgSchema, timestamp, uuid } from "drizzle-orm/pg-core";

/** All tables live in one namespace of their own, so that the service can share a database. */
export const orbweaver = pgSchema("orbweaver");

/** UUIDv7 (RFC 9562): sorts by the time of its making, so it serves as the order of lists too. */
export const id = () =>
  uuid()
    .primaryKey()
    .$defaultFn(() => Bun.randomUUIDv7());

export const instant = () => timestamp({ withTimezone: true, mode: "date" });

export const createdAt = () => instant().notNull().defaultNow();

/** Kept by a trigger of the database, which each table with this column needs (see `drizzle/`). */
export const updatedAt = () => instant().notNull().defaultNow();

/** A digest: hex in the program, bytes in the database. */
export const digest = customType<{ data: string; driverData: Uint8Array }>({
  dataType: () => "bytea",
  toDriver: (hex) => Buffer.from(hex, "hex"),
  fromDriver: (bytes) => Buffer.from(bytes).toString("hex"),
});

export const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => "bytea",
  toDriver: (value) => Buffer.from(value.buffer, value.byteOffset, value.byteLength),
});

const NOTHING = Buffer.alloc(0);

/**
 * Text that is read whole and never searched in place: Zstandard (RFC 8878) in the database. A third of the bytes to
 * send, log and store, at a tenth of what the embedded database's own compression costs.
 */
export const packedText = customType<{ data: string; driverData: Uint8Array }>({
  dataType: () => "bytea",
  // Nothing stays nothing, so that SQL can ask for it.
  toDriver: (text) => (text === "" ? NOTHING : Bun.zstdCompressSync(text, { level: 3 })),
  fromDriver: (packed) => (packed.length === 0 ? "" : new TextDecoder().decode(Bun.zstdDecompressSync(packed))),
});

export const byteCount = () => bigint({ mode: "number" });
