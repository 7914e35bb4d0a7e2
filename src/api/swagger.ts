import { swagger } from "@elysiajs/swagger";
import { Elysia } from "elysia";
import icon from "swagger-ui-dist/favicon-32x32.png" with { type: "file" };
import styles from "swagger-ui-dist/swagger-ui.css" with { type: "file" };
import script from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" };
import { DOCUMENTATION, type OpenApiDocument, refineDocument } from "./openapi.ts";

const PATH = "/swagger";
const DOCUMENT_PATH = "/swagger/json";

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Orbweaver API</title>
<link rel="icon" type="image/png" href="/swagger/icon.png">
<link rel="stylesheet" href="/swagger/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/swagger/swagger-ui.js"></script>
<script src="/swagger/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({
  url: "/swagger/json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
`;

/** Swagger UI writes style attributes and has its icons in data URLs; nothing comes from elsewhere. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * The API's description for programs, and Swagger UI for people, all of it from inside the program. The plugin describes
 * the routes; its page gives way to ours, since it loads Swagger UI from elsewhere.
 */
export const swaggerPages = () => {
  let document: OpenApiDocument | undefined;
  // By route rather than by path, which may end with a slash.
  return (
    new Elysia({ detail: { hide: true } })
      .onBeforeHandle(({ route }) => {
        if (route === PATH) return answer(PAGE, "text/html; charset=utf-8", { "content-security-policy": POLICY });
      })
      .onAfterHandle(({ route, responseValue }) => {
        if (route !== DOCUMENT_PATH) return;
        document ??= refineDocument(responseValue as OpenApiDocument);
        return document;
      })
      // Feeds are no files, for all the dots in their names.
      .use(
        swagger({
          ...{ path: PATH, specPath: DOCUMENT_PATH, provider: "swagger-ui", documentation: DOCUMENTATION },
          excludeStaticFile: false,
        }),
      )
      .get("/", ({ redirect }) => redirect(PATH, 302))
      .get("/swagger/start.js", () => answer(START, "text/javascript; charset=utf-8"))
      .get("/swagger/swagger-ui.js", () => answer(Bun.file(script), "text/javascript; charset=utf-8"))
      .get("/swagger/swagger-ui.css", () => answer(Bun.file(styles), "text/css; charset=utf-8"))
      .get("/swagger/icon.png", () => answer(Bun.file(icon), "image/png"))
  );
};

function answer(body: string | Blob, type: string, headers: Record<string, string> = {}): Response {
  return new Response(body, { headers: { "content-type": type, "cache-control": "no-cache", ...headers } });
}
