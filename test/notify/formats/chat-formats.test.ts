import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readConfig } from "../../../src/config/config.ts";
import type { ChannelFormat } from "../../../src/notify/format.ts";
import { discord, toDiscordMessage } from "../../../src/notify/formats/discord.ts";
import { ntfy, toNtfyMessage } from "../../../src/notify/formats/ntfy.ts";
import { slack, toSlackMessage } from "../../../src/notify/formats/slack.ts";
import { teams, toTeamsMessage } from "../../../src/notify/formats/teams.ts";
import { SAMPLE_MESSAGE } from "../../../src/notify/template-variables.ts";
import { HOSTILE, hostileMessage, hostilePage, LINKED, startReceiver } from "./receiver.ts";

const SLACK_URL = "https://hooks.slack.com/services/T0001/B0001/abcdefSECRET";
const DISCORD_URL = "https://discord.com/api/webhooks/1234567890/abc-defSECRET";
const TEAMS_URL =
  "https://prod-1.westeurope.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke?sig=SECRETsig";

const CHATS: [name: string, format: ChannelFormat, target: Record<string, unknown>][] = [
  ["Slack", slack, { url: SLACK_URL }],
  ["Discord", discord, { url: DISCORD_URL }],
  ["Microsoft Teams", teams, { url: TEAMS_URL }],
  ["ntfy", ntfy, { topic: "alerts", token: "tk_SECRET" }],
];

let receiver: ReturnType<typeof startReceiver>;
beforeAll(() => {
  receiver = startReceiver();
});
afterAll(() => receiver.stop());
beforeEach(() => {
  receiver.received.length = 0;
  receiver.answerWith(200, "ok");
});

describe.each(CHATS)("%s", (name, format, target) => {
  test("is sent a message, and what was sent is told", async () => {
    const sent = await receiver.send(format, target, SAMPLE_MESSAGE);

    const [post] = receiver.received;
    expect(sent).toMatchObject({ isDelivered: true, status: 200, request: { method: "POST", body: post?.text } });
    expect(post?.text).toContain("Pricing");
    expect(post?.text).toContain("$12 a month");
    expect(post?.text).toContain("12 % of the text");
    expect(post?.headers.get("content-type")).toBe("application/json");
  });

  test("is described without its secrets, which are named to whoever keeps what was sent", () => {
    const secrets = format.secretsOf?.(target as never) ?? [];

    expect(format.describe(target as never)).not.toContain("SECRET");
    expect(secrets.some((secret) => secret.includes("SECRET"))).toBe(true);
  });

  test("is told again after the time that it asks for", async () => {
    receiver.answerWith(429, JSON.stringify({ message: "slow down" }), { "retry-after": "7" });

    const sent = await receiver.send(format, target, SAMPLE_MESSAGE);

    expect(sent).toMatchObject({ isDelivered: false, isPermanent: false, status: 429, retryAfterMs: 7_000 });
    expect(sent.error).toStartWith(`${name} answered 429: {"message":"slow down"}`);
  });

  test.each([500, 502, 503])("is told again after a %d", async (status) => {
    receiver.answerWith(status, "<html>oops");

    expect(await receiver.send(format, target, SAMPLE_MESSAGE)).toMatchObject({
      isDelivered: false,
      isPermanent: false,
    });
  });

  test("is not told again what it refuses", async () => {
    receiver.answerWith(400, "invalid_payload");

    const sent = await receiver.send(format, target, SAMPLE_MESSAGE);

    expect(sent).toMatchObject({ isPermanent: true, isGone: false, error: `${name} answered 400: invalid_payload` });
  });

  test("leads to what changed on the page, and to all that did", async () => {
    await receiver.send(format, target, hostileMessage(1));

    const text = receiver.received[0]?.text.replaceAll("&amp;", "&") ?? "";
    expect(text).toContain("See what changed");
    expect(text).toContain(`${LINKED}changes/0/diff?format=html&view=side_by_side`);
    expect(text).toContain("See all changes");
    expect(text).toContain(`${LINKED}websites/1/diff?from=2026-01-31T12%3A00%3A00.000Z&format=markdown`);
  });

  test("has no links of the service's where its address is not known", async () => {
    const message = hostileMessage(2);
    const pages = message.pages.map((page) => ({ ...page, links: {} }));

    await receiver.send(format, target, { ...message, pages, links: {} });

    expect(receiver.received[0]?.text).not.toMatch(/See (?:what|all)|"actions"|orbweaver\.example/);
  });

  test("has own words", async () => {
    const template = { subject: "Look: {{ website.name }}", text: "{% for p in pages %}{{ p.kind }}{% endfor %}!" };

    const sent = await receiver.send(format, target, SAMPLE_MESSAGE, template);

    expect(sent.isDelivered).toBe(true);
    expect(receiver.received[0]?.text).toContain("Look: Example Docs");
    expect(receiver.received[0]?.text).toContain("changed!");
    expect(receiver.received[0]?.text).not.toContain("$12 a month");
  });
});

