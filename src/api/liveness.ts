import type { Gateway } from "./gateway.ts";
import { requestIdOf, SECURITY_HEADERS } from "./requests.ts";

/** The path of the probe that asks whether the process is alive. */
const PATH = "/health";

const BODY = JSON.stringify({ status: "ok" });

/** Made once: copying them is a third of the price of reading them from an object. */
const HEADERS = new Headers({
  ...SECURITY_HEADERS,
  "content-type": "application/json;charset=utf-8",
  vary: "Origin, Accept-Encoding",
});

/**
 * Answers `GET /health` ahead of everything else: a probe comes every few seconds from every side, wants one word, and
 * must hear it even when all that follows is busy. Pages of other origins take the long way, which knows CORS.
 */
export function answerLiveness(handle: Gateway): Gateway {
  return (request, server) => {
    const { method, url, headers } = request;
    if (method !== "GET" || !url.endsWith(PATH) || !isWholePath(url) || headers.has("origin")) {
      return handle(request, server);
    }
    const answer = new Response(BODY, { headers: HEADERS });
    answer.headers.set("x-request-id", requestIdOf(request));
    return answer;
  };
}

/** Whether the path that a URL ends with is all of its path. */
function isWholePath(url: string): boolean {
  return url.indexOf("/", url.indexOf("//") + 2) === url.length - PATH.length;
}
