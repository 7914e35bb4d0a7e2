import {
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  type ServerContext,
} from "@modelcontextprotocol/server";

/** Thrown out of a tool whose question has no answer yet. */
export class OpenQuestion extends Error {
  readonly asked: InputRequiredResult;

  constructor(id: string, message: string) {
    super("A question to the person is open");
    this.name = "OpenQuestion";
    const requestedSchema = { type: "object" as const, properties: {} };
    this.asked = inputRequired({ inputRequests: { [id]: inputRequired.elicit({ message, requestedSchema }) } });
  }
}

/**
 * Asks the person a question of yes or no. Nothing waits for what they say: the tool is left by what this throws, and run
 * from its beginning once there is an answer. Clients of older revisions are asked over their connection, newer ones
 * come back with the answer; the protocol's library sees to both.
 * @throws OpenQuestion
 */
export async function askPerson({ mcpReq }: ServerContext, question: string): Promise<"yes" | "no"> {
  // By the question's own text, so that a yes to one is never taken for a yes to another.
  const id = new Bun.CryptoHasher("sha256").update(question).digest("base64url").slice(0, 22);
  const response = inputResponse(mcpReq.inputResponses, id);
  if (response.kind !== "elicit") throw new OpenQuestion(id, question);
  return response.action === "accept" ? "yes" : "no";
}
