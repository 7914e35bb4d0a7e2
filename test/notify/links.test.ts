import { describe, expect, test } from "bun:test";
import { type StoredEvent, toMessage } from "../../src/notify/message.ts";

const PUBLIC = "https://a.example/some/prefix";
const API = `${PUBLIC}/api/v1`;
const website = { id: "w1", name: "Docs", url: "https://docs.example.com/" };
const AT = "2026-01-31T12:00:00.000Z";

const pagePayload = (index: number) => ({
  website,
  page: { id: `p${index}`, url: `https://docs.example.com/${index}`, title: null },
  change: {
    ...{ id: `c${index}`, kind: "changed", from_version: 1, to_version: 2, from_url: null, to_url: null },
    ...{ reason: null, summary: null, share: 0.5, detected_at: AT },
  },
  excerpt: { added: [], removed: [] },
});

const crawlPayload = (isBaseline: boolean) => ({ website, crawl: { id: "r1", is_baseline: isBaseline } });

const tell = (type: StoredEvent["type"], payload: Record<string, unknown>, publicUrl?: string) =>
  toMessage({ id: "e1", type, createdAt: new Date(AT), payload } as StoredEvent, { publicUrl });

const change = (index: number) => ({
  page: `${API}/pages/p${index}`,
  change: `${API}/changes/c${index}/diff?format=html&view=side_by_side`,
});

describe("a message leads to what the service knows", () => {
  test.each([PUBLIC, `${PUBLIC}/`])("of a page, by its address %s", (publicUrl) => {
    const { pages, links, payload } = tell("page.changed", pagePayload(1), publicUrl);

    expect(pages[0]?.links).toEqual(change(1));
    expect(payload).toEqual({ ...pagePayload(1), links: change(1) });
    expect(links).toEqual({});
  });

  test("of a crawl: its changes once it has ended, and a report where there was one before it", () => {
    const crawl = `${API}/crawls/r1`;
    const changes = `${API}/websites/w1/changes?crawl_id=r1`;
    const report = `${API}/websites/w1/diff?to_crawl=r1&format=markdown`;

    expect(tell("crawl.started", crawlPayload(false), PUBLIC).links).toEqual({ crawl });
    expect(tell("crawl.failed", crawlPayload(false), PUBLIC).links).toEqual({ crawl, changes });
    expect(tell("crawl.completed", crawlPayload(true), PUBLIC).links).toEqual({ crawl });
    const completed = tell("crawl.completed", crawlPayload(false), PUBLIC);
    expect(completed.links).toEqual({ crawl, changes, report });
    expect(completed.payload).toMatchObject({ links: { crawl, changes, report } });
  });

  test("of a digest, from the first change that it tells of to the last", () => {
    const entries = [
      { id: "e2", type: "page.changed", at: "2026-01-31T12:00:05.000Z", ...pagePayload(1) },
      { id: "e3", type: "crawl.completed", at: "2026-01-31T12:00:06.000Z", ...crawlPayload(true) },
    ];
    const span = { from: "2026-01-31T12:00:05.000Z", to: "2026-01-31T13:00:00.000Z" };
    const digest = { ...span, totals: { "page.changed": 1, "crawl.completed": 1 }, events: entries, more: 0 };

    const ofOne = tell("website.digest", { ...digest, website }, PUBLIC);
    const ofAll = tell("website.digest", { ...digest, website: null }, PUBLIC);

    const [since, until] = ["2026-01-31T11%3A59%3A59.999Z", "2026-01-31T13%3A00%3A00.001Z"];
    expect(ofOne.links).toEqual({
      changes: `${API}/websites/w1/changes?since=${since}&until=${until}`,
      report: `${API}/websites/w1/diff?from=${since}&to=${until}&format=markdown`,
    });
    expect(ofAll.links).toEqual({ changes: `${API}/changes?since=${since}&until=${until}` });
    expect(ofOne.pages[0]?.links).toEqual(change(1));
    expect(ofOne.payload).toMatchObject({ events: [{ links: change(1) }, { links: { crawl: `${API}/crawls/r1` } }] });
  });

  test("and nowhere where its address is not known", () => {
    for (const [type, payload] of [
      ["page.changed", pagePayload(1)],
      ["crawl.completed", crawlPayload(false)],
    ] as const) {
      const message = tell(type, payload);
      expect(message.payload).toEqual(payload);
      expect(JSON.stringify(message)).not.toContain("/api/v1");
    }
  });
});

test("a message that is about no website has no links", () => {
  const channel = { id: "h1", name: "Hook", kind: "webhook" };

  const { links, payload } = tell("channel.test", { channel }, PUBLIC);

  expect([links, payload]).toEqual([{}, { channel }]);
});
