import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dir, "..");

/** A part of `src` (folder or file) may import itself and what stands before it. */
const LAYERS =
  "errors clock version pulse config telemetry closing cache content db jobs fetch patterns access websites pages changes passages embeddings search llms indexing notify revisits crawl schedules retention export instances health mcp api background app cli main".split(
    " ",
  );

/** Scripts of the repository that the program does not consist of. */
const SCRIPTS = new Set(["src/build.ts", "src/build-options.ts", "src/db/drizzle-kit.ts"]);

type Source = { path: string; lines: string[]; code: string };

const sources = sourcesOf("src");
const program = sources.filter(({ path }) => !SCRIPTS.has(path));

test("imports go down the layers only, but for the type of the app", () => {
  const violations = program.flatMap((source) =>
    importsOf(source).flatMap(({ line, specifier, isTypeOnly }) => {
      if (!specifier.startsWith(".")) return [];
      const target = relative(root, resolve(root, source.path, "..", specifier));
      if (isTypeOnly && target === "src/app.ts") return [];
      const [from, to] = [LAYERS.indexOf(layerOf(source.path)), LAYERS.indexOf(layerOf(target))];
      if (target.startsWith("src/") && to !== -1 && to <= from) return [];
      return target === "package.json" || target.startsWith("node_modules/")
        ? []
        : [`${source.path}:${line} imports ${target}`];
    }),
  );

  expect(violations).toEqual([]);
});

test("every part of src has a place in the order of layers", () => {
  const unknown = program.filter(({ path }) => !path.endsWith(".d.ts") && !LAYERS.includes(layerOf(path)));

  expect(unknown.map(({ path }) => path)).toEqual([]);
});

test("relative imports name the file in full", () => {
  const violations = sources.flatMap((source) =>
    importsOf(source).flatMap(({ line, specifier }) =>
      specifier.startsWith(".") && basename(specifier).split(".").length < 2
        ? [`${source.path}:${line} ${specifier}`]
        : [],
    ),
  );

  expect(violations).toEqual([]);
});

test("no file has more than 400 lines", () => {
  const long = [...sources, ...sourcesOf("test")].filter(({ lines }) => lines.length > 400);

  expect(long.map(({ path, lines }) => `${path} has ${lines.length}`)).toEqual([]);
});

test("files say what they own: none only passes on others, and none has a name that fits anything", () => {
  const vague = /(?:^|-)(?:index|utils?|helpers?|common|manager|service|misc|shared)(?:\.macro)?\.ts$/;
  const declares =
    /^(?:export )?(?:declare |abstract )?(?:async )?(?:function|const|let|class|type|interface|module)\b/m;
  const violations = sources.filter(({ path, code }) => {
    const isBarrel = /^export \*/m.test(code) || (/^export .*from "/m.test(code) && !declares.test(code));
    return isBarrel || vague.test(basename(path));
  });

  expect(violations.map(({ path }) => path)).toEqual([]);
});

describe("what only one place may do", () => {
  const rules: [string, RegExp, RegExp][] = [
    ["the time is asked for in clock.ts", /\bDate\.now\(|\bnew Date\(\)/, /^src\/(?:clock|build)\.ts$/],
    [
      "the environment is read in config",
      /\b(?:process|Bun|import\.meta)\.env\b/,
      /^src\/(?:config\/.*|build(?:-options)?\.ts)$/,
    ],
    ["the console is written to by commands", /\bconsole\./, /^src\/(?:cli\/.*|main|build)\.ts$/],
    ["nothing is exported by default", /^\s*export default\b/, /^src\/db\/drizzle-kit\.ts$|\.d\.ts$/],
    ["the process is ended by commands", /\bprocess\.exit\(/, /^src\/(?:cli\/.*|main|build)\.ts$/],
  ];

  for (const [rule, pattern, where] of rules)
    test(rule, () => {
      expect(
        find(
          sources.filter(({ path }) => !where.test(path)),
          pattern,
        ),
      ).toEqual([]);
    });
});

test("the rules see what they look for", () => {
  const source = toSource(
    "src/db/example.ts",
    'import {\n  a,\n} from "../api/a.ts";\n// new Date()\nconst b = new Date();\n',
  );

  expect(importsOf(source)).toEqual([{ line: 1, specifier: "../api/a.ts", isTypeOnly: false }]);
  expect(importsOf(toSource("a.ts", 'const c = await import("./c.ts");\nimport type { D } from "./d.ts";'))).toEqual([
    { line: 1, specifier: "./c.ts", isTypeOnly: false },
    { line: 2, specifier: "./d.ts", isTypeOnly: true },
  ]);
  expect(find([source], /new Date\(\)/)).toEqual(["src/db/example.ts:5 const b = new Date();"]);
  expect(layerOf("src/db/example.ts")).toBe("db");
  expect(layerOf("src/version.macro.ts")).toBe("version");
});

function sourcesOf(folder: string): Source[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((name) => toSource(join(folder, name), readFileSync(join(root, folder, name), "utf8")));
}

function toSource(path: string, text: string): Source {
  const lines = text.trimEnd().split("\n");
  const code = lines.map((line) => (/^\s*(?:\/\/|\/?\*)/.test(line) ? "" : line.replace(/\s\/\/ .*$/, ""))).join("\n");
  return { path, lines, code };
}

function layerOf(path: string): string {
  return (path.split("/")[1] ?? "").replace(/(?:\.macro)?\.ts$/, "");
}

function importsOf({ code }: Source) {
  const pattern = /\b(?:import|export)\s+(type\s)?[^;"'()]*?from\s+"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/g;
  return [...code.matchAll(pattern)].map(({ index, 1: type, 2: from, 3: bare }) => ({
    line: code.slice(0, index).split("\n").length,
    specifier: from ?? bare ?? "",
    isTypeOnly: type !== undefined,
  }));
}

function find(among: Source[], pattern: RegExp): string[] {
  return among.flatMap(({ path, code }) =>
    code.split("\n").flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1} ${line.trim()}`] : [])),
  );
}
