import type { ChannelKind } from "../db/schema/notifications.ts";
import { AppError } from "../errors.ts";
import type { ChannelFormat } from "./format.ts";
import { discord } from "./formats/discord.ts";
import { email } from "./formats/email.ts";
import { ntfy } from "./formats/ntfy.ts";
import { slack } from "./formats/slack.ts";
import { teams } from "./formats/teams.ts";
import { webhook } from "./formats/webhook.ts";

/** All kinds of channels. */
export const FORMATS: readonly ChannelFormat[] = [webhook, email, slack, discord, teams, ntfy];

/** @throws AppError `invalid` for a kind that there is no format of */
export function formatOf(kind: ChannelKind): ChannelFormat {
  const format = FORMATS.find((each) => each.kind === kind);
  if (format) return format;
  throw new AppError("invalid", `/kind can't be ${kind}`, { faults: [{ at: "/kind", message: `can't be ${kind}` }] });
}
