import type { TSchema } from "@sinclair/typebox";
import { SECTIONS } from "./settings.ts";
import { choicesOf, describeAllowed, exampleOf } from "./values.ts";

const WIDTH = 120;

const HEAD = `Copy to .env and take the # off what you change. A variable of the environment comes before the same name here, both come before a file named by --config, and an empty value counts as none. Each name may also be written with ORBWEAVER_ in front. A value with a # or spaces at its ends needs quotes. All of it may be left out: \`orbweaver serve\` runs without any settings, and \`orbweaver config\` shows those that hold.`;

/** `.env.example`: every setting by section, with what it means, what it may be, and its default or an example. */
export function renderExample(): string {
  const sections = Object.entries(SECTIONS).map(([title, settings]) => {
    const entries = Object.entries(settings).map(([name, schema]) => renderSetting(name, schema));
    return [`# ${title}:`, ...entries].join("\n\n");
  });
  return `${[toComment(HEAD), ...sections].join("\n\n")}\n`;
}

function renderSetting(name: string, schema: TSchema): string {
  const value = isOfMachine(schema) ? "" : (schema.default ?? exampleOf(schema) ?? "");
  return `${toComment(describeSetting(schema))}\n# ${name}=${value}`;
}

/** Sentences: what it is, what it may be where that is not plain, and what it is by default in which environment. */
export function describeSetting(schema: TSchema): string {
  const sentences = [schema.description];
  if (choicesOf(schema)) sentences.push(upperFirst(describeAllowed(schema)));
  else if (isBounded(schema)) sentences.push(`From ${schema.minimum} to ${schema.maximum}`);
  for (const [environment, value] of Object.entries<string>(schema.byEnvironment ?? {}))
    sentences.push(`With ENVIRONMENT=${environment} ${value === "" ? "none" : value} by default`);
  if (schema.default === "" && exampleOf(schema)) sentences.push(`For example ${exampleOf(schema)}`);
  if (schema.default === undefined) sentences.push("Unset by default");
  return sentences.map((sentence) => `${sentence}.`).join(" ");
}

/** A default that differs between machines can't be written down. */
function isOfMachine(schema: TSchema): boolean {
  return schema.ofMachine === true;
}

function isBounded(schema: TSchema): boolean {
  return schema.type === "integer" || schema.type === "number";
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** As lines of a comment, none longer than the repository's own. */
function toComment(text: string): string {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}
