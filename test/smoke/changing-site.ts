import { article, paragraph } from "../changes/proof/page-model.ts";
import { type ScriptedSite, type SiteState, serveScriptedSite } from "../changes/proof/scripted-site.ts";
import { type CrawlView, request, startCrawl, untilCompleted } from "./api.ts";
import { check } from "./process.ts";

const PAGES = ["/", "/oak", "/elm", "/ash", "/yew"];

export type ChangingSite = ScriptedSite & {
  /** Edits one page, deletes one for good, and adds one. */
  change(): Promise<void>;
};

/** What is to be told once `change` is crawled, by path. */
export const CHANGED: Record<string, string> = { "/oak": "changed", "/yew": "removed", "/fir": "new" };

export const ADDED_TEXT = "A storm took its crown.";

/** A small website on loopback that changes when asked to. */
export async function serveChangingSite(): Promise<ChangingSite> {
  const site = serveScriptedSite();
  const state: SiteState = {
    pages: new Map(PAGES.map((path) => [path, article(`tree ${path}`)])),
    specials: new Map(),
    unlinked: new Set(),
    sitemap: new Map(),
    validators: new Map(),
  };
  await site.show(state, 0);
  return {
    ...site,
    change: () => {
      state.pages.get("/oak")?.blocks.splice(1, 0, paragraph(ADDED_TEXT));
      state.specials.set("/yew", { status: 410 });
      state.pages.set("/fir", article("tree /fir"));
      return site.show(state, 1);
    },
  };
}

/** Crawls a website through the API to its end. */
export async function crawlWell(service: string, origin: string): Promise<CrawlView> {
  const id = await startCrawl(service, `${origin}/`, { delay_ms: 0, concurrency: 4 });
  const crawl = await untilCompleted(service, id);
  check(crawl.state === "completed", `the crawl is ${crawl.state}: ${JSON.stringify(crawl)}`);
  return crawl;
}

export async function addWebsite(service: string, origin: string): Promise<string> {
  return ((await request(`${service}/api/v1/websites`, { url: `${origin}/` })) as { id: string }).id;
}
