import trigramArchive from "../../node_modules/@electric-sql/pglite/dist/pg_trgm.tar.gz" with { type: "file" };
import vectorArchive from "../../node_modules/@electric-sql/pglite-pgvector/dist/vector.tar.gz" with { type: "file" };

/** What an extension consists of, by its path in PostgreSQL's own folder. */
export type ExtensionFiles = ReadonlyMap<string, Uint8Array>;

/** What of PGlite's module they are put in with. */
export type FilesModule = {
  WASM_PREFIX: string;
  FS: { mkdirTree(path: string): void; writeFile(path: string, data: Uint8Array): void };
};

const ARCHIVES = [vectorArchive, trigramArchive];

let unpacked: Promise<ExtensionFiles> | undefined;

/** The files of all extensions, unpacked once a process. */
export function findExtensionFiles(): Promise<ExtensionFiles> {
  unpacked ??= unpackArchives(ARCHIVES);
  return unpacked;
}

/** An archive that is gone or broken is left out, since the database is of use without what is in it. */
export async function unpackArchives(paths: readonly string[]): Promise<ExtensionFiles> {
  const sets = await Promise.all(paths.map((path) => unpack(path).catch(() => [])));
  return new Map(sets.flat());
}

/**
 * Lays the files where PostgreSQL looks for extensions. PGlite's own way reads archives from a disk, where those inside
 * the executable are not, and compiles every library at each start; so it is compiled when it is first used.
 */
export function layExtensions({ FS, WASM_PREFIX }: FilesModule, files: ExtensionFiles): void {
  const folders = new Set([...files.keys()].map((name) => name.slice(0, name.lastIndexOf("/"))));
  for (const folder of folders) FS.mkdirTree(`${WASM_PREFIX}/${folder}`);
  for (const [name, bytes] of files) FS.writeFile(`${WASM_PREFIX}/${name}`, bytes);
}

async function unpack(path: string): Promise<[string, Uint8Array][]> {
  const files = await new Bun.Archive(await Bun.file(path).bytes()).files();
  // The rest is for those who compile against them.
  const needed = [...files].filter(([name]) => /^(?:lib|share)\//.test(name));
  return Promise.all(needed.map(async ([name, file]): Promise<[string, Uint8Array]> => [name, await file.bytes()]));
}
