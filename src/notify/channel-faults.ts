import { Value } from "@sinclair/typebox/value";
import type { Config } from "../config/settings.ts";
import type { ChannelFilter, ChannelKind, ChannelTiming } from "../db/schema/notifications.ts";
import { AppError, type Fault } from "../errors.ts";
import { compilePattern } from "../patterns/pattern.ts";
import { compileTextPattern } from "../patterns/text-pattern.ts";
import { HIDDEN } from "../telemetry/redaction.ts";
import { findZoneFault } from "./digest-time.ts";
import { formatOf } from "./formats.ts";
import { findSecretFault } from "./signature.ts";

type Target = Record<string, unknown>;
type Given = {
  kind: ChannelKind;
  target?: Target | undefined;
  filter?: ChannelFilter | undefined;
  timing?: Pick<ChannelTiming, "timeZone"> | undefined;
  secret?: string | undefined;
  template?: Record<string, string> | null | undefined;
};

/** @throws AppError `invalid` with each fault at its field of the API */
export async function checkChannel(given: Given, config: Config): Promise<void> {
  const { kind, target, filter, timing, secret, template } = given;
  const zone = timing && findZoneFault(timing.timeZone);
  const faults: Fault[] = [
    ...(target ? findTargetFaults(kind, target, config) : []),
    ...(filter ? findFilterFaults(filter) : []),
    ...(zone ? [{ at: "/timing/time_zone", message: zone }] : []),
    ...(secret === undefined ? [] : findSecretFaults(kind, secret)),
  ];
  const message = faults.map(({ at, message }) => `${at} ${message}`).join("; ");
  if (faults.length > 0) throw new AppError("invalid", message, { faults });
  if (!template) return;
  // With its engine, which few need.
  const { checkTemplate } = await import("./template.ts");
  await checkTemplate(kind, template);
}

function findTargetFaults(kind: ChannelKind, target: Target, config: Config): Fault[] {
  const format = formatOf(kind);
  const misfits = [...Value.Errors(format.target, target)];
  const places = new Map(misfits.map(({ path, message }) => [`/target${path}`, message]));
  if (places.size > 0) return [...places].map(([at, message]) => ({ at, message }));
  if (JSON.stringify(target).includes(HIDDEN))
    return [{ at: "/target", message: "is without its secrets, as it is shown: give all of it, or leave target out" }];
  const faults = format.check?.(target, { config }) ?? [];
  return faults.map(({ at, message }) => ({ at: `/target${at}`, message }));
}

function findSecretFaults(kind: ChannelKind, secret: string): Fault[] {
  if (kind !== "webhook") return [{ at: "/secret", message: "is for webhooks alone" }];
  const message = findSecretFault(secret);
  return message === undefined ? [] : [{ at: "/secret", message }];
}

function findFilterFaults({ include = [], exclude = [], triggerText = [] }: ChannelFilter): Fault[] {
  const faultsIn = (name: string, texts: readonly string[], compile: (text: string) => unknown) =>
    texts.flatMap((text, index) => {
      const message = faultOf(() => compile(text));
      return message === undefined ? [] : [{ at: `/filter/${name}/${index}`, message }];
    });
  return [
    ...faultsIn("include", include, compilePattern),
    ...faultsIn("exclude", exclude, compilePattern),
    ...faultsIn("trigger_text", triggerText, compileTextPattern),
  ];
}

function faultOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}