test.each([
  ["Slack", slack, SLACK_URL],
  ["Discord", discord, DISCORD_URL],
  ["Teams", teams, TEAMS_URL],
] as const)("%s says with 404 or 410 that nobody is there any more", async (_, format, url) => {
  for (const status of [404, 410]) {
    receiver.answerWith(status, "no_service");
    expect(await receiver.send(format, { url }, SAMPLE_MESSAGE)).toMatchObject({ isGone: true, isPermanent: true });
  }
});

test("Discord's own word on when to try again is read where no header says it", async () => {
  receiver.answerWith(429, JSON.stringify({ retry_after: 1.25, global: false }));

  expect(await receiver.send(discord, { url: DISCORD_URL }, SAMPLE_MESSAGE)).toMatchObject({ retryAfterMs: 1_250 });
  expect(receiver.received[0]?.path).toBe("/api/webhooks/1234567890/abc-defSECRET?wait=true");
});

test("ntfy is asked at its root, by its token", async () => {
  await receiver.send(ntfy, { topic: "alerts", token: "tk_SECRET", priority: 5 }, SAMPLE_MESSAGE);

  const [post] = receiver.received;
  expect(post?.path).toBe("/");
  expect(post?.headers.get("authorization")).toBe("Bearer tk_SECRET");
  expect(post?.json).toMatchObject({ topic: "alerts", priority: 5, click: "https://docs.example.com/pricing" });
});

describe("a target that is none of the maker's is refused with its field", () => {
  const config = readConfig({});
  test.each([
    ["http", slack, "http://hooks.slack.com/services/T1/B1/x"],
    ["another host", slack, "https://hooks.slack.com.evil.example/services/T1/B1/x"],
    ["a user name", slack, "https://hooks.slack.com@evil.example/services/T1/B1/x"],
    ["another port", slack, "https://hooks.slack.com:8443/services/T1/B1/x"],
    ["another path", slack, "https://hooks.slack.com/workflows/T1/B1/x"],
    ["no URL", slack, "hooks.slack.com"],
    ["another host", discord, "https://evil.example/api/webhooks/1/x"],
    ["another path", discord, "https://discord.com/channels/1/2"],
    ["http", teams, "http://prod.logic.azure.com/x"],
    ["an address within", teams, "https://10.0.0.1/x"],
    ["a password", teams, "https://a:b@prod.logic.azure.com/x"],
  ] as const)("%s", (_, format, url) => {
    expect(format.check?.({ url } as never, { config })).toMatchObject([{ at: "/url" }]);
  });

  test.each(["ftp://x", "ntfy.sh", "http://localhost", "https://ntfy.sh/?topic=a"])("%s for a server", (server) => {
    expect(ntfy.check?.({ topic: "a", server } as never, { config })).toMatchObject([{ at: "/server" }]);
  });

  test("and those that are the maker's are taken", () => {
    const urls = [`${DISCORD_URL}?thread_id=12`, "https://canary.discord.com/api/v10/webhooks/1/x"];

    for (const url of urls) expect(discord.check?.({ url } as never, { config })).toEqual([]);
    expect(slack.check?.({ url: SLACK_URL } as never, { config })).toEqual([]);
    expect(teams.check?.({ url: TEAMS_URL } as never, { config })).toEqual([]);
  });
});

