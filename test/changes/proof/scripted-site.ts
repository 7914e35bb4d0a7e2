import { type PageModel, renderPage } from "./page-model.ts";

/** What a path answers instead of its page, or of none. */
export type Special = { status: number; location?: string; html?: string } | "hang";

/** The site in one visit. */
export type SiteState = {
  pages: Map<string, PageModel>;
  specials: Map<string, Special>;
  /** What the whole site answers, if not its pages. */
  outage?: Special | "refused";
  /** Pages that navigation does not lead to. */
  unlinked: Set<string>;
  /** Pages that the sitemap names, with the day of their last change. */
  sitemap: Map<string, string>;
  /** Pages whose answers have validators. */
  validators: Map<string, "etag" | "last-modified">;
};

export type ScriptedSite = {
  origin: string;
  /** Shows the site as it is in a visit. */
  show(state: SiteState, visit: number): Promise<void>;
  /** Requests since the last was shown, by path. */
  readonly requests: Map<string, number>;
  stop(): Promise<void>;
};

/** Serves one state of the site after the other on a socket of its own. */
export function serveScriptedSite(): ScriptedSite {
  let state: SiteState | undefined;
  let visit = 0;
  const requests = new Map<string, number>();
  const listen = (port = 0) => Bun.serve({ port, hostname: "127.0.0.1", idleTimeout: 0, fetch: answer });
  let server = listen();
  const { origin, port } = server.url;
  let isListening = true;

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    requests.set(pathname, (requests.get(pathname) ?? 0) + 1);
    if (!state) return new Response("Not ready", { status: 500 });
    if (pathname === "/robots.txt") return new Response(`Sitemap: ${origin}/sitemap.xml\n`);
    if (pathname === "/sitemap.xml")
      return new Response(writeSitemap(state), { headers: { "content-type": "text/xml" } });
    const special = state.outage === "refused" ? undefined : (state.outage ?? state.specials.get(pathname));
    if (special) return answerSpecially(special);
    const page = state.pages.get(pathname);
    if (!page)
      return new Response("<!doctype html><title>Not found</title><h1>Not found</h1>", { status: 404, headers: HTML });
    const links = [...state.pages.keys()].filter((path) => !state?.unlinked.has(path));
    return withValidator(request, renderPage(page, visit, links), state.validators.get(pathname), [page, links]);
  }

  function writeSitemap({ sitemap }: SiteState): string {
    const urls = [...sitemap].map(([path, day]) => `<url><loc>${origin}${path}</loc><lastmod>${day}</lastmod></url>`);
    return `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${urls.join("")}</urlset>`;
  }

  return {
    origin,
    requests,
    show: async (next, at) => {
      const isRefused = next.outage === "refused";
      if (isRefused) await server.stop(true);
      else if (!isListening) server = listen(Number(port));
      isListening = !isRefused;
      state = next;
      visit = at;
      requests.clear();
    },
    stop: () => server.stop(true),
  };
}

const HTML = { "content-type": "text/html; charset=utf-8" };

async function answerSpecially(special: Special): Promise<Response> {
  if (special === "hang") return new Promise(() => {});
  const { status, location, html = "" } = special;
  return new Response(html, { status, headers: { ...HTML, ...(location && { location }) } });
}

/** By what its editors wrote, as a content management system does it. */
function withValidator(
  request: Request,
  html: string,
  validator: "etag" | "last-modified" | undefined,
  model: unknown,
): Response {
  if (!validator) return new Response(html, { headers: HTML });
  const digest = Bun.hash(JSON.stringify(model));
  const etag = `"${digest.toString(36)}"`;
  const day = new Date(Date.UTC(2026, 0, 1) + Number(digest % 10_000_000n) * 1_000).toUTCString();
  const isKnown =
    validator === "etag"
      ? request.headers.get("if-none-match") === etag
      : request.headers.get("if-modified-since") === day;
  const headers = validator === "etag" ? { etag } : { "last-modified": day };
  return isKnown
    ? new Response(null, { status: 304, headers })
    : new Response(html, { headers: { ...HTML, ...headers } });
}
