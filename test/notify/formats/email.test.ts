import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { Value } from "@sinclair/typebox/value";
import { systemClock } from "../../../src/clock.ts";
import { readConfig } from "../../../src/config/config.ts";
import type { Config } from "../../../src/config/settings.ts";
import type { Db } from "../../../src/db/db.ts";
import type { SendContext } from "../../../src/notify/format.ts";
import { email } from "../../../src/notify/formats/email.ts";
import type { Message } from "../../../src/notify/message.ts";
import { SAMPLE_MESSAGE } from "../../../src/notify/template-variables.ts";
import { createLog } from "../../../src/telemetry/log.ts";
import { type Certificates, hasOpenSsl, makeCertificates } from "../../testing/certificates.ts";
import { refusal, startSmtpServer } from "../smtp-server.ts";
import { HOSTILE, hostileMessage, hostilePage, LINKED } from "./receiver.ts";

const plain: Message = {
  ...SAMPLE_MESSAGE,
  pages: SAMPLE_MESSAGE.pages.map((page) => ({ ...page, changeId: undefined })),
};

const stops: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const start = async (options?: Parameters<typeof startSmtpServer>[0]) => {
  const server = await startSmtpServer(options);
  stops.push(server.stop);
  return server;
};

type SendOptions = { template?: Record<string, string>; to?: string[]; db?: Db; signal?: AbortSignal };

const send = (settings: Partial<Config>, message: Message = plain, options: SendOptions = {}) => {
  const config = readConfig(
    {},
    { SMTP_FROM: "Orbweaver <changes@example.com>", WEBHOOK_TIMEOUT_MS: 30_000, ...settings },
  );
  const log = createLog("error", systemClock, () => {});
  const { template = null, to = ["ann@example.org"], db = {} as Db, signal = AbortSignal.timeout(60_000) } = options;
  const context = { config, log, db } as SendContext;
  return email.send(context, { id: "channel-1", kind: "email", template, target: { to } } as never, message, signal);
};

const urlOf = ({ port }: { port: number }, user = "") => `smtp://${user}localhost:${port}`;

