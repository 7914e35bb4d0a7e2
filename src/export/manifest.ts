import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { AppError } from "../errors.ts";

export const manifestName = ".orbweaver.json";

const ManifestFile = Type.Object({
  version: Type.Literal(1),
  files: Type.Record(
    Type.String(),
    Type.Object({
      url: Type.String(),
      /** SHA-256 of the whole file as it was written: the file is ours to remove only as long as it is still this. */
      sha256: Type.String(),
      crawl: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
});

export type ManifestEntry = Static<typeof ManifestFile>["files"][string];

/** What Orbweaver wrote into a folder, by relative path. */
export type Manifest = Map<string, ManifestEntry>;

/** @throws AppError `conflict` when the text is not a manifest that this version understands */
export function readManifest(text: string, file: string): Manifest {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {}
  if (!Value.Check(ManifestFile, content)) {
    throw new AppError(
      "conflict",
      `${file} is not a list of files that this version of Orbweaver wrote; move it away, or choose another folder`,
    );
  }
  // The file may have been altered: paths out of it are removed from the disk, so they must stay in the folder.
  return new Map(Object.entries(content.files).filter(([path]) => isPagePath(path)));
}

export function writeManifest(manifest: Manifest): string {
  const sorted = [...manifest].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify({ version: 1, files: Object.fromEntries(sorted) }, null, 1)}\n`;
}

function isPagePath(path: string): boolean {
  const names = path.split("/");
  return path.endsWith(".md") && !/[\\\0]/.test(path) && names.every((name) => name !== "" && !name.startsWith("."));
}
