import { existsSync } from "node:fs";
import { chmod, chown, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createSite } from "../site.ts";
import type { Step } from "./all.ts";
import { check, run, runWell, startService } from "./process.ts";

/** The uid of `nonroot` in the image. */
const NONROOT = 65_532;

const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

/**
 * What the final image holds, and no more: the executable, the libraries it links, certificates, the user, /tmp and
 * /data, under a root that is mounted read-only and run without privileges, in mount and process namespaces of its own.
 */
export function chrootSteps(binary: string): Step[] {
  const skip = process.getuid?.() === 0 && process.platform === "linux" ? undefined : "it takes root on Linux";
  return [
    {
      name: "the image's content alone serves and crawls, as nobody, on a read-only root",
      skip,
      run: async () => {
        const folder = await mkdtemp(join(tmpdir(), "orbweaver-root-"));
        try {
          await fill(folder, binary);
          const inside = (...command: string[]) => [...enter(folder), ...command];
          const env = { HOST: "127.0.0.1", DATA_DIR: "/data", PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

          const service = await startService(inside("/orbweaver", "serve"), "/", env);
          const health = await run(inside("/orbweaver", "health"), "/", { ...env, PORT: service.port });
          const code = await service.stop();
          const crawl = ["crawl", "/site", "--base-url", "https://docs.example.org", "--out", "/data/out", "--quiet"];
          await runWell(inside("/orbweaver", ...crawl, "--data", "/data/crawl", "--delay", "0"), "/", env);
          const files = await readdir(join(folder, "data/out"), { recursive: true });
          const readOnly = await run(inside("/orbweaver", "migrate", "--data", "/elsewhere"), "/", env);

          check(health.code === 0, `health said ${health.stderr || health.stdout}`);
          check(code === 0, `the service ended with ${code}\n${service.output()}`);
          check(files.filter((name) => name.endsWith(".md")).length === 30, `the crawl left ${files.join(", ")}`);
          check(readOnly.code !== 0, "the root could be written");
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      },
    },
  ];
}

async function fill(root: string, binary: string): Promise<void> {
  for (const name of ["proc", "dev", "tmp", "data", "etc/ssl/certs", "site"])
    await mkdir(join(root, name), { recursive: true });
  await copyFile(binary, join(root, "orbweaver"));
  await chmod(join(root, "orbweaver"), 0o755);
  const { stdout } = await runWell(["/usr/bin/ldd", binary], "/", { PATH: "/usr/bin:/bin" });
  for (const [, library = ""] of stdout.matchAll(/(\/\S+) \(0x/g)) {
    await mkdir(dirname(join(root, library)), { recursive: true });
    await copyFile(library, join(root, library));
    await chmod(join(root, library), 0o755);
  }
  if (existsSync(CERTIFICATES)) await copyFile(CERTIFICATES, join(root, CERTIFICATES));
  await writeFile(join(root, "etc/passwd"), `nonroot:x:${NONROOT}:${NONROOT}:nonroot:/:/sbin/nologin\n`);
  for (const device of ["null", "urandom"]) await writeFile(join(root, "dev", device), "");
  await chown(join(root, "data"), NONROOT, NONROOT);
  await chmod(join(root, "tmp"), 0o1777);
  await createSite({ pages: 30 }).writeTo(join(root, "site"));
  // The temporary folder is made for its owner alone.
  await chmod(root, 0o755);
}

function enter(root: string): string[] {
  const mounts = [
    `mount --bind ${root} ${root}`,
    `mount --bind ${root}/data ${root}/data`,
    `mount -o remount,bind,ro ${root}`,
    `mount -t tmpfs -o mode=1777 tmpfs ${root}/tmp`,
    `mount -t proc proc ${root}/proc`,
    `mount --bind /dev/null ${root}/dev/null`,
    `mount --bind /dev/urandom ${root}/dev/urandom`,
    `exec chroot --userspec=${NONROOT}:${NONROOT} --groups= ${root} "$@"`,
  ];
  return ["/usr/bin/unshare", "--mount", "/bin/sh", "-ec", mounts.join("\n"), "sh"];
}