/** RFC 2045 §6.7, as far as it is told from base64. */
const decodePrintable = (mail: string) =>
  mail.replaceAll("=\r\n", "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));

const headersOf = (mail: string) => mail.slice(0, mail.indexOf("\r\n\r\n")).replaceAll(/\r\n[ \t]+/g, " ");

describe("an e-mail", () => {
  test("goes to all addresses of the channel, in plain text and HTML", async () => {
    const server = await start();

    const sent = await send({ SMTP_URL: urlOf(server) }, plain, { to: ["ann@example.org", "bob@example.org"] });

    expect(sent).toMatchObject({ isDelivered: true, status: 250, request: { method: "SMTP" } });
    const [mail] = server.mails;
    expect(mail).toMatchObject({ from: "changes@example.com", to: ["ann@example.org", "bob@example.org"] });
    const headers = headersOf(mail?.text ?? "");
    expect(headers).toContain("From: Orbweaver <changes@example.com>");
    expect(headers).toContain("To: ann@example.org, bob@example.org");
    expect(headers).toContain("Subject: Pricing changed on Example Docs");
    expect(headers).toContain("Auto-Submitted: auto-generated");
    expect(headers).toContain("Content-Type: multipart/alternative");
    expect(mail?.text).toContain("$12 a month");
    expect(mail?.text).toContain("Content-Type: text/html");
  });

  test("has the same name each time it is sent, in the thread of its page", async () => {
    const server = await start();

    await send({ SMTP_URL: urlOf(server) });
    await send({ SMTP_URL: urlOf(server) });

    const ids = server.mails.map(({ text }) => /^Message-ID: (.*)\r$/m.exec(text)?.[1]);
    expect(ids).toEqual([ids[0], `<${plain.event.id}.channel-1@example.com>`]);
    expect(headersOf(server.mails[0]?.text ?? "")).toContain(
      "References: <page-0195f3e0-5c1a-7000-8000-3f6c2b1d9e13.channel-1@example.com>",
    );
  });

  test("can't be given headers or other recipients by what a page says", async () => {
    const server = await start();
    const line = "Hello\r\nBcc: eve@evil.example\r\n\r\nBody\r\n.\r\nMAIL FROM:<x@evil.example>";
    const message = { ...hostileMessage(2), title: `${line} ${HOSTILE}` };

    const sent = await send({ SMTP_URL: urlOf(server) }, message, {
      template: { subject: `{{ title }}\n{{ title }}` },
    });

    expect(sent.isDelivered).toBe(true);
    expect(server.mails).toMatchObject([{ to: ["ann@example.org"], from: "changes@example.com" }]);
    expect(headersOf(server.mails[0]?.text ?? "")).not.toMatch(/^Bcc:/im);
    const html = (server.mails[0]?.text ?? "").split("Content-Type: text/html")[1] ?? "<script";
    expect(html.includes("<script")).toBe(false);
  });

  test("leads to what changed on each page, and to all that did, in both", async () => {
    const server = await start();

    await send({ SMTP_URL: urlOf(server) }, hostileMessage(2));
    await send({ SMTP_URL: urlOf(server) }, { ...plain, pages: [{ ...hostilePage(), links: {} }], links: {} });

    const [linked, bare] = server.mails.map(({ text }) => decodePrintable(text));
    for (const index of [0, 1]) {
      const change = `${LINKED}changes/${index}/diff?format=html&view=side_by_side`;
      expect(linked).toContain(`See what changed: ${change}\r\n`);
      expect(linked).toContain(`<a href="${change.replace("&", "&amp;")}">See what changed</a>`);
    }
    expect(linked).toContain(`See all changes: ${LINKED}websites/1/diff?from=`);
    expect(linked).toContain(
      `<a href="${LINKED}websites/1/diff?from=2026-01-31T12%3A00%3A00.000Z&amp;format=markdown">`,
    );
    expect(bare).not.toMatch(/See (?:what|all)/);
  });

  test("has own words, of which HTML is escaped", async () => {
    const server = await start();
    const message = { ...plain, title: "<b>T</b>" };
    const template = {
      subject: "About {{ website.name }}",
      text: "T {{ title }}",
      html: "<i>{{ title }}{{ diff_html }}</i>",
    };

    await send({ SMTP_URL: urlOf(server) }, message, { template });

    expect(server.mails[0]?.text).toContain("Subject: About Example Docs");
    expect(server.mails[0]?.text).toContain("T <b>T</b>");
    expect(server.mails[0]?.text).toContain("<i>&lt;b&gt;T&lt;/b&gt;</i>");
  });

  test("is not sent again for those of its recipients who were refused", async () => {
    const onRcptTo = ({ address }: { address: string }, _: unknown, done: (error?: Error) => void) =>
      done(address.startsWith("bob") ? refusal(550, "No such user") : undefined);
    const server = await start({ onRcptTo });

    const sent = await send({ SMTP_URL: urlOf(server) }, plain, { to: ["ann@example.org", "bob@example.org"] });

    expect(sent).toMatchObject({ isDelivered: true, error: "Not taken for bob@example.org" });
  });
});

describe("a server that", () => {
  test("refuses the message for now is asked again", async () => {
    const server = await start({ onRcptTo: (_, __, done) => done(refusal(451, "Greylisted")) });

    const sent = await send({ SMTP_URL: urlOf(server) });

    expect(sent).toMatchObject({ isDelivered: false, isPermanent: false, status: 451 });
    expect(sent.error).toContain("Greylisted");
  });

  test.each([
    ["sender", "onMailFrom"],
    ["recipient", "onRcptTo"],
  ] as const)("refuses the %s for good is not", async (_, hook) => {
    const server = await start({
      [hook]: (__: unknown, ___: unknown, done: (error: Error) => void) => done(refusal(550, "No")),
    });

    expect(await send({ SMTP_URL: urlOf(server) })).toMatchObject({
      isDelivered: false,
      isPermanent: true,
      status: 550,
    });
  });

  test("refuses the text for good is not either", async () => {
    const server = await start({
      onData: (stream, _, done) => {
        stream.on("end", () => done(refusal(554, "Spam")));
        stream.resume();
      },
    });

    expect(await send({ SMTP_URL: urlOf(server) })).toMatchObject({ isPermanent: true, status: 554 });
  });

  test("is not there is asked again", async () => {
    const server = await startSmtpServer();
    await server.stop();

    expect(await send({ SMTP_URL: urlOf(server) })).toMatchObject({ isDelivered: false, isPermanent: false });
  });

  test("cuts the connection is asked again", async () => {
    const server = await start({ onMailFrom: () => server.cut() });

    const sent = await send({ SMTP_URL: urlOf(server) });

    expect(sent).toMatchObject({ isDelivered: false, isPermanent: false });
  });

  const startSilent = async (greeting: string) => {
    const silent: Server = createServer((socket) => {
      socket.on("error", () => {});
      socket.write(greeting);
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    stops.push(() => silent.close());
    return silent.address() as { port: number };
  };

  test.each([
    ["says nothing", ""],
    ["greets and says no more", "220 hello\r\n"],
  ])("%s is given up in time, and asked again", async (_, greeting) => {
    const server = await startSilent(greeting);

    const sent = await send({ SMTP_URL: urlOf(server) }, plain, { signal: AbortSignal.timeout(200) });

    expect(sent).toMatchObject({ isDelivered: false, isPermanent: false, error: "localhost took too long" });
  });

  test("wants a name and a password is given them, and never shown them in what is kept", async () => {
    const onAuth = (
      { username, password }: { username?: string; password?: string },
      _: unknown,
      done: (error: Error | null, answer?: object) => void,
    ) => (password === "p@ss:word" ? done(null, { user: username }) : done(refusal(535, `Not with ${password}`)));
    const server = await start({ onAuth: onAuth as never, authOptional: false, allowInsecureAuth: true });
    const settings = { SMTP_TLS: "off" as const };

    const right = await send({ ...settings, SMTP_URL: urlOf(server, "ann:p%40ss%3Aword@") });
    const wrong = await send({ ...settings, SMTP_URL: urlOf(server, "ann:wrong-word@") });

    expect(right.isDelivered).toBe(true);
    expect(server.mails).toMatchObject([{ user: "ann" }]);
    // The operator may mend it.
    expect(wrong).toMatchObject({ isDelivered: false, isPermanent: false, status: 535 });
    expect(JSON.stringify([right, wrong])).not.toMatch(/wrong-word|p@ss/);
  });

  test("offers no TLS is told no password", async () => {
    const tried: unknown[] = [];
    const server = await start({ onAuth: (auth) => tried.push(auth), allowInsecureAuth: true });

    const sent = await send({ SMTP_URL: urlOf(server, "ann:secret@") });
    const required = await send({ SMTP_URL: urlOf(server), SMTP_TLS: "require" });

    expect([sent.isDelivered, required.isDelivered, tried]).toEqual([false, false, []]);
    expect(server.mails).toEqual([]);
  });
});

describe.skipIf(!hasOpenSsl)("over TLS", () => {
  let files: Certificates;
  let keys: { key: string; cert: string };
  beforeAll(() => {
    files = makeCertificates();
    keys = { key: readFileSync(files.key, "utf8"), cert: readFileSync(files.certificate, "utf8") };
  });
  afterAll(() => files.dispose());

  test("by STARTTLS, with a server that the authority vouches for", async () => {
    const server = await start(keys);

    const sent = await send({ SMTP_URL: urlOf(server), SMTP_CA_FILE: files.authority });

    expect(sent.error).toBeUndefined();
    expect(server.mails).toMatchObject([{ isSecure: true }]);
  });

  test("from the start", async () => {
    const server = await start({ ...keys, secure: true });

    const sent = await send({ SMTP_URL: urlOf(server).replace("smtp:", "smtps:"), SMTP_CA_FILE: files.authority });

    expect(sent.error).toBeUndefined();
    expect(server.mails).toMatchObject([{ isSecure: true }]);
  });

  test("and not with one that nobody vouches for, to which nothing is sent", async () => {
    const server = await start(keys);

    const sent = await send({ SMTP_URL: urlOf(server), SMTP_CA_FILE: files.otherAuthority });

    expect(sent).toMatchObject({ isDelivered: false, isPermanent: false });
    expect(server.mails).toEqual([]);
  });
});

describe("a channel", () => {
  test("is refused, with the settings that are missing, where no e-mail is set up", () => {
    const faults = email.check?.({ to: ["a@example.com"] } as never, { config: readConfig({}, {}) });

    expect(faults).toMatchObject([{ at: "/to", message: expect.stringContaining("SMTP_URL and SMTP_FROM are set") }]);
  });

  test.each([
    "a",
    "a@b@c",
    "a b@c.example",
    "a@c.example\r\nX: y",
    "<a@c.example>",
    "a@c.example,d@e.example",
    "a\u0000@b.example",
  ])("can't have the address %j", (address) => {
    expect(Value.Check(email.target, { to: [address] })).toBe(false);
    expect(Value.Check(email.target, { to: ["ann+docs@mail.example.com"] })).toBe(true);
  });

  test("is described by its first addresses", () => {
    const to = ["a@example.com", "b@example.com", "c@example.com"];

    expect(email.describe({ to } as never)).toBe("a@example.com, b@example.com and 1 more");
  });
});
