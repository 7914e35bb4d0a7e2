import { and, desc, eq, inArray } from "drizzle-orm";
import { refuseUnlessMay, toViewer } from "../../access/principal.ts";
import type { Viewer } from "../../access/viewer.ts";
import { listCrawls } from "../../crawl/crawls.ts";
import type { Db } from "../../db/db.ts";
import { websiteIndexes } from "../../db/schema/websites.ts";
import { AppError } from "../../errors.ts";
import { getWebsiteIndex } from "../../llms/website-indexes.ts";
import { getDocument } from "../../pages/document.ts";
import { listWebsites, type Website } from "../../websites/websites.ts";
import { MOST_TOKENS, shorten } from "../budget.ts";
import type { Call, McpContext } from "../call.ts";
import { writeChangesReport } from "../changes-report.ts";
import { idCursors } from "../cursors.ts";
import { readMoment } from "../moments.ts";
import { readPart } from "../readings.ts";
import { getPageBy, getWebsiteBy } from "../references.ts";
import { describeWebsite, viewWebsite } from "../tools/list-websites.ts";
import { fence } from "../untrusted.ts";
import { lookUpWebsites } from "../website-facts.ts";
import { readAddress, uriOfChanges, uriOfLlms, uriOfPage, uriOfWebsite, WEBSITES_URI } from "./addresses.ts";

/** As `resources/list` has it. */
export type ResourceDescription = {
  uri: string;
  name: string;
  title?: string;
  description?: string;
  mimeType?: string;
  size?: number;
};

/** As `resources/templates/list` has it. */
export type ResourceTemplate = {
  uriTemplate: string;
  name: string;
  title: string;
  description: string;
  mimeType: string;
};

export type ResourceContents = { uri: string; mimeType: string; text: string };

type Reader = Pick<Call, "principal" | "signal">;

const MARKDOWN = "text/markdown";
/** Websites of one answer. */
const PAGE_SIZE = 50;
const LISTED = 100;
const CRAWLS = 5;

const cursors = idCursors("resources");

/**
 * Websites and their lists; pages are too many, and found by template.
 * @throws AppError `invalid` for a cursor of another list, `forbidden`
 */
export async function listResources(
  { store }: McpContext,
  cursor: string | undefined,
  { principal }: Reader,
): Promise<{ resources: ResourceDescription[]; nextCursor?: string }> {
  refuseUnlessMay(principal, "read");
  const filter = { viewer: toViewer(principal), limit: PAGE_SIZE + 1, after: cursors.read(cursor) };
  return store.read(async (db) => {
    const rows = await listWebsites(db, filter);
    const websites = rows.slice(0, PAGE_SIZE);
    const sizes = await readListSizes(db, websites);
    const first: ResourceDescription[] = cursor === undefined ? [ALL_WEBSITES] : [];
    const last = rows.length > PAGE_SIZE ? websites.at(-1) : undefined;
    const resources = [...first, ...websites.flatMap((website) => describeResources(website, sizes.get(website.id)))];
    return { resources, ...(last ? { nextCursor: cursors.write(last.id) } : {}) };
  });
}

const ALL_WEBSITES: ResourceDescription = {
  uri: WEBSITES_URI,
  name: "websites",
  title: "All websites",
  description: "The registered websites, how many of their pages can be searched, and how fresh that is",
  mimeType: MARKDOWN,
};

export const RESOURCE_TEMPLATES: readonly ResourceTemplate[] = [
  {
    uriTemplate: "orbweaver://websites/{website}",
    name: "website",
    title: "Website",
    description: "A registered website, by its id or host: what is known of it, and its last crawls",
    mimeType: MARKDOWN,
  },
  {
    uriTemplate: "orbweaver://websites/{website}/llms.txt",
    name: "llms.txt",
    title: "A website's llms.txt",
    description: "A list of the website's pages by section, to find one's way by",
    mimeType: MARKDOWN,
  },
  {
    uriTemplate: "orbweaver://websites/{website}/changes{?since}",
    name: "changes",
    title: "A website's changes",
    description: "What changed since a day or instant; between its last two crawls when that is left out",
    mimeType: MARKDOWN,
  },
  {
    uriTemplate: "orbweaver://pages/{page}{?offset}",
    name: "page",
    title: "Stored page",
    description: "The Markdown of a stored page, by its id or URL; long ones in parts",
    mimeType: MARKDOWN,
  },
  {
    uriTemplate: "https://{host}/{+path}",
    name: "page by URL",
    title: "Stored page by its URL",
    description: "The Markdown of a page as it is stored; nothing is fetched",
    mimeType: MARKDOWN,
  },
];

