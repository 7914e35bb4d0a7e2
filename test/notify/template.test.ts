import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import type { Message } from "../../src/notify/message.ts";
import { checkTemplate, previewTemplate, renderTemplate } from "../../src/notify/template.ts";
import { SAMPLE_MESSAGE } from "../../src/notify/template-variables.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createManualClock } from "../manual-clock.ts";

const withTitle = (title: string): Message => ({
  ...SAMPLE_MESSAGE,
  title,
  pages: SAMPLE_MESSAGE.pages.map((page) => ({ ...page, title })),
});

describe("a template is refused with the line", () => {
  const cases: [what: string, source: string, fault: string][] = [
    ["a tag that is not closed", "Hello\n{% if page %}\nthere", "line 2, column 1: tag {% if page %} not closed"],
    ["an output that is not closed", "{{ title", 'line 1, column 1: output "{{ title" not closed'],
    ["an unknown filter", "{{ title | shout }}", "undefined filter: shout"],
    ["an unknown variable", "\n  {{ titel }}", "line 2, column 6: there is no titel; there are event, title"],
    ["an unknown member", "{{ website.nmae }}", "line 1, column 4: there is no website.nmae"],
    ["a member of a page in a loop", "{% for p in pages %}\n{{ p.titel }}{% endfor %}", "line 2, column 4: undefined"],
    ["a name in a branch not taken", "{% if is_digest %}{{ wesbite }}{% endif %}", "there is no wesbite"],
    ["a tag that reads files", "{% include '/etc/passwd' %}", 'tag "include" not found'],
    ["a tag that gets around escaping", "{% echo title %}", 'tag "echo" not found'],
    ["a filter that does", "{{ title | raw }}", "undefined filter: raw"],
    ["what is inherited by every object", "{{ page.constructor.name }}", "there is no page.constructor.name"],
    ["one that is empty", "  \n", "is empty; leave it out"],
    ["one that is too long", "x".repeat(20_001), "is longer than 20000 characters"],
    [
      "one that doubles a text for ever",
      "{% assign a = title %}{% for i in (1..99) %}{% assign a = a | append: a %}{% endfor %}",
      "too long",
    ],
  ];

  for (const [what, source, fault] of cases)
    test(what, async () => {
      const error = await checkTemplate("email", { text: source }).catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({ reason: "invalid", faults: [{ at: "/template/text" }] });
      expect((error as AppError).faults[0]?.message).toContain(fault);
    });

  test("a part that the kind has not", async () => {
    const check = checkTemplate("ntfy", { html: "<b>{{ title }}</b>" });

    expect(check).rejects.toThrow(
      "template/html: is no part of what a channel of the kind ntfy is sent, which has subject, text",
    );
  });

  test("a body that is no JSON", async () => {
    const check = checkTemplate("webhook", { body: '{"text": {{ title }} }' });

    expect(check).rejects.toThrow("template/body: does not write JSON");
  });
});

test.each([
  ["{{ k }}"],
  ["{{ pages }}"],
  ["{% assign x = pages | json | size %}"],
  ["{% if title contains 'q' %}1{% endif %}"],
])("a template that does %s for ever is stopped", async (work) => {
  const loops = "{% for i in (1..9999) %}{% for j in (1..9999) %}{% for k in (1..9999) %}";
  const source = `${loops}${work}{% endfor %}{% endfor %}{% endfor %}`;
  const startedAt = performance.now();

  const error = await checkTemplate("slack", { text: source }).catch((thrown: unknown) => thrown);

  expect((error as Error).message).toMatch(/does or writes too much|too long|writes \d+ characters/);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});

test("all that a message holds can be told, and what is not known is empty", async () => {
  const source =
    "{{ website.name }}: {% for page in pages %}{{ page.title }} ({{ page.percent }} %) {{ page.added | join: '; ' }}" +
    "{% endfor %}{% if more > 0 %} and {{ more }} more{% endif %} {{ payload.change.share }} {{ event.at | date: '%Y' }}";

  await checkTemplate("ntfy", { text: source });
  const { text } = await previewTemplate("ntfy", { text: source }, { ...SAMPLE_MESSAGE, website: undefined, more: 4 });

  expect(text).toBe(": Pricing (12 %) The Team plan costs $12 a month. and 4 more 0.12 2026");
});

test("links can be told, of pages and of the whole, and are empty where there are none", async () => {
  const text = "{% for p in pages %}{{ p.links.change }}{% endfor %} {{ links.report }} {{ payload.links.page }}";
  const { pages, payload } = SAMPLE_MESSAGE;

  await checkTemplate("teams", { text });
  const linked = await previewTemplate("teams", { text }, SAMPLE_MESSAGE);
  const bare = await previewTemplate(
    "teams",
    { text },
    {
      ...SAMPLE_MESSAGE,
      pages: pages.map((page) => ({ ...page, links: {} })),
      links: {},
      payload: { ...payload, links: {} },
    },
  );

  expect(linked.text).toMatch(/^https:\S+\/diff\?format=html&view=side_by_side https:\S+markdown https:\S+$/);
  expect(bare.text?.trim()).toBe("");
});

describe("values can't be taken for markup", () => {
  test("in HTML", async () => {
    const html = "<b>{{ title }}</b>{% capture x %}{{ title }}{% endcapture %}{{ x | upcase }}{{ title | json }}";

    const rendered = await previewTemplate("email", { html }, withTitle("<script>'\"&"));

    expect(rendered.html).not.toContain("<script");
    expect(rendered.html).toStartWith("<b>&lt;script&gt;&#39;&quot;&amp;</b>");
  });

  test("in JSON, whose texts stand in quotes and whose other values do not", async () => {
    const body = '{"t": "{{ title }}", "n": {{ more }}, "u": {{ page.from_url | json }}, "all": {{ pages | json }}}';
    const message = withTitle('a "quote" \\ \n {{ x }} \ud800');

    const rendered = await previewTemplate("webhook", { body }, message);

    const value = JSON.parse(rendered.body ?? "");
    expect(value).toMatchObject({ t: 'a "quote" \\ \n {{ x }} \ufffd', n: 0, all: [{ kind: "changed", percent: 12 }] });
  });

  test("in Slack's and Discord's", async () => {
    const message = withTitle("<!channel> [a](https://evil.example) @everyone <@1>");

    const slack = await previewTemplate("slack", { text: "*{{ title }}*" }, message);
    const discord = await previewTemplate("discord", { text: "**{{ title }}**" }, message);

    expect(slack.text).toContain("*&lt;!channel&gt; [a]");
    expect(discord.text).toContain("\\[a\\]\\(https\\://evil.example\\)");
    expect(discord.text).toContain("\\<\\@1\\>");
  });
});

test("a saved template that fails for a message leaves the usual words, and the log says so", async () => {
  const lines: string[] = [];
  const log = createLog("info", createManualClock(), (line) => lines.push(line));
  const template = { body: '{"a": {% if title contains "Pricing" %}x{% endif %}1}' };

  const rendered = await renderTemplate({ kind: "webhook", template, id: "c1" }, SAMPLE_MESSAGE, log);

  expect(rendered).toEqual({});
  expect(lines.join("")).toContain('"channelId":"c1"');
});
