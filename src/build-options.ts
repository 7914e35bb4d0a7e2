import type { BunPlugin } from "bun";

/** How the executable is made; the bench compiles the bare servers that it compares with in the same way. */
export const BUILD_OPTIONS = {
  plugins: [leaveOut()],
  target: "bun",
  format: "esm",
  bytecode: true,
  minify: true,
  splitting: true,
  sourcemap: "inline",
  define: { "process.env.NODE_ENV": '"production"' },
} as const satisfies Omit<Bun.BuildConfig, "entrypoints">;

export const COMPILE_OPTIONS = {
  // A third less memory at the peak of a crawl, for a hundredth more CPU time.
  execArgv: ["--smol"],
  // Else the executable would read settings, and a script to preload, from whatever folder it is started in.
  autoloadDotenv: false,
  autoloadBunfig: false,
} satisfies Partial<Bun.CompileBuildOptions>;

/**
 * What the job queue loads and we never use: a driver, since it asks over our own connections, and calendars, since
 * schedules are ours. Five megabytes of each process, and ten milliseconds of its start.
 */
const UNUSED = /^(pg|cron-parser|rrule-temporal)$/;

/** Whoever used them all the same would find that they are `undefined`. */
const NOTHING = "export default {}; export const CronExpressionParser = undefined, RRuleTemporal = undefined;";

function leaveOut(): BunPlugin {
  return {
    name: "leave out",
    setup: (build) => {
      build.onResolve({ filter: UNUSED }, ({ path }) => ({ path, namespace: "unused" }));
      build.onLoad({ filter: UNUSED, namespace: "unused" }, () => ({ contents: NOTHING, loader: "js" }));
    },
  };
}
