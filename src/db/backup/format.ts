import { type Static, Type } from "@sinclair/typebox";

/** Counts up when an older program could not restore what a newer one wrote. */
export const FORMAT = 1;

/** First entry of the archive: what it is, so that it can be refused before anything is unpacked. */
export const HEADER_FILE = "backup.json";
/** Last entry: what every file before it must be. Without it the archive is not whole. */
export const CHECKSUMS_FILE = "checksums.json";
/** Where the database's files are in the archive. */
export const FILES_FOLDER = "postgres";

export const Header = Type.Object({
  program: Type.Literal("orbweaver"),
  format: Type.Integer({ minimum: 1 }),
  /** Of the program that wrote it. */
  version: Type.String(),
  /** As the database names itself, PGlite's version included. */
  postgres: Type.String(),
  /** Namespace of the tables (`DATABASE_SCHEMA`). */
  namespace: Type.String(),
  migrations: Type.Array(Type.String()),
  createdAt: Type.String(),
  /** Of the database's files when the backup began. */
  bytes: Type.Integer({ minimum: 0 }),
});
export type Header = Static<typeof Header>;

/** SHA-256 in hexadecimal, by name in the archive, folders left out. */
export const Checksums = Type.Record(Type.String(), Type.String());
export type Checksums = Static<typeof Checksums>;

export const sha256 = (bytes: Uint8Array | string) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
