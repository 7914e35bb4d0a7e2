import { startReceiver } from "../notify/receiver.ts";
import { startSmtpServer } from "../notify/smtp-server.ts";
import type { Step } from "./all.ts";
import { request } from "./api.ts";
import { ADDED_TEXT, addWebsite, CHANGED, crawlWell, serveChangingSite } from "./changing-site.ts";
import { check, inFolder, runWell, startService, until } from "./process.ts";

const TYPES = Object.values(CHANGED).map((kind) => `page.${kind}`);
const TEMPLATE = { body: '{"told":{{ page.kind | json }},"of":{{ page.url | json }}}' };

/** Who is told: what e-mail and templates load is in the executable, and what is found without a service waits for it. */
export function toldSteps(binary: string): Step[] {
  return [
    {
      name: "changes are told by e-mail and by templates, also those that a command found while the service was down",
      run: () =>
        inFolder(async (folder) => {
          const site = await serveChangingSite();
          const receiver = startReceiver();
          const mailbox = await startSmtpServer();
          const mail = { SMTP_URL: `smtp://127.0.0.1:${mailbox.port}`, SMTP_FROM: "orbweaver@example.com" };
          let service = await startService([binary, "serve"], folder, mail);
          try {
            const id = await addWebsite(service.origin, site.origin);
            await crawlWell(service.origin, site.origin);
            const channels = [
              { kind: "email", target: { to: ["ann@example.com"] }, event_types: ["page.changed"] },
              { kind: "webhook", target: { url: receiver.url }, event_types: TYPES, template: TEMPLATE },
            ];
            for (const channel of channels)
              await request(`${service.origin}/api/v1/channels`, { ...channel, website_id: id });
            await service.kill();
            await site.change();
            await runWell(
              [binary, "crawl", `${site.origin}/`, "--delay", "0", "--out", "out", "--quiet", "--data", "data"],
              folder,
            );
            const early = receiver.received.length;
            service = await startService([binary, "serve"], folder, mail);
            const told = await until("all is told", () => mailbox.mails[0] && readTold(receiver.received), 10_000);

            check(early === 0, "it was told while the service was down");
            check(Bun.deepEquals(told, CHANGED), `it was told ${JSON.stringify(told)}`);
            check(receiver.received.length === TYPES.length, `it was told ${receiver.received.length} times`);
            const [first, ...others] = mailbox.mails;
            check(others.length === 0, `${others.length} more e-mails came`);
            check(first?.text.includes(ADDED_TEXT) === true, `the e-mail is:\n${first?.text}`);
          } finally {
            await service.kill();
            await mailbox.stop();
            receiver.stop();
            await site.stop();
          }
        }),
    },
  ];
}

function readTold(received: readonly { body: string }[]): Record<string, string> | undefined {
  const told = received.map(({ body }) => JSON.parse(body) as { told: string; of: string });
  if (told.length < TYPES.length) return undefined;
  return Object.fromEntries(told.map(({ told: kind, of }) => [new URL(of).pathname, kind]));
}
