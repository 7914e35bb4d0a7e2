import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../src/errors.ts";
import { describeWriteFailure, openOutputFolder } from "../../src/export/output-folder.ts";

const scratch = mkdtempSync(join(tmpdir(), "orbweaver-output-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("a folder that can't be written is named", () => {
  test("when a file is in its place, or in the way to it", async () => {
    writeFileSync(join(scratch, "file"), "mine");

    await expect(openOutputFolder(join(scratch, "file"))).rejects.toThrow(
      `${scratch}/file can't be written: a file is in its place`,
    );
    await expect(openOutputFolder(join(scratch, "file/sub"))).rejects.toThrow(
      `${scratch}/file/sub can't be written: a part of the path is a file`,
    );
    expect(readFileSync(join(scratch, "file"), "utf8")).toBe("mine");
  });

  test("when a page's folder is a file, or its file a folder", async () => {
    const root = join(scratch, "in-the-way");
    mkdirSync(join(root, "b.md"), { recursive: true });
    writeFileSync(join(root, "a"), "mine");
    const folder = await openOutputFolder(root);

    await expect(folder.write("a/b.md", "text")).rejects.toThrow(`${root}/a is a file where a folder is needed`);
    await expect(folder.write("b.md", "text")).rejects.toThrow(
      `${root}/b.md can't be written: a folder is in its place`,
    );
    expect(folder.findOwner("b.md")).toBe("other");
  });

  test.each([
    ["ENOSPC", "the disk is full"],
    ["EDQUOT", "the disk quota is used up"],
    ["EACCES", "permission is denied"],
    ["EROFS", "read-only"],
  ])("when the system answers %s", (code, words) => {
    const described = describeWriteFailure(Object.assign(new Error(code), { code }), "/out/a.md") as AppError;

    expect(described).toBeInstanceOf(AppError);
    expect(described).toMatchObject({ reason: "unavailable", code: "write" });
    expect(described.message).toStartWith("/out/a.md can't be written: ");
    expect(described.message).toContain(words);
  });

  test("an error that no file system made stays as it is", () => {
    const error = new TypeError("a bug");

    expect(describeWriteFailure(error, "/out")).toBe(error);
  });
});

test("what a killed process left unfinished is removed, a living one's is not", async () => {
  const root = join(scratch, "unfinished");
  mkdirSync(root);
  const dead = Bun.spawn(["true"]);
  await dead.exited;
  writeFileSync(join(root, `.orbweaver-unfinished-${dead.pid}-0`), "half");
  writeFileSync(join(root, `.orbweaver-unfinished-${process.ppid}-0`), "half");

  await openOutputFolder(root);

  expect(readdirSync(root)).toEqual([`.orbweaver-unfinished-${process.ppid}-0`]);
});

// A file system of its own, gone with the process; where the system does not allow one this can't be shown.
const canMount = Bun.spawnSync(["unshare", "-m", "true"]).exitCode === 0;

test.skipIf(!canMount)("a full disk is named, and leaves the old file whole and nothing half-written", async () => {
  const root = join(scratch, "full");
  mkdirSync(root);
  const script = `
    import { openOutputFolder } from "${import.meta.dir}/../../src/export/output-folder.ts";
    const folder = await openOutputFolder("${root}");
    await folder.write("a.md", "old");
    const error = await folder.write("a.md", "x".repeat(1_000_000)).catch((error) => error);
    const { readdirSync, readFileSync } = await import("node:fs");
    console.log(JSON.stringify({ message: error.message, files: readdirSync("${root}"), old: readFileSync("${root}/a.md", "utf8") }));
  `;
  const command = `mount -t tmpfs -o size=64k tmpfs ${root} && exec ${process.execPath} -e '${script}'`;

  const output = (await new Response(Bun.spawn(["unshare", "-m", "sh", "-c", command]).stdout).json()) as {
    message: string;
    files: string[];
    old: string;
  };

  expect(output.message).toStartWith(`${root}/a.md can't be written: the disk is full`);
  expect(output.files).toEqual(["a.md"]);
  expect(output.old).toBe("old");
  expect(existsSync(join(root, "a.md"))).toBe(false);
});
