import type { App } from "../../../src/app.ts";
import { systemClock } from "../../../src/clock.ts";
import { readConfig } from "../../../src/config/config.ts";
import { createAddressPolicy } from "../../../src/fetch/address-policy.ts";
import { createNetworkFetch } from "../../../src/fetch/network.ts";
import type { Channel, ChannelFormat, SendContext } from "../../../src/notify/format.ts";
import type { Message, MessagePage } from "../../../src/notify/message.ts";
import { SAMPLE_MESSAGE } from "../../../src/notify/template-variables.ts";
import { createLog } from "../../../src/telemetry/log.ts";
import { SILENT } from "../../../src/telemetry/telemetry.ts";

export type Received = { path: string; headers: Headers; text: string; json: unknown };

/** A maker's server on loopback, and a way out that leads there whatever host of a maker is asked for. */
export function startReceiver() {
  const received: Received[] = [];
  let answer = () => new Response("ok");
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const url = new URL(request.url);
      const text = await request.text();
      received.push({ path: url.pathname + url.search, headers: request.headers, text, json: JSON.parse(text) });
      return answer();
    },
  });
  const network = createNetworkFetch({
    userAgent: "Orbweaver/test",
    policy: createAddressPolicy({ allow: ["127.0.0.0/8"] }),
    maxBytes: 1_000_000,
    timeouts: { connectMs: 30_000, headersMs: 30_000, totalMs: 30_000 },
    clock: systemClock,
  });
  const context: SendContext = {
    fetch: (request) => {
      const { pathname, search } = new URL(request.url);
      return network.fetch({ ...request, url: `http://127.0.0.1:${server.port}${pathname}${search}` });
    },
    ...{ config: readConfig({}, {}), clock: systemClock, telemetry: SILENT, userAgent: "Orbweaver/test" },
    log: createLog("error", systemClock, () => {}),
  } as Pick<App, keyof SendContext>;
  return {
    received,
    context,
    answerWith: (status: number, body: string | null = null, headers: Record<string, string> = {}) => {
      answer = () => new Response(body, { status, headers });
    },
    send: (format: ChannelFormat, target: unknown, message: Message, template: Channel["template"] = null) =>
      format.send(
        context,
        { id: "c1", kind: format.kind, template, target } as never,
        message,
        AbortSignal.timeout(60_000),
      ),
    stop: async () => {
      network.close();
      await server.stop(true);
    },
  };
}

/** A page whose texts try everything. */
export const HOSTILE =
  "<!channel> <@U123> @everyone <script>alert(1)</script> [click](https://evil.example) *b* _i_ `c` ```fence``` " +
  '<https://evil.example|bank> \u202eevil\u202c \u0007 \ud800 | # > - ~s~ </ul> & "q"';

/** Where all links to the service itself lead. */
export const LINKED = "https://orbweaver.example.com/prefix/api/v1/";

export const hostilePage = (index = 0): MessagePage => ({
  ...{ url: `https://docs.example.com/page-${index}?a=1&b=<c>|d`, title: HOSTILE, kind: "changed", share: 0.5 },
  added: Array.from({ length: 10 }, () => HOSTILE.repeat(3)),
  removed: Array.from({ length: 10 }, () => HOSTILE.repeat(3)),
  explanation: HOSTILE.repeat(4),
  at: "2026-01-31T12:00:00.000Z",
  links: { change: `${LINKED}changes/${index}/diff?format=html&view=side_by_side` },
});

export const hostileMessage = (pages: number): Message => ({
  ...SAMPLE_MESSAGE,
  title: HOSTILE,
  summary: HOSTILE,
  website: { id: "w", name: HOSTILE, url: "https://docs.example.com/" },
  pages: Array.from({ length: pages }, (_, index) => hostilePage(index)),
  links: { report: `${LINKED}websites/1/diff?from=2026-01-31T12%3A00%3A00.000Z&format=markdown` },
  isDigest: pages > 1,
  more: 5,
});
