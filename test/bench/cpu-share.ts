import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type CpuShare = Disposable & {
  /** Puts a process with all its threads under a limit of its own. */
  hold(pid: number): void;
};

const ROOT = "/sys/fs/cgroup";

/** Short, so that what waits for its turn does not wait long. */
const PERIOD_US = 20_000;

/**
 * Gives each process that it holds so much of a core, as if it had a small machine to itself; `undefined` where the
 * system does not let us. Processes must have ended before it is disposed of.
 */
export function createCpuShare(share: number): CpuShare | undefined {
  const isFirstVersion = existsSync(join(ROOT, "cpu"));
  const folders: string[] = [];
  const quotaUs = Math.round(PERIOD_US * share);
  const make = (name: string) => {
    const folder = join(ROOT, isFirstVersion ? "cpu" : "", `orbweaver-bench-${process.pid}-${name}`);
    mkdirSync(folder);
    folders.push(folder);
    if (isFirstVersion) {
      writeFileSync(join(folder, "cpu.cfs_period_us"), `${PERIOD_US}`);
      writeFileSync(join(folder, "cpu.cfs_quota_us"), `${quotaUs}`);
    } else writeFileSync(join(folder, "cpu.max"), `${quotaUs} ${PERIOD_US}`);
    return folder;
  };
  const dispose = () => {
    for (const folder of folders.splice(0)) rmdirSync(folder);
  };
  try {
    make("try");
  } catch {
    dispose();
    return undefined;
  }
  return {
    hold: (pid) => writeFileSync(join(make(`${pid}`), "cgroup.procs"), `${pid}`),
    [Symbol.dispose]: dispose,
  };
}
