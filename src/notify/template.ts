import type { ChannelKind } from "../db/schema/notifications.ts";
import { AppError, type Fault } from "../errors.ts";
import type { Log } from "../telemetry/log.ts";
import type { Message } from "./message.ts";
import type { CompiledTemplate, Language } from "./template-engine.ts";
import { TEMPLATE_LANGUAGES } from "./template-languages.ts";
import { BARE_MESSAGE, EXTRA_VARIABLES, SAMPLE_DIGEST, SAMPLE_MESSAGE, toVariables } from "./template-variables.ts";

/** Own words in place of those of the kind, by part. */
export type MessageTemplate = Record<string, string>;

/** Paths whose members differ from event to event: what follows them is not checked. */
const OPEN = ["payload", "links"];

/**
 * Whether each part can be read, names only what there is, and renders a sample.
 * @throws AppError `invalid` with a fault for each bad part, which says the line
 */
export async function checkTemplate(kind: ChannelKind, template: MessageTemplate): Promise<void> {
  const faults: Fault[] = [];
  for (const [part, source] of Object.entries(template)) {
    const fault = await findFault(kind, part, source);
    if (fault !== undefined) faults.push({ at: `/template/${part}`, message: fault });
  }
  const [first] = faults;
  if (first) throw new AppError("invalid", `${first.at.slice(1)}: ${first.message}`, { faults });
}

/**
 * The parts of a message in a channel's own words; none where it has no template. One that was saved may fail later for
 * what a message holds: it is left out then and the log says so, since the message matters more than its words.
 */
export async function renderTemplate(
  { kind, template, id }: { kind: ChannelKind; template: MessageTemplate | null; id: string },
  message: Message,
  log: Log,
  extra: Record<string, unknown> = {},
): Promise<MessageTemplate> {
  const rendered: MessageTemplate = {};
  for (const [part, source] of Object.entries(template ?? {})) {
    try {
      rendered[part] = await renderPart(kind, part, source, { ...toVariables(message), ...extra }, false);
    } catch (error) {
      log.warn("template failed", { channelId: id, part, eventId: message.event.id, error: (error as Error).message });
    }
  }
  return rendered;
}

/**
 * Renders all parts of a template that may not be saved yet.
 * @throws AppError `invalid`, as `checkTemplate`; also when it fails for this very message
 */
export async function previewTemplate(
  kind: ChannelKind,
  template: MessageTemplate,
  message: Message,
): Promise<MessageTemplate> {
  await checkTemplate(kind, template);
  const rendered: MessageTemplate = {};
  for (const [part, source] of Object.entries(template)) {
    try {
      rendered[part] = await renderPart(
        kind,
        part,
        source,
        { ...toVariables(message), ...sampleExtras(kind, part) },
        false,
      );
    } catch (error) {
      const fault = { at: `/template/${part}`, message: (error as Error).message };
      throw new AppError("invalid", `template/${part}: ${fault.message}`, { faults: [fault], cause: error });
    }
  }
  return rendered;
}

async function findFault(kind: ChannelKind, part: string, source: string): Promise<string | undefined> {
  const language = findLanguage(kind, part);
  if (!language) {
    const parts = Object.keys(TEMPLATE_LANGUAGES[kind]).join(", ");
    return `is no part of what a channel of the kind ${kind} is sent, which has ${parts}`;
  }
  if (source.trim() === "") return "is empty; leave it out for the usual words";
  const { TemplateFault } = await import("./template-engine.ts");
  try {
    const compiled = await compile(source, language);
    const variables = { ...toVariables(SAMPLE_MESSAGE), ...sampleExtras(kind, part) };
    const unknown = compiled.findGlobals().find(({ segments }) => !isThere(variables, segments));
    if (unknown) {
      const known = Object.keys(variables).join(", ");
      const name = unknown.segments.join(".");
      return `line ${unknown.line}, column ${unknown.column}: there is no ${name}; there are ${known} and what is in them`;
    }
    await renderPart(kind, part, source, variables, true);
    // Less is known of these, which is no fault of the template.
    for (const message of [SAMPLE_DIGEST, BARE_MESSAGE])
      await renderPart(kind, part, source, { ...toVariables(message), ...sampleExtras(kind, part) }, false);
    return undefined;
  } catch (error) {
    if (error instanceof TemplateFault) return `line ${error.line}, column ${error.column}: ${error.message}`;
    return (error as Error).message;
  }
}

async function renderPart(
  kind: ChannelKind,
  part: string,
  source: string,
  variables: Record<string, unknown>,
  isStrict: boolean,
): Promise<string> {
  const language = findLanguage(kind, part);
  if (!language) throw new Error(`There is no part ${part}`);
  const text = (await compile(source, language)).render(variables, { isStrict });
  if (language.isJson) checkJson(text);
  return text;
}

async function compile(source: string, language: Language): Promise<CompiledTemplate> {
  const { compileTemplate } = await import("./template-engine.ts");
  return compileTemplate(source, language);
}

/** An object or a list: receivers expect no less. */
function checkJson(text: string): void {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return;
  } catch (error) {
    throw new Error(`does not write JSON: ${(error as Error).message}`, { cause: error });
  }
  throw new Error("writes JSON that is neither an object nor a list");
}

function findLanguage(kind: ChannelKind, part: string): Language | undefined {
  const languages = TEMPLATE_LANGUAGES[kind];
  return Object.hasOwn(languages, part) ? languages[part] : undefined;
}

function sampleExtras(kind: ChannelKind, part: string): Record<string, string> {
  return Object.fromEntries((EXTRA_VARIABLES[kind]?.[part] ?? []).map((name) => [name, ""]));
}

/** Whether the sample has something of that name, at each step as far as names are known. */
function isThere(variables: Record<string, unknown>, segments: readonly string[]): boolean {
  let value: unknown = variables;
  for (const segment of segments) {
    if (typeof value === "string" || Array.isArray(value)) {
      if (segment === "size") return true;
      if (!Array.isArray(value) || (segment !== "first" && segment !== "last")) return false;
      value = value[0];
      continue;
    }
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return false;
    if (OPEN.includes(segment)) return true;
    value = (value as Record<string, unknown>)[segment];
  }
  return true;
}
