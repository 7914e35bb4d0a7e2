import type { Viewer } from "../access/viewer.ts";
import type { Db } from "../db/db.ts";
import { checkPart, readFullText, readFullTextList, writePartsIndex } from "../llms/full-text.ts";
import { getWebsiteIndex, INDEX_FILES } from "../llms/website-indexes.ts";
import { type OutputFolder, openOutputFolder } from "./output-folder.ts";

export type WrittenList = { path: string; bytes: number };

const partPath = (number: number) => `llms-full-${number}.txt`;

/**
 * Writes the website's `llms.txt`, its full text and its site map into a folder, in place of what has these names there. A full
 * text of several parts is a file each, which `llms-full.txt` leads to; parts of an earlier one that there are no more go.
 * @throws AppError `not_found`, with the code `not_built` before they are built; `unavailable` when the folder can't be written
 */
export async function writeLlmsFiles(
  db: Db,
  viewer: Viewer,
  { websiteId, folder: path, signal }: { websiteId: string; folder: string; signal?: AbortSignal },
): Promise<WrittenList[]> {
  const folder = await openOutputFolder(path);
  const written: WrittenList[] = [];
  const write = async (name: string, content: string) => {
    await folder.write(name, content);
    written.push({ path: name, bytes: Buffer.byteLength(content) });
  };
  const [text, map, full] = await Promise.all([
    getWebsiteIndex(db, viewer, websiteId, "llms_txt"),
    getWebsiteIndex(db, viewer, websiteId, "site_map"),
    getWebsiteIndex(db, viewer, websiteId, "llms_full"),
  ]);
  await write(INDEX_FILES.llms_txt, text.index.content);
  await write(INDEX_FILES.site_map, map.index.content);
  const list = readFullTextList(full.index.content);
  const isOne = list.parts.length === 1;
  if (!isOne) await write(INDEX_FILES.llms_full, writePartsIndex(list, partPath));
  for (let number = 1; number <= list.parts.length; number++) {
    signal?.throwIfAborted();
    let content = "";
    for await (const piece of readFullText(db, await checkPart(db, list, number))) content += piece;
    await write(isOne ? INDEX_FILES.llms_full : partPath(number), content);
  }
  await removeParts(folder, path, isOne ? 1 : list.parts.length + 1);
  return written;
}

async function removeParts(folder: OutputFolder, path: string, from: number): Promise<void> {
  for (let number = from; ; number++) {
    const file = Bun.file(`${path}/${partPath(number)}`);
    if (!(await file.exists())) return;
    await folder.remove(partPath(number), Bun.SHA256.hash(await file.bytes(), "hex"));
  }
}
