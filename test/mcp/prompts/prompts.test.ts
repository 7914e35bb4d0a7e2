import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Principal } from "../../../src/access/principal.ts";
import type { Store } from "../../../src/db/db.ts";
import { bringUpToDate } from "../../../src/indexing/bring-up-to-date.ts";
import type { Content } from "../../../src/mcp/call.ts";
import { getPrompt, PROMPTS } from "../../../src/mcp/prompts/prompts.ts";
import { readResource } from "../../../src/mcp/resources/resources.ts";
import { addPage, addVersion, day, tell } from "../../changes/page-history.ts";
import { testStores } from "../../testing/stores.ts";
import { openToolApp, type ToolApp, toPrincipal } from "../tool-app.ts";

const [embedded] = testStores;
if (!embedded) throw new Error("There is always an embedded store");
let store: Store;
let tools: ToolApp;

beforeAll(async () => {
  store = await embedded.open();
  tools = await openToolApp(store);
  const { adas } = tools;
  const url = "https://docs.example.com/prices";
  const id = await addPage(store.db, adas.id, url, { 1: "# Prices\n\nA wheel costs 10 euros.\n" });
  await addVersion(store.db, id, day(5), "# Prices\n\nA wheel costs 12 euros.\n\n## Shipping\n\nShipping is free.\n");
  await tell(store.db, { pageId: id, kind: "changed", at: day(5), from: 1, to: 2, share: 0.5 });
  await bringUpToDate(tools.app, [adas.id]);
}, 60_000);
afterAll(async () => {
  await tools.close();
  await store.close();
});

const as = (principal: Principal = tools.ada) => ({ principal, signal: new AbortController().signal });
const get = async (name: string, given: Record<string, string>, who?: Principal) => {
  const prompt = await getPrompt(tools.app, name, given, as(who));
  return prompt?.messages.map(({ content }) => content) ?? [];
};
const textOf = (content: Content | undefined) => (content?.type === "text" ? content.text : "");
const resourceOf = (content: Content | undefined) => (content?.type === "resource" ? content.resource : undefined);

test("what changed comes as a resource that can be read again, marked as data", async () => {
  const [said, data] = await get("summarise_changes", { website: "docs.example.com", since: "2026-01-02" });

  expect(textOf(said)).toContain("https://docs.example.com/");
  expect(textOf(said)).not.toContain("12 euros");
  const resource = resourceOf(data);
  expect(resource?.text).toContain("+ A wheel costs 12 euros.");
  expect(resource?.text).toContain("<web-text ");
  expect((await readResource(tools.app, resource?.uri ?? "", as())).text).toContain("1 changed");
});

test.each([
  "What does shipping cost?",
  '"Is shipping (still) free -',
  "shipping or OR",
  "type:nothing, site: shipping",
])("the question %p comes with sections that may answer it", async (question) => {
  const [said, ...data] = await get("answer_from_website", { website: "Handbook", question });

  expect(textOf(said)).toContain(question);
  expect(data.map((each) => resourceOf(each)?.text).join()).toContain("Shipping is free.");
});

test("a question that nothing answers is asked all the same", async () => {
  const [said, ...data] = await get("answer_from_website", { website: "Handbook", question: "Xylophones?" });

  expect(textOf(said)).toContain("found nothing");
  expect(data).toEqual([]);
});

test("each prompt says what it needs, and refuses what can't be", async () => {
  for (const { name, arguments: taken } of PROMPTS) {
    expect(taken.length).toBeGreaterThan(0);
    await expect(get(name, {})).rejects.toMatchObject({ reason: "invalid" });
    const given = Object.fromEntries(taken.map((each) => [each.name, "x"]));
    await expect(get(name, { ...given, website: "nowhere.example" })).rejects.toMatchObject({ reason: "not_found" });
    await expect(get(name, { ...given, website: tools.bobs.id })).rejects.toMatchObject({ reason: "not_found" });
    await expect(get(name, given, toPrincipal(tools.ada.userId))).rejects.toMatchObject({ reason: "forbidden" });
  }
  const since = { website: "Handbook", since: "yesterday" };
  await expect(get("summarise_changes", since)).rejects.toMatchObject({ reason: "invalid" });
  expect(await getPrompt(tools.app, "nothing", {}, as())).toBeUndefined();
});