describe("texts of pages stay texts, however many there are", () => {
  const hasControls = (json: string) => /\\u0007|\u202e|\\ud800/i.test(json);

  test("in Slack, within 50 blocks of 3,000 characters", () => {
    const { blocks, text } = toSlackMessage(hostileMessage(40)) as {
      text: string;
      blocks: { type: string; text?: { type: string; text: string } }[];
    };

    expect(blocks.length).toBeLessThanOrEqual(50);
    expect(blocks.every((block) => (block.text?.text.length ?? 0) <= (block.type === "header" ? 150 : 3_000))).toBe(
      true,
    );
    const marked = [text, ...blocks.flatMap((each) => (each.text?.type === "mrkdwn" ? [each.text.text] : []))].join(
      "\n",
    );
    // The only control sequences are links to the pages themselves, and to what the service knows of them.
    const controls = [...marked.matchAll(/<([^>]*)>/g)].map(([, inside = ""]) => inside);
    expect(controls.every((inside) => /^https:\/\/(?:docs|orbweaver)\.example\.com\//.test(inside))).toBe(true);
    expect(marked.match(/```/g)?.length).toBe(40);
    expect(JSON.stringify(blocks)).toContain("… and 25 more pages");
    expect(hasControls(JSON.stringify(blocks))).toBe(false);
  });

  test("in Discord, within 10 embeds and 6,000 characters, and nobody is called", () => {
    const message = toDiscordMessage(hostileMessage(40)) as {
      content: string;
      allowed_mentions: unknown;
      embeds: { title: string; description: string }[];
    };

    const total = message.embeds.reduce((sum, { title, description }) => sum + title.length + description.length, 0);
    expect(message.embeds.length).toBeWithin(1, 11);
    expect(total).toBeLessThanOrEqual(6_000);
    expect(message.embeds.every(({ title }) => title.length <= 256)).toBe(true);
    expect(message.content.length).toBeLessThanOrEqual(2_000);
    expect(message.allowed_mentions).toEqual({ parse: [] });
    expect(message.content).toContain("\\[click\\]\\(https\\://evil.example\\)");
    expect(message.content).toMatch(/… and \d+ more pages$/);
    for (const { description } of message.embeds) expect(description.match(/```/g)?.length).toBe(2);
    expect(hasControls(JSON.stringify(message))).toBe(false);
  });

  test("in Teams, within 28 KB, where nothing reads Markdown", () => {
    const message = toTeamsMessage(hostileMessage(40));

    const json = JSON.stringify(message);
    expect(Buffer.byteLength(json)).toBeLessThan(28_000);
    expect(json).not.toContain('TextBlock","text');
    const links = [...json.matchAll(/"Action.OpenUrl","url":"([^"]*)"/g)].map(([, url = ""]) => url);
    expect(links.every((url) => /^https:\/\/(?:docs|orbweaver)\.example\.com\//.test(url))).toBe(true);
    expect(json).toMatch(/… and \d+ more pages/);
    expect(hasControls(json)).toBe(false);
  });

  test("in ntfy, within 4,096 bytes", () => {
    const message = toNtfyMessage(hostileMessage(40)) as { title: string; message: string };

    expect(Buffer.byteLength(message.message)).toBeLessThan(4_096);
    expect(message.message).toMatch(/… and \d+ more pages$/);
    expect(message).not.toHaveProperty("markdown");
    expect(hasControls(JSON.stringify(message))).toBe(false);
  });

  test("in Slack, also beside a URL that is long only by its escaping", () => {
    const url = `https://docs.example.com/?${"&".repeat(2_000)}`;
    const message = { ...hostileMessage(1), url, pages: [{ ...hostilePage(), url }] };

    const { blocks } = toSlackMessage(message) as { blocks: { text?: { text: string } }[] };

    expect(blocks.every(({ text }) => (text?.text.length ?? 0) <= 3_000)).toBe(true);
    expect(JSON.stringify(blocks)).toContain("See what changed");
    expect(JSON.stringify(blocks)).not.toContain("&amp;".repeat(400));
  });

  test("and one page with long texts is still told", () => {
    const message = hostileMessage(1);

    for (const made of [toSlackMessage, toDiscordMessage, toTeamsMessage, toNtfyMessage])
      expect(JSON.stringify(made({ ...message, title: "Short" }))).toContain("50 % of the text");
    expect(HOSTILE.length).toBeGreaterThan(100);
  });
});
