import { describe, expect, test } from "bun:test";
import { page, robots, text, type WebAnswer } from "./web.ts";
import { openWebCrawls, SITE } from "./web-crawls.ts";

type Answer = { rows: Record<string, unknown>[] };
type Client = { query: (...args: unknown[]) => Promise<Answer> };

describe("a crawl", () => {
  const { crawl, store } = openWebCrawls();

  test("takes up what is seeded while its hosts are asked for", async () => {
    const sitemap = Promise.withResolvers<WebAnswer>();
    const client = (store().db as unknown as { $client: Client }).$client;
    const { query } = client;
    let isHeld = false;
    // The answer that nothing is to be done is held back until the sitemap's URLs are in the frontier.
    client.query = async (...args) => {
      const answer = await query.call(client, ...args);
      const isAsked = /from "orbweaver"\."crawl_hosts".*exists/s.test(String(args[0]));
      if (!isAsked || answer.rows.length > 0 || isHeld) return answer;
      isHeld = true;
      sitemap.resolve({ body: `<urlset><url><loc>${SITE}/house</loc></url></urlset>` });
      const ask = () => query.call(client, "select 1 from orbweaver.crawl_jobs where is_seeded");
      while ((await ask()).rows.length === 0) await Bun.sleep(1);
      return answer;
    };

    const ended = await crawl(
      {
        [`${SITE}/robots.txt`]: robots(""),
        [`${SITE}/sitemap.xml`]: () => sitemap.promise,
        [`${SITE}/`]: page(),
        [`${SITE}/house`]: text("House"),
      },
      { sitemaps: true },
    ).finally(() => {
      client.query = query;
    });

    expect(isHeld).toBe(true);
    expect(ended.crawl).toMatchObject({ state: "completed", created: 2 });
  });
});
