import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const script = resolve(import.meta.dir, "../../.ci/update-dependencies.ts");
const folder = mkdtempSync(join(tmpdir(), "orbweaver-update-"));
let registry: ReturnType<typeof openRegistry>;
beforeAll(() => {
  registry = openRegistry();
});
afterAll(async () => {
  await registry.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

let count = 0;
/** A project with one dependency of either group, both a version behind. */
async function openProject(scripts: { check: string; test: string }) {
  const place = join(folder, String(count++));
  mkdirSync(place);
  const manifest = {
    ...{ name: "project", scripts, patchedDependencies: {} },
    ...{ dependencies: { one: "1.0.0" }, devDependencies: { two: "1.0.0" } },
  };
  writeFileSync(join(place, "package.json"), JSON.stringify(manifest, null, 2));
  writeFileSync(join(place, "bunfig.toml"), `[install]\nexact = true\nregistry = "${registry.url.href}"\n`);
  const run = async (...command: string[]) => {
    const child = Bun.spawn([process.execPath, ...command], {
      cwd: place,
      env: { PATH: process.env.PATH, HOME: place, TMPDIR: place, BUN_INSTALL_CACHE_DIR: join(place, "cache") },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: 60_000,
    });
    const [out, error] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { code: child.exitCode, out: out + error };
  };
  const installed = await run("install");
  if (installed.code !== 0) throw new Error(installed.out);
  const read = () => ["package.json", "bun.lock"].map((name) => readFileSync(join(place, name), "utf8"));
  const versions = () =>
    ["one", "two"].map(
      (name) => JSON.parse(readFileSync(join(place, "node_modules", name, "package.json"), "utf8")).version,
    );
  return { run, read, versions };
}

describe("the update of dependencies", () => {
  test("with --dry-run says what it would do and does nothing", async () => {
    const { run, read, versions } = await openProject({ check: "true", test: "true" });
    const before = read();

    const { code, out } = await run(script, "--dry-run");

    expect(code).toBe(0);
    expect(out).toContain("one 1.0.0 → 2.0.0 (dependencies)\ntwo 1.0.0 → 2.0.0 (devDependencies)\nNothing was changed");
    expect(read()).toEqual(before);
    expect(versions()).toEqual(["1.0.0", "1.0.0"]);
  });

  test("takes the latest versions when check and tests pass with them", async () => {
    const { run, versions } = await openProject({ check: "true", test: "true" });

    const { code, out } = await run(script);
    const again = await run(script);

    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringContaining("dependencies, then devDependencies"),
    });
    expect(versions()).toEqual(["2.0.0", "2.0.0"]);
    expect(again).toEqual({ code: 0, out: "All dependencies are up to date\n" });
  });

  test("tries the other order when the first fails", async () => {
    // The program's works only with the new one of its development.
    const check = `bun -e 'const v = (n) => require("./node_modules/" + n + "/package.json").version; process.exit(v("one") > v("two") ? 1 : 0)'`;
    const { run, versions } = await openProject({ check, test: "true" });

    const { code, out } = await run(script);

    expect(out).toContain("✗ bun run check ended with 1");
    expect(out).toContain("devDependencies, then dependencies");
    expect({ code, versions: versions() }).toEqual({ code: 0, versions: ["2.0.0", "2.0.0"] });
  });

  test("puts everything back when the tests fail either way", async () => {
    const { run, read, versions } = await openProject({ check: "true", test: "echo broken by it && false" });
    const before = read();

    const { code, out } = await run(script);

    expect(code).toBe(1);
    expect(out).toContain("broken by it");
    expect(out).toContain("Nothing could be updated; all is as it was");
    expect(read()).toEqual(before);
    expect(versions()).toEqual(["1.0.0", "1.0.0"]);
  });

  test("explains itself, and refuses what it does not know", async () => {
    const { run } = await openProject({ check: "true", test: "true" });

    expect(await run(script, "--help")).toMatchObject({ code: 0, out: expect.stringContaining("Usage: bun run") });
    expect((await run(script, "--all")).code).toBe(2);
  });
});

/** A registry with two versions of whatever is asked for. */
function openRegistry() {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const { pathname, origin } = new URL(request.url);
      const [, name = "", file] = pathname.split("/");
      if (file) return new Response(await pack(name, file));
      const versions = Object.fromEntries(
        ["1.0.0", "2.0.0"].map((version) => [
          version,
          { name, version, dist: { tarball: `${origin}/${name}/${version}` } },
        ]),
      );
      return Response.json({ name, "dist-tags": { latest: "2.0.0" }, versions });
    },
  });
}

async function pack(name: string, version: string): Promise<Uint8Array<ArrayBuffer>> {
  const archive = new Bun.Archive({ "package/package.json": JSON.stringify({ name, version }) }, { compress: "gzip" });
  return new Uint8Array(await archive.bytes());
}
