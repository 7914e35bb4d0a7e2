import type { CutPassage } from "./cut-document.ts";
import type { PageBatch } from "./store-passages.ts";

/** A version of a page, cut into what is stored of it. */
export type CutVersion = {
  id: string;
  version: number;
  fetchedAt: Date;
  title: string | null;
  language: string | null;
  dictionary: string;
  summary: string | null;
  breadcrumbs: string[];
  byteLength: number;
  simhash: bigint;
  passages: readonly (Omit<CutPassage, "words" | "names"> & { terms: string })[];
};

/** A passage of the version that is indexed. */
export type StoredPassage = Pick<CutPassage, "hash" | "place" | "anchor"> & {
  id: string;
  fromVersion: number;
  fromAt: Date;
};

type AddedRow = {
  id: string;
  page_id: string;
  place: number;
  hash: string;
  heading_path: string[];
  anchor: string | null;
  /** Packed, in base64. */
  text: string;
  dictionary: string;
  terms: string;
  tokens: number;
  from_version: number;
  from_at: Date;
  to_version?: number;
  to_at?: Date;
};

/** What becomes of a page's passages, as rows are written. */
export type PageWrites = {
  added: AddedRow[];
  ended: { id: string; to_version: number; to_at: Date }[];
  moved: { id: string; place: number; anchor: string | null }[];
  refreshed: { id: string; place: number; anchor: string | null; dictionary: string; terms: string }[];
  /** Rows that never should have been: the same text is there as another. */
  removed: string[];
  /** Passages of the last version that were there before. */
  kept: number;
};

/** A passage on its way through the versions: a row of the database, or one that is yet to be written. */
type Row = StoredPassage & { added?: AddedRow; was?: { place: number; anchor: string | null } };

/** Leads a page's passages from the indexed version through those after it: what is in the next one too stays its row. */
export function diffPage({ page, versions, goneAt }: PageBatch, stored: readonly StoredPassage[]): PageWrites {
  const writes: PageWrites = { added: [], ended: [], moved: [], refreshed: [], removed: [], kept: 0 };
  let rows: Row[] = [...stored];
  for (const version of versions) {
    const isSame = version.id === page.indexed?.documentId;
    rows = isSame ? remake(page.id, version, rows, writes) : advance(page, version, rows, writes);
  }
  if (goneAt) end(rows, (page.indexed?.version ?? 0) + 1, goneAt, writes);
  else tellKept(rows, versions.at(-1), page.isMadeAnew, writes);
  return writes;
}

/** @param isAnew whether all that is kept gets the last version's terms */
function tellKept(rows: readonly Row[], last: CutVersion | undefined, isAnew: boolean, writes: PageWrites): void {
  for (const [index, { id, place, anchor, was, added }] of rows.entries()) {
    if (added) continue;
    writes.kept++;
    const terms = last?.passages[index]?.terms;
    // The first passage of a page is found by the page's name as well.
    const isOtherwise = isAnew || (was !== undefined && (was.place === 0) !== (place === 0));
    if (last && isOtherwise && terms !== undefined) {
      writes.refreshed.push({ id, place, anchor, dictionary: last.dictionary, terms });
    } else if (was && (was.place !== place || was.anchor !== anchor)) writes.moved.push({ id, place, anchor });
  }
}

/** The next version: what it has no more ends with it. */
function advance(page: PageBatch["page"], version: CutVersion, rows: Row[], writes: PageWrites): Row[] {
  // One that was away and is there again has what it had from then on.
  const from = Math.max(version.fetchedAt.getTime(), page.indexed ? 0 : (page.former?.at.getTime() ?? 0));
  const fromAt = new Date(from);
  const { next, left } = match(rows, version, (passage) =>
    toRow(page.id, version, passage, { fromVersion: version.version, fromAt }, writes),
  );
  end(left, version.version, fromAt, writes);
  return next;
}

/** The same version, made in another way: as if it had always been so. */
function remake(pageId: string, version: CutVersion, rows: Row[], writes: PageWrites): Row[] {
  const atPlace = new Map(rows.map((row) => [row.place, row]));
  const { next, left } = match(rows, version, (passage) => {
    const { fromVersion, fromAt } = atPlace.get(passage.place) ?? {
      fromVersion: version.version,
      fromAt: version.fetchedAt,
    };
    return toRow(pageId, version, passage, { fromVersion, fromAt }, writes);
  });
  writes.removed.push(...left.map(({ id }) => id));
  return next;
}

/** Finds each passage of a version among the rows, those of equal text in their order. */
function match(
  rows: readonly Row[],
  { passages }: CutVersion,
  make: (passage: CutVersion["passages"][number]) => Row,
): { next: Row[]; left: Row[] } {
  const byHash = Map.groupBy(rows, ({ hash }) => hash);
  const taken = new Map<string, number>();
  const next = passages.map((passage) => {
    const at = taken.get(passage.hash) ?? 0;
    const row = byHash.get(passage.hash)?.[at];
    if (!row) return make(passage);
    taken.set(passage.hash, at + 1);
    return move(row, passage);
  });
  const left = [...byHash].flatMap(([hash, same]) => same.slice(taken.get(hash) ?? 0));
  return { next, left };
}

function move(row: Row, { place, anchor }: { place: number; anchor: string | null }): Row {
  if (row.added) Object.assign(row.added, { place, anchor });
  else row.was ??= { place: row.place, anchor: row.anchor };
  return Object.assign(row, { place, anchor });
}

function end(rows: readonly Row[], toVersion: number, toAt: Date, writes: PageWrites): void {
  for (const { id, added, fromAt } of rows) {
    // Clocks that were set back give no time in which it was there.
    const at = toAt < fromAt ? fromAt : toAt;
    if (added) Object.assign(added, { to_version: toVersion, to_at: at });
    else writes.ended.push({ id, to_version: toVersion, to_at: at });
  }
}

function toRow(
  pageId: string,
  { dictionary }: CutVersion,
  passage: CutVersion["passages"][number],
  from: { fromVersion: number; fromAt: Date },
  writes: PageWrites,
): Row {
  const { place, hash, headingPath, anchor, text, tokens, terms } = passage;
  const id = Bun.randomUUIDv7();
  const added: AddedRow = {
    ...{ id, page_id: pageId, place, hash, heading_path: headingPath, anchor, dictionary, terms, tokens },
    text: text === "" ? "" : Bun.zstdCompressSync(text, { level: 3 }).toString("base64"),
    ...{ from_version: from.fromVersion, from_at: from.fromAt },
  };
  writes.added.push(added);
  return { id, hash, place, anchor, ...from, added };
}
