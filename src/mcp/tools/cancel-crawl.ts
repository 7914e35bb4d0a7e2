import { toViewer } from "../../access/principal.ts";
import { cancelCrawl } from "../../crawl/crawls.ts";
import { CrawlView, describeCrawl, lookUpCrawl } from "../crawl-views.ts";
import { readCrawlId } from "../references.ts";
import { Fields, Text } from "./fields.ts";
import { defineTool } from "./tool.ts";

export const cancelCrawlTool = defineTool({
  name: "cancel_crawl",
  title: "Cancel a crawl",
  description: "Ends a crawl for good; the pages that it brought stay, and can be searched soon.",
  permission: "write",
  hints: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  input: Fields({ crawl_id: Text("The crawl's id", 36) }),
  output: CrawlView,
  run: async (context, { crawl_id: reference }, { principal }) => {
    const crawl = await cancelCrawl(context, toViewer(principal), readCrawlId(reference));
    const view = await lookUpCrawl(context.db, crawl);
    return { structured: view, text: describeCrawl(view) };
  },
});
