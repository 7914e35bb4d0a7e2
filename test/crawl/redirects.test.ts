import { describe, expect, test } from "bun:test";
import { page, redirect, text } from "./web.ts";
import { openWebCrawls, SITE } from "./web-crawls.ts";

describe("a crawl", () => {
  const { crawl, forget } = openWebCrawls();

  test("takes a host of the same domain for its own when its start page moved there", async () => {
    const { crawl: ended, outcomes } = await crawl({
      [`${SITE}/`]: redirect("https://docs.example.com/"),
      "https://docs.example.com/": page("/a", `${SITE}/b`),
      "https://docs.example.com/a": text("A"),
      [`${SITE}/b`]: text("B"),
    });

    expect(ended).toMatchObject({ state: "completed", redirected: 1, created: 3, hosts: ["docs.example.com"] });
    expect(outcomes).toMatchObject({ [`${SITE}/`]: "redirected", "https://docs.example.com/a": "created" });
  });

  test("leaves a redirect of a deep page to another host, and one of its start page to another domain", async () => {
    const deep = await crawl({
      [`${SITE}/`]: page("/away"),
      [`${SITE}/away`]: redirect("https://docs.example.com/"),
    });
    const start = await crawl({ "https://a.github.io/": redirect("https://b.github.io/") }, {}, "https://a.github.io/");

    expect(deep.outcomes).toEqual({ [`${SITE}/`]: "created", [`${SITE}/away`]: "scope" });
    expect(start.crawl).toMatchObject({ state: "failed", endReason: "scope", skipped: 1 });
    expect(start.crawl.lastError).toEqual({
      code: "scope",
      message: "Redirects to https://b.github.io/",
      url: "https://a.github.io/",
    });
  });

  test("follows ten redirects in a row, and names the way of an eleventh", async () => {
    const hops = (length: number) =>
      Object.fromEntries(Array.from({ length }, (_, n) => [`${SITE}/${n}`, redirect(`/${n + 1}`)]));

    const ten = await crawl({ [`${SITE}/`]: page("/0"), ...hops(10), [`${SITE}/10`]: text("Here") });
    await forget();
    const eleven = await crawl({ [`${SITE}/`]: page("/0"), ...hops(11), [`${SITE}/11`]: text("Here") });

    expect(ten.outcomes[`${SITE}/10`]).toBe("created");
    expect(eleven.outcomes[`${SITE}/10`]).toBe("too_many_redirects");
    expect(eleven.crawl.lastError?.message).toStartWith("More than 10 redirects: https://example.com/0 → ");
    expect(eleven.outcomes[`${SITE}/11`]).toBeUndefined();
  });

  test("names a loop of redirects, and one of a page to itself", async () => {
    const { outcomes, crawl: ended } = await crawl({
      [`${SITE}/`]: page("/round", "/self"),
      [`${SITE}/round`]: redirect("/round2"),
      [`${SITE}/round2`]: redirect("/round"),
      [`${SITE}/self`]: redirect("/self?utm_source=loop"),
    });

    expect(outcomes).toMatchObject({ [`${SITE}/round2`]: "redirect_loop", [`${SITE}/self`]: "redirect_loop" });
    expect(ended.byFailure).toEqual({ redirect_loop: 2 });
  });

  test("leaves a redirect to what is no web page's URL", async () => {
    const { outcomes } = await crawl({ [`${SITE}/`]: page("/mail"), [`${SITE}/mail`]: redirect("mailto:a@b.example") });

    expect(outcomes[`${SITE}/mail`]).toBe("bad_url");
  });
});
