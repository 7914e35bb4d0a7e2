import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { renderExample } from "../src/config/example.ts";
import { SETTINGS } from "../src/config/settings.ts";

const root = join(import.meta.dir, "..");
const read = (path: string) => Bun.file(join(root, path)).text();

type Service = {
  build?: unknown;
  image: string;
  restart?: string;
  read_only?: boolean;
  networks: string[];
  volumes?: string[];
  environment?: Record<string, string>;
  entrypoint?: string[];
  deploy?: { replicas?: number | string; resources?: { limits: Record<string, string | number> } };
  command?: string[];
  ports?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  profiles?: string[];
};
type Compose = {
  services: Record<string, Service>;
  networks: Record<string, unknown>;
  volumes: Record<string, unknown>;
};

test(".env.example is what `orbweaver config --example` prints, and explains what compose.yaml reads besides", async () => {
  const text = await read(".env.example");
  const variables = [...(await read("compose.yaml")).matchAll(/(?<!\$)\$\{([A-Z_]+)/g)].map(([, name]) => name ?? "");
  const ofCompose = [...new Set(variables)].filter((name) => !Object.hasOwn(SETTINGS, name));

  const [own, others] = text.split("\n# compose.yaml only:\n");
  const named = [...(others ?? "").matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name ?? "");

  expect(own).toBe(renderExample());
  expect(named.toSorted()).toEqual(ofCompose.toSorted());
});

test("bun run help tells of every script there is, in a line each", async () => {
  const { scripts } = JSON.parse(await read("package.json"));

  const help = Bun.spawnSync([process.execPath, ".ci/help.ts"], { cwd: root }).stdout.toString();
  const named = [...help.matchAll(/^ {2}(\S+) {2,}\S/gm)].map(([, name]) => name ?? "");

  expect(named.toSorted()).toEqual(Object.keys(scripts).toSorted());
});

test("compose.yaml is valid where it can be checked without an engine", async () => {
  const compose = Bun.YAML.parse(await read("compose.yaml")) as Compose;
  const { services } = compose;

  expect(Object.entries(services).map(([name, { profiles = [] }]) => [name, ...profiles])).toEqual([
    ["orbweaver"],
    ["prod", "prod"],
    ["api", "scale"],
    ["worker", "scale"],
    ["balancer", "scale"],
    ["dev", "dev"],
    ["postgres"],
    ["redis"],
    ["prometheus", "monitoring"],
    ["grafana", "monitoring"],
  ]);
  for (const [name, service] of Object.entries(services)) {
    for (const network of service.networks) expect(Object.keys(compose.networks)).toContain(network);
    for (const [needed, { condition }] of Object.entries(service.depends_on ?? {}))
      if (condition === "service_healthy") expect(services[needed]?.healthcheck).toBeDefined();
      else expect(Object.keys(services)).toContain(needed);
    for (const volume of service.volumes ?? [])
      if (volume.startsWith(".")) expect(existsSync(join(root, volume.split(":")[0] ?? ""))).toBe(true);
      else expect(Object.keys(compose.volumes)).toContain(volume.split(":")[0] ?? "");
    if (!service.build) expect(service.image).toMatch(/:[\w.-]*\d/);
    if (name === "dev") continue;
    expect(service.restart).toBe(name === "prod" ? "always" : "unless-stopped");
    expect(service.read_only).toBe(true);
  }
});

test("compose.yaml runs the service as in production within limits, and Grafana with no well-known password", async () => {
  const { services } = Bun.YAML.parse(await read("compose.yaml")) as Compose;
  const { prod, dev, grafana, orbweaver } = services;

  expect(prod?.environment).toEqual({ ...orbweaver?.environment, ENVIRONMENT: "production", AUTH: "on" });
  expect(Object.keys(prod?.deploy?.resources?.limits ?? {})).toEqual(["cpus", "memory", "pids"]);
  expect(dev?.environment?.AUTH).toBe("off");
  expect(grafana?.environment?.GF_SECURITY_ADMIN_PASSWORD).toBe("$" + "{GRAFANA_PASSWORD:-}");
  expect(grafana?.entrypoint?.at(-1)).toContain(":?set GRAFANA_PASSWORD");
});

test("compose.yaml runs the service as many processes, of which the balancer alone is reached from without", async () => {
  const { services } = Bun.YAML.parse(await read("compose.yaml")) as Compose;
  const { api, worker, balancer, prod } = services;
  const roles = [api, worker].map((service) => service?.command);
  const [, name, port] =
    /server-template api \d+ (\w+):(\d+) check/.exec(await read("src/instances/balancer.cfg")) ?? [];

  expect(roles).toEqual([
    ["serve", "--role", "api,scheduler"],
    ["worker", "--port", String(port)],
  ]);
  expect([api?.ports, worker?.ports]).toEqual([[], []]);
  expect([api?.deploy?.replicas, worker?.deploy?.replicas]).toEqual([2, "$" + "{WORKERS:-2}"]);
  expect(worker?.environment).toEqual({ ...prod?.environment });
  expect(api?.environment).toMatchObject({ ...prod?.environment, PORT: port });
  expect(name).toBe("api");
  expect(balancer?.ports).toHaveLength(1);
});

test("Prometheus asks the services for their metrics where they have them", async () => {
  const { services } = Bun.YAML.parse(await read("compose.yaml")) as Compose;
  const asked = Bun.YAML.parse(await read("src/telemetry/monitoring/prometheus.yaml")) as {
    scrape_configs: { dns_sd_configs: { names: string[]; port: number }[] }[];
  };
  const [{ names, port } = { names: [], port: 0 }] = asked.scrape_configs[0]?.dns_sd_configs ?? [];

  expect(names).toEqual(["orbweaver", "prod", "dev", "api", "worker"]);
  for (const name of names) {
    expect(services[name]?.environment?.METRICS_PORT).toBe(String(port));
    expect(services[name]?.networks).toContain("monitoring");
  }
});

test("the image, the lock file's tools and the machine's Bun are of one version", async () => {
  const dockerfile = await read("Dockerfile");
  const [, imageVersion] = /^FROM oven\/bun:(\S+) AS build$/m.exec(dockerfile) ?? [];
  const [, runVersion] = /^BUN_VERSION=(\S+)$/m.exec(await read(".ci/run")) ?? [];

  expect(imageVersion).toBe(runVersion);
  expect(Bun.semver.satisfies(imageVersion ?? "", JSON.parse(await read("package.json")).engines.bun)).toBe(true);
});

test("the image runs one binary as nobody in particular and needs no shell", async () => {
  const [, final = ""] = (await read("Dockerfile")).split(/^FROM gcr\.io\/distroless\/base-debian12:nonroot$/m);

  expect(final).toContain("\nUSER nonroot\n");
  expect(final).toContain('CMD ["/orbweaver", "health"]');
  expect(final).toContain('\nENTRYPOINT ["/orbweaver"]\n');
  expect(final).not.toMatch(/^RUN /m);
});

test("the build gets every file it copies", async () => {
  const kept = (await read(".dockerignore"))
    .split("\n")
    .flatMap((line) => (line.startsWith("!") ? [line.slice(1)] : []));
  const copied = [...(await read("Dockerfile")).matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, from]) =>
    (from ?? "").split(" "),
  );

  expect(copied.toSorted()).toEqual(kept.toSorted());
});
