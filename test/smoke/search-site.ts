export type SearchedSite = {
  origin: string /** Has one page say something else. */;
  change(): void;
  stop(): Promise<void>;
};

const LOCKS = `<p>An advisory lock is held by a session until it ends, and the database does not enforce its use.</p>
<h2 id="functions">Functions</h2>
<p>Call <code>pg_advisory_lock(key)</code> to take one; in the browser, <code>document.getElementById</code>.</p>`;

/** Language, title and content by path. */
const PAGES: Record<string, readonly [string, string, string]> = {
  "/": ["en", "Orchard", "<p>Orchard is a database that keeps trees in order, and answers questions about them.</p>"],
  "/locks": ["en", "Advisory locks", LOCKS],
  "/grazing": ["en", "Grazing", "<p>The zebras are grazing between the apple trees, and eat quinces in winter.</p>"],
  "/de": ["de", "Straßenbäume", "<p>Die Bäume an der Straße wachsen langsam, und Äpfel fallen im Herbst.</p>"],
  "/ja": ["ja", "ロック", "<p>セッションが終了するまでロックは保持されます。全文検索も使えます。</p>"],
  "/th": ["th", "ล็อกที่ปรึกษา", "<p>ฐานข้อมูลไม่บังคับการใช้งาน ต้นไม้เติบโตในสวน</p>"],
};

/** What `/grazing` says after the change. */
const CHANGED = "<p>The giraffes are grazing between the apple trees, and eat quinces in winter.</p>";

/** A website on loopback in a few languages. */
export function serveSearchedSite(): SearchedSite {
  let isChanged = false;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      const page = PAGES[pathname];
      if (!page) return new Response("There is none", { status: 404 });
      const [language, title, content] = page;
      const shown = pathname === "/grazing" && isChanged ? CHANGED : content;
      return new Response(writePage(language, title, shown), {
        headers: { "content-type": "text/html; charset=utf-8" },
      });
    },
  });
  return {
    origin: server.url.origin,
    change: () => {
      isChanged = true;
    },
    stop: () => server.stop(true),
  };
}

function writePage(language: string, title: string, content: string): string {
  const links = Object.entries(PAGES).map(([path, [, name]]) => `<a href="${path}">${name}</a>`);
  return `<!doctype html><html lang="${language}"><head><title>${title}</title></head><body><nav>${links.join(" ")}</nav>
<main><h1>${title}</h1>${content}</main></body></html>`;
}
