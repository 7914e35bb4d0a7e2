import { toViewer } from "../../access/principal.ts";
import { getCrawl } from "../../crawl/crawls.ts";
import { CrawlView, describeCrawl, lookUpCrawl } from "../crawl-views.ts";
import { awaitCrawl } from "../crawl-waiting.ts";
import { readCrawlId } from "../references.ts";
import { Fields, MaxWait, Text } from "./fields.ts";
import { READS_STORE } from "./hints.ts";
import { defineTool } from "./tool.ts";

export const crawlStatusTool = defineTool({
  name: "crawl_status",
  title: "Look at a crawl",
  description:
    "How far a crawl is, what it found and what failed; waits for its end up to wait_seconds. Cancelling the call does not cancel the crawl.",
  permission: "read",
  hints: READS_STORE,
  input: Fields({ crawl_id: Text("The crawl's id", 36), wait_seconds: MaxWait }),
  output: CrawlView,
  run: async (context, { crawl_id: reference, wait_seconds: seconds }, call) => {
    const viewer = toViewer(call.principal);
    const { id } = await getCrawl(context.db, viewer, readCrawlId(reference));
    const view = await lookUpCrawl(context.db, await awaitCrawl(context, viewer, id, { seconds, call }));
    return { structured: view, text: describeCrawl(view) };
  },
});