/** @throws AppError `not_found` also for what is no URI of ours, `forbidden` */
export async function readResource(context: McpContext, uri: string, { principal }: Reader): Promise<ResourceContents> {
  refuseUnlessMay(principal, "read");
  const viewer = toViewer(principal);
  const text = await context.store.read((db) => writeResource(context, db, viewer, uri));
  return { uri, mimeType: MARKDOWN, text };
}

async function writeResource({ clock }: McpContext, db: Db, viewer: Viewer, uri: string): Promise<string> {
  const address = readAddress(uri);
  if (!address) throw new AppError("not_found", `There is no resource ${shorten(uri, 300)}`);
  switch (address.kind) {
    case "websites":
      return writeWebsites(db, viewer);
    case "website":
      return writeWebsite(db, viewer, await getWebsiteBy(db, viewer, address.website));
    case "llms":
      return writeLlms(db, viewer, await getWebsiteBy(db, viewer, address.website), address.offset);
    case "changes": {
      const website = await getWebsiteBy(db, viewer, address.website);
      const since = readMoment(address.since, "since");
      const span = { since, now: clock.now(), maxTokens: MOST_TOKENS };
      return fence(await writeChangesReport(db, website, span), website.url);
    }
    case "page":
      return writePage(db, viewer, address.page, address.offset);
  }
}

async function writeWebsites(db: Db, viewer: Viewer): Promise<string> {
  const rows = await listWebsites(db, { viewer, limit: LISTED + 1 });
  if (rows.length === 0) return "No website is registered yet.";
  const known = await lookUpWebsites(db, rows.slice(0, LISTED));
  const more = rows.length > LISTED ? "\nThere are more, which list_websites tells of." : "";
  return fence(known.map((each) => describeWebsite(viewWebsite(each))).join("\n"), "list of websites") + more;
}

async function writeWebsite(db: Db, viewer: Viewer, website: Website): Promise<string> {
  const [known] = await lookUpWebsites(db, [website]);
  const crawls = await listCrawls(db, { viewer, websiteId: website.id, limit: CRAWLS });
  const lines = crawls.map(
    ({ id, state, done, finishedAt }) =>
      `- crawl ${id}: ${state}, ${done} pages, ${finishedAt?.toISOString() ?? "not over"}`,
  );
  const about = known ? describeWebsite(viewWebsite(known)) : "";
  const links = [`Its pages: ${uriOfLlms(website.id)}`, `What changed: ${uriOfChanges(website.id)}`];
  return [fence(about, website.url), ...links, ...(lines.length > 0 ? ["Last crawls:", ...lines] : [])].join("\n");
}

async function writeLlms(db: Db, viewer: Viewer, { id, url }: Website, offset: number): Promise<string> {
  const { index } = await getWebsiteIndex(db, viewer, id, "llms_txt");
  return writePartOf({ markdown: index.content, source: url, offset, next: (at) => `${uriOfLlms(id)}?offset=${at}` });
}

async function writePage(db: Db, viewer: Viewer, reference: string, offset: number): Promise<string> {
  const { id } = await getPageBy(db, viewer, reference);
  const { page, document } = await getDocument(db, viewer, id);
  return writePartOf({ markdown: document.markdown, source: page.url, offset, next: (at) => uriOfPage(id, at) });
}

type Part = { markdown: string; source: string; offset: number; next: (offset: number) => string };

function writePartOf({ markdown, source, offset, next }: Part): string {
  const { text, nextOffset } = readPart({ markdown, headings: [] }, { offset, maxTokens: MOST_TOKENS });
  return fence(text, source) + (nextOffset === null ? "" : `\nIt goes on at ${next(nextOffset)}`);
}

async function readListSizes(db: Db, websites: readonly Website[]): Promise<Map<string, number>> {
  if (websites.length === 0) return new Map();
  const { websiteId, kind, version, byteLength } = websiteIndexes;
  const rows = await db
    .selectDistinctOn([websiteId], { websiteId, byteLength })
    .from(websiteIndexes)
    .where(
      and(
        eq(kind, "llms_txt"),
        inArray(
          websiteId,
          websites.map(({ id }) => id),
        ),
      ),
    )
    .orderBy(websiteId, desc(version));
  return new Map(rows.map((row) => [row.websiteId, row.byteLength]));
}

function describeResources({ id, name, url }: Website, listSize: number | undefined): ResourceDescription[] {
  const title = shorten(name, 100);
  const website = { uri: uriOfWebsite(id), name: url, title, mimeType: MARKDOWN };
  if (listSize === undefined) return [website];
  const list = { uri: uriOfLlms(id), name: `${url} llms.txt`, title: `${title}: llms.txt`, mimeType: MARKDOWN };
  return [website, { ...list, size: listSize }];
}
