import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import type { App } from "../../src/app.ts";
import { systemClock } from "../../src/clock.ts";
import type { Store } from "../../src/db/db.ts";
import { markdownDocuments, pageChanges } from "../../src/db/schema/pages.ts";
import { LOCAL_USER_ID } from "../../src/db/schema/users.ts";
import { type Explainer, openExplainer } from "../../src/notify/explainer.ts";
import { recordChanges } from "../../src/notify/record-changes.ts";
import { createManualClock } from "../manual-clock.ts";
import { storePage } from "../pages/stored-pages.ts";
import { openTestApp } from "../testing/apps.ts";
import { testStores } from "../testing/stores.ts";
import { startReceiver } from "./formats/receiver.ts";
import { startSmtpServer } from "./smtp-server.ts";
import { toldUser } from "./told-user.ts";

const TARGETS = {
  slack: { url: "https://hooks.slack.com/services/T0001/B0001/abcdefSECRET" },
  discord: { url: "https://discord.com/api/webhooks/1234567890/abc-defSECRET" },
  teams: { url: "https://prod-1.westeurope.logic.azure.com/workflows/1/invoke?sig=SECRETsig" },
  ntfy: { topic: "alerts", token: "tk_SECRET" },
  email: { to: ["ann@example.org"] },
} as const;
const KINDS = Object.keys(TARGETS) as (keyof typeof TARGETS)[];

const [embedded] = testStores;
if (!embedded) throw new Error("There is always an embedded store");

describe("a change is told by all kinds of channels", () => {
  let store: Store;
  let app: App;
  let explainer: Explainer;
  let receiver: ReturnType<typeof startReceiver>;
  let mailbox: Awaited<ReturnType<typeof startSmtpServer>>;
  let asked = 0;
  const model = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => {
      asked++;
      return Response.json({ choices: [{ message: { content: "It costs two dollars more." } }] });
    },
  });
  const user = toldUser(() => app);

  beforeAll(async () => {
    store = await embedded.open();
    receiver = startReceiver();
    mailbox = await startSmtpServer();
    const settings = {
      ...{ SMTP_URL: `smtp://localhost:${mailbox.port}`, SMTP_FROM: "changes@example.com" },
      ...{ EXPLAIN_URL: `http://localhost:${model.port}/v1`, EXPLAIN_MODEL: "small" },
    };
    const clock = createManualClock("2026-01-01T12:00:00.000Z");
    const opened = openTestApp(store, { clock, fetch: receiver.context.fetch }, settings);
    const made = openExplainer(opened.config, { clock: systemClock, userAgent: "Orbweaver/test" });
    if (!made) throw new Error("The settings name one");
    explainer = made;
    app = { ...opened, explainer };
  });
  beforeEach(async () => {
    receiver.received.length = 0;
    mailbox.mails.length = 0;
    asked = 0;
    await user.clear();
  });
  afterAll(async () => {
    explainer.close();
    await app.close();
    await receiver.stop();
    await mailbox.stop();
    await model.stop(true);
    await store.close();
  });

  const changePage = async (path: string) => {
    const site = await user.addSite(`https://${path}.example/`);
    const url = `${site.url}pricing`;
    const pageId = await storePage(store.db, { websiteId: site.id, url, body: "<p>", markdown: "It costs $10\n" });
    const [first] = await store.db.select().from(markdownDocuments).where(eq(markdownDocuments.pageId, pageId));
    if (!first) throw new Error("The page has a document");
    const second = { ...first, id: Bun.randomUUIDv7(), version: 2, markdown: "It costs $12 now\n" };
    await store.db.insert(markdownDocuments).values(second);
    const change = {
      ...{ kind: "changed" as const, page: { id: pageId, url, title: "Pricing" }, detectedAt: app.clock.now() },
      ...{ from: { documentId: first.id, version: 1 }, to: { documentId: second.id, version: 2 } },
      summary: { added: 0, removed: 0, changed: 1, moved: 0, wordsAdded: 1, wordsRemoved: 1, share: 0.4 },
      excerpt: { added: ["It costs $12 now"], removed: ["It costs $10"] },
    };
    const website = { id: site.id, userId: LOCAL_USER_ID, name: site.name, url: site.url };
    await store.db.transaction((tx) => recordChanges(tx, { website, crawlId: null }, [change]));
  };

  test("in plain words, which the model is asked for once", async () => {
    const made = await Promise.all(KINDS.map((kind) => user.addChannel(TARGETS[kind], { kind, isExplained: true })));

    await changePage("docs");
    await user.work();

    const [mail] = mailbox.mails;
    const told = [...receiver.received.map(({ text }) => text), (mail?.text ?? "").replaceAll("=\r\n", "")];
    expect(told.length).toBe(KINDS.length);
    for (const text of told) {
      expect(text).toContain("12 now");
      expect(text).toContain("It costs two dollars more.");
    }
    expect(asked).toBe(1);
    const [row] = await store.db.select().from(pageChanges);
    expect(row?.explanation).toBe("It costs two dollars more.");
    // What is kept of it holds no secret.
    for (const channel of made) {
      const attempts = await user.readAttempts(channel);
      expect(attempts).toMatchObject([{ attempt: 1, error: null }]);
      expect(JSON.stringify(attempts)).not.toContain("SECRET");
    }
  });
});
