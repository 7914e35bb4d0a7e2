import {
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type ServerContext,
} from "@modelcontextprotocol/server";
import type { Answer, Question } from "./parts.ts";

/** Thrown out of a tool whose question has no answer yet. */
export class OpenQuestion extends Error {
  readonly asked: InputRequiredResult;

  constructor(id: string, { message, fields = {}, required = [] }: Question) {
    super(`A question to the person is open: ${id}`);
    this.name = "OpenQuestion";
    const requestedSchema = { type: "object" as const, properties: fields, required };
    this.asked = inputRequired({ inputRequests: { [id]: inputRequired.elicit({ message, requestedSchema }) } });
  }
}

/**
 * What the person answered. Clients of older revisions are asked over their connection, newer ones come back with the
 * answer; the protocol's library sees to both by running the tool again.
 * @throws OpenQuestion
 */
export function askPerson({ mcpReq }: ServerContext, id: string, question: Question): Answer {
  const response = inputResponse(mcpReq.inputResponses, id);
  if (response.kind !== "elicit") throw new OpenQuestion(id, question);
  if (response.action !== "accept") return { kind: "declined" };
  return { kind: "accepted", content: response.content ?? {} };
}
