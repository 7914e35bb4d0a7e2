import { Type } from "@sinclair/typebox";
import { isProven, toViewer } from "../../access/principal.ts";
import { cancelCrawl, startCrawl } from "../../crawl/crawls.ts";
import { AppError } from "../../errors.ts";
import { announceWebsite } from "../../websites/announcements.ts";
import type { Call, McpContext } from "../call.ts";
import { CrawlView, describeCrawl, lookUpCrawl } from "../crawl-views.ts";
import { awaitCrawl } from "../crawl-waiting.ts";
import { agreeOnHost } from "../hosts.ts";
import { findWebsiteBy, readUrl } from "../references.ts";
import { AllowNewHost, Fields, MaxWait, Text } from "./fields.ts";
import { defineTool } from "./tool.ts";

/** Of a website that nobody has set limits for, a model gets no more unless it says so. */
const NEW_WEBSITE_PAGES = 200;

const Pattern = Type.String({ minLength: 1, maxLength: 1_000 });
const Patterns = (description: string) => Type.Optional(Type.Array(Pattern, { maxItems: 50, description }));

export const crawlTool = defineTool({
  name: "crawl",
  title: "Crawl a website",
  description: `Starts a crawl of a registered website, or registers a URL as one and crawls it (${NEW_WEBSITE_PAGES} pages unless max_pages says more). Search finds its pages when it is over. Answers at once, or waits up to wait_seconds; cancelling the call while it waits cancels the crawl.`,
  permission: "write",
  hints: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  input: Fields({
    website: Text("Registered website (id, URL, host or name), or the URL of a new one", 2_048),
    max_pages: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    max_depth: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1_000, description: "Links to follow from the start" }),
    ),
    include: Patterns("Only URLs that match a glob such as /docs/**, or re: and a regular expression"),
    exclude: Patterns("No URLs that match one, likewise"),
    wait_seconds: MaxWait,
    allow_new_host: AllowNewHost,
  }),
  output: CrawlView,
  run: async (context, { website: reference, wait_seconds: seconds, allow_new_host: isSaid, ...limits }, call) => {
    const target = await findTarget(context, reference, call, isSaid);
    const viewer = toViewer(call.principal);
    const byDefault = "url" in target ? { max_pages: NEW_WEBSITE_PAGES } : {};
    const crawl = await startCrawl(context.db, {
      ...{ viewer, ...target, options: { ...byDefault, ...limits } },
      ...{
        apiKeyId: call.principal.keyId,
        maxUnfinished: isProven(call.principal) ? context.config.MAX_CRAWLS_PER_KEY : 0,
      },
    });
    if ("url" in target) await announceWebsite(context, "list", crawl.websiteId);
    try {
      const state = await awaitCrawl(context, viewer, crawl.id, { seconds, call });
      const view = await lookUpCrawl(context.db, state);
      return { structured: view, text: describeCrawl(view) };
    } catch (error) {
      if (call.isWithdrawn()) await cancelStarted(context, call, crawl.id);
      throw error;
    }
  },
});

/** A URL below a registered website's start is where its crawl begins; any other URL is a website to be. */
async function findTarget({ db }: McpContext, reference: string, call: Call, isSaidToBeWanted: boolean) {
  const viewer = toViewer(call.principal);
  const isUrl = URL.canParse(reference.trim()) && /^https?:/i.test(reference.trim());
  const website = await findWebsiteBy(db, viewer, reference);
  if (website) {
    const seed = isUrl ? readUrl(reference, "website") : website.url;
    return { websiteId: website.id, ...(seed === website.url ? {} : { seeds: [seed] }) };
  }
  if (!isUrl) {
    const message = `There is no website ${JSON.stringify(reference)}; give the URL of a new one, or see list_websites`;
    throw new AppError("not_found", message);
  }
  const url = readUrl(reference, "website");
  await agreeOnHost(db, viewer, url, { call, isSaidToBeWanted });
  return { url };
}

async function cancelStarted(context: McpContext, { principal }: Call, id: string): Promise<void> {
  await cancelCrawl(context, toViewer(principal), id).catch((error: unknown) => {
    if (!(error instanceof AppError)) context.log.warn("crawl not cancelled", { crawlId: id, error });
  });
}
