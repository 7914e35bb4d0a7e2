import postgres from "postgres";
import { POSTGRES } from "../testing/servers.ts";

/** Hands in the URL of an empty database on the test server, and drops it afterwards. */
export async function inDatabase<T>(work: (url: string) => Promise<T>): Promise<T> {
  const name = `orbweaver_smoke_${Bun.randomUUIDv7().replaceAll("-", "")}`;
  const admin = postgres(POSTGRES.url.href, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${name}`);
  const url = new URL(POSTGRES.url);
  url.pathname = name;
  try {
    return await work(url.href);
  } finally {
    await admin.unsafe(`drop database ${name} with (force)`);
    await admin.end();
  }
}
