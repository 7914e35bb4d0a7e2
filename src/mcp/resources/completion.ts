import { and, asc, between, eq, isNull, like, ne, or } from "drizzle-orm";
import { may, type Principal, toViewer } from "../../access/principal.ts";
import { isOwnedBy, type Viewer } from "../../access/viewer.ts";
import { daysBefore } from "../../clock.ts";
import { beginningWith, type Db } from "../../db/db.ts";
import { pages } from "../../db/schema/pages.ts";
import { websites } from "../../db/schema/websites.ts";
import { toKept } from "../../search/path-rules.ts";
import { listWebsites, type Website } from "../../websites/websites.ts";
import type { Call, McpContext } from "../call.ts";

export type CompletionRequest = {
  ref: { type: "ref/prompt"; name: string } | { type: "ref/resource"; uri: string };
  argument: { name: string; value: string };
  /** Arguments that are settled already. */
  settled?: Record<string, string> | undefined;
};

export type Completion = { values: string[]; total?: number; hasMore: boolean };

/** The protocol's own bound. */
const MAX_VALUES = 100;
/** Longer than any URL that is kept. */
const MAX_LENGTH = 2_048;
/** Websites that are looked through. */
const MAX_WEBSITES = 1_000;
const DAYS = [1, 7, 30, 90];

/** What an argument of a prompt or of a resource template may be completed to; nothing for what is not known. */
export async function complete(
  { store, clock }: McpContext,
  { argument: { name, value }, settled = {} }: CompletionRequest,
  { principal }: Pick<Call, "principal" | "signal">,
): Promise<Completion> {
  const given = [value, ...Object.values(settled)];
  const isOdd = given.some((text) => text.length > MAX_LENGTH || text.includes("\0"));
  if (isOdd || !may(principal, "read")) return { values: [], hasMore: false };
  const found = await findValues({ name, value, settled }, { store, clock }, principal);
  const values = [...new Set(found)];
  return { values: values.slice(0, MAX_VALUES), hasMore: values.length > MAX_VALUES };
}

type Asked = { name: string; value: string; settled: Record<string, string> };

/** Arguments of one name mean the same wherever they stand. */
async function findValues(
  { name, value, settled }: Asked,
  { store, clock }: Pick<McpContext, "store" | "clock">,
  principal: Principal,
): Promise<string[]> {
  const viewer = toViewer(principal);
  switch (name) {
    case "website":
    case "host":
      return store.read((db) => findWebsites(db, viewer, value, name));
    case "page":
      return store.read((db) => findPages(db, viewer, value));
    case "path":
      return store.read((db) => findPaths(db, viewer, settled.host, value));
    case "since":
      return DAYS.map((days) => daysBefore(clock.now(), days).toISOString().slice(0, 10)).filter((day) =>
        day.startsWith(value),
      );
    default:
      return [];
  }
}

/** By host where that says which one is meant, else by URL; by id for who begins one. */
async function findWebsites(db: Db, viewer: Viewer, begun: string, name: "website" | "host"): Promise<string[]> {
  const all = await listWebsites(db, { viewer, limit: MAX_WEBSITES });
  const text = begun.trim().toLowerCase();
  const hosts = Map.groupBy(all, hostOf);
  const fits = (website: Website) =>
    [hostOf(website), hostOf(website).replace(/^www\./, ""), website.url, website.name.toLowerCase()].some((each) =>
      each.startsWith(text),
    );
  const named = all
    .filter(fits)
    .map((website) => (name === "host" || hosts.get(hostOf(website))?.length === 1 ? hostOf(website) : website.url));
  const ids = /^[0-9a-f][0-9a-f-]{3,}$/.test(text) && name === "website" ? all.map(({ id }) => id) : [];
  return [...named.sort(), ...ids.filter((id) => id.startsWith(text))];
}

/** Their URLs, by how these begin, with or without the scheme; ids for who begins one. */
function findPages(db: Db, viewer: Viewer, begun: string): Promise<string[]> {
  const text = begun.trim();
  const [, host, path = "/"] = /^(?:https?:\/\/)?([^/?#]+)(\/.*)?$/i.exec(text) ?? [];
  if (host !== undefined && path === "/" && /^[0-9a-f]{8}[0-9a-f-]*$/i.test(host)) return findIds(db, viewer, host);
  return listUrls(db, viewer, host, text.includes("/") || host === undefined ? path : undefined, ({ url }) => url);
}

/** As the template has them: without the slash they begin by. */
async function findPaths(db: Db, viewer: Viewer, host: string | undefined, begun: string): Promise<string[]> {
  return listUrls(db, viewer, host, `/${begun.replace(/^\//, "")}`, ({ path }) => path.slice(1));
}

async function listUrls(
  db: Db,
  viewer: Viewer,
  host: string | undefined,
  path: string | undefined,
  write: (page: { url: string; path: string }) => string,
): Promise<string[]> {
  const ofHost =
    host === undefined
      ? undefined
      : path === undefined
        ? like(pages.host, beginningWith(host.toLowerCase()))
        : eq(pages.host, host.toLowerCase());
  const rows = await db
    .select({ url: pages.url, path: pages.path })
    .from(pages)
    .innerJoin(websites, eq(websites.id, pages.websiteId))
    .where(
      and(
        isOwnedBy(viewer),
        isNull(websites.deletedAt),
        ofHost,
        path === undefined ? undefined : like(pages.path, beginningWith(toKept(path))),
        or(eq(pages.state, "live"), eq(pages.state, "missing")),
        ne(pages.version, 0),
      ),
    )
    .orderBy(asc(pages.path), asc(pages.id))
    .limit(MAX_VALUES + 1);
  return rows.map(write);
}

async function findIds(db: Db, viewer: Viewer, begun: string): Promise<string[]> {
  const digits = begun.toLowerCase().replaceAll("-", "").slice(0, 32);
  const rows = await db
    .select({ id: pages.id })
    .from(pages)
    .innerJoin(websites, eq(websites.id, pages.websiteId))
    .where(
      and(
        isOwnedBy(viewer),
        isNull(websites.deletedAt),
        between(pages.id, toUuid(digits.padEnd(32, "0")), toUuid(digits.padEnd(32, "f"))),
      ),
    )
    .orderBy(asc(pages.id))
    .limit(MAX_VALUES + 1);
  return rows.map(({ id }) => id);
}

const toUuid = (hex: string) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

const hostOf = ({ url }: Website) => new URL(url).host;
