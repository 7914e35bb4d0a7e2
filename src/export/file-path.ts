/** What the file systems in use agree on: ext4, APFS, NTFS and most others end a name at 255 bytes or characters. */
export const maxNameBytes = 255;

/** The folders of a path together; with the name it stays clear of the 1,024 bytes of macOS, the folder around it included. */
const maxFoldersBytes = 512;

export const maxPathBytes = maxFoldersBytes + 1 + maxNameBytes;

/** A query longer than this is cut, and told from others by its hash. */
const maxQueryBytes = 80;

export type FilePaths = {
  /** Path of the page's file, relative, with `/`; the same each time the same URL is asked for. */
  pathOf(url: string): string;
  /** The same, `undefined` if the URL was not asked for before. */
  findPath(url: string): string | undefined;
};

/**
 * Gives each URL a file of its own, laid out as the URL's path: `/` is `index.md`, `/a/b/` is `a/b/index.md`, `/a/b` and
 * `/a/b.html` are `a/b.md`, and `/a?page=2` is `a_page=2.md`. Every path can be made on every common file system, and
 * no two differ by case or Unicode normalisation alone: the later one gets a part of its URL's hash. Names never begin
 * with a dot: they would be hidden, and a website must not reach the `.git` of the folder it is written to.
 *
 * @param options.withHost The host becomes the first folder.
 * @param options.isTaken Whether something else has that place already, so that the URL needs another one.
 */
export function createFilePaths(options: {
  withHost: boolean;
  isTaken?: (path: string, url: string) => boolean;
}): FilePaths {
  const paths = new Map<string, string>();
  const claimed = new Set<string>();

  const claim = (url: string): string => {
    const hash = Bun.SHA256.hash(url, "hex");
    const { folders, stem, isCut } = layOut(url, options.withHost);
    const suffixes = isCut ? [16, 64] : [0, 8, 16, 64];
    for (const length of suffixes) {
      const suffix = length === 0 ? ".md" : `-${hash.slice(0, length)}.md`;
      const path = [...folders, fit(stem, maxNameBytes - suffix.length, hash) + suffix].join("/");
      const key = fold(path);
      if (claimed.has(key) || options.isTaken?.(path, url)) continue;
      // Most paths fold to themselves, and a website may have very many.
      claimed.add(key === path ? path : key);
      return path;
    }
    throw new Error(`No file name is left for ${url}`);
  };

  return {
    findPath: (url) => paths.get(url),
    pathOf(url) {
      const known = paths.get(url);
      if (known !== undefined) return known;
      const path = claim(url);
      paths.set(url, path);
      return path;
    },
  };
}

/** A link from one file to another, both relative to the same folder; percent-encoded where a link needs it. */
export function linkBetween(from: string, to: string): string {
  const source = from.split("/").slice(0, -1);
  const target = to.split("/");
  let shared = 0;
  while (shared < source.length && shared < target.length - 1 && source[shared] === target[shared]) shared++;
  const steps = [...source.slice(shared).map(() => ".."), ...target.slice(shared)];
  return steps.join("/").replace(/[^\p{L}\p{M}\p{N}._~=@+,/-]/gu, encodeCharacter);
}

/** `encodeURIComponent` leaves parentheses and asterisks, which mean something in Markdown. */
function encodeCharacter(character: string): string {
  const encoded = encodeURIComponent(character);
  return encoded === character ? `%${character.charCodeAt(0).toString(16).toUpperCase()}` : encoded;
}

function layOut(url: string, withHost: boolean): { folders: string[]; stem: string; isCut: boolean } {
  const { host, pathname, search } = new URL(url);
  const segments = pathname.split("/").slice(1).map(decode);
  const name = withoutEnding(segments.pop() ?? "") || "index";
  const stem = safeName(search.length > 1 ? `${name}_${readableQuery(search.slice(1))}` : name);
  const folders: string[] = [];
  let bytes = 0;
  for (const segment of withHost ? [host, ...segments] : segments) {
    const folder = folderName(segment);
    bytes += Buffer.byteLength(folder) + 1;
    if (bytes > maxFoldersBytes) return { folders, stem, isCut: true };
    folders.push(folder);
  }
  return { folders, stem, isCut: false };
}

/** Endings that say no more than that it is a page; the file's own says that. */
function withoutEnding(name: string): string {
  return name.replace(/(?<=[^.])\.(?:html?|xhtml|md|markdown)$/i, "");
}

function readableQuery(query: string): string {
  return fit(decode(query), maxQueryBytes, Bun.SHA256.hash(query, "hex"));
}

function folderName(segment: string): string {
  const name = safeName(segment);
  // Files end in .md and folders don't, so that no folder stands where a file has to.
  const folder = /\.md$/i.test(name) ? `${name}_` : name;
  return fit(folder, maxNameBytes, Bun.SHA256.hash(segment, "hex"));
}

/** Escapes that make no UTF-8 stay as they are. */
function decode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
      try {
        return decodeURIComponent(run);
      } catch {
        return run;
      }
    });
  }
}

/** What Windows takes for a device, with any ending. */
const deviceName = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?: *\.| *$)/i;

/** Separators, what Windows forbids, and all that can't be seen: controls, marks of direction, the unassigned. */
const unsafeCharacter = /[\\/:*?"<>|\p{C}\p{Zl}\p{Zp}]/gu;

function safeName(text: string): string {
  // Normalised first, since that turns some characters into ASCII ones.
  const name = withoutTrailingDots(text.normalize("NFC").replace(unsafeCharacter, "_")).replace(/^\./, "_");
  if (name === "") return "_";
  return deviceName.test(name) ? `_${name}` : name;
}

/** Windows drops dots and spaces at the end of a name. */
function withoutTrailingDots(name: string): string {
  let end = name.length;
  while (end > 0 && (name[end - 1] === "." || name[end - 1] === " ")) end--;
  return name.slice(0, end);
}

/** The text, or its beginning and a part of the hash when it is longer than `maxBytes` in UTF-8. */
function fit(text: string, maxBytes: number, hash: string): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const suffix = `-${hash.slice(0, 8)}`;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes - suffix.length));
  return text.slice(0, read) + suffix;
}

/** Equal for paths that some file system takes for the same. */
function fold(path: string): string {
  return path.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC");
}
