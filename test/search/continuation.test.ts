import { expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import { createContinuation, MAX_CURSOR_LENGTH, MAX_SHOWN, markOf } from "../../src/search/continuation.ts";

const marks = (count: number) => new Set(Array.from({ length: count }, () => markOf(Bun.randomUUIDv7())));

test("what was shown is read back, up to as much as there may be", () => {
  const { read, write } = createContinuation(["lock"]);

  for (const count of [1, 10, MAX_SHOWN]) {
    const shown = marks(count);
    const cursor = write(shown);

    expect(cursor.length).toBeLessThanOrEqual(MAX_CURSOR_LENGTH);
    expect(read(cursor)).toEqual(shown);
  }
});

test("nothing was shown before the first cursor", () => {
  expect(createContinuation(["lock"]).read(undefined).size).toBe(0);
});

test("a cursor of another query, cut off, made longer or made up is refused", () => {
  const { read, write } = createContinuation(["lock"]);
  const cursor = write(marks(3));
  const wrong = [
    createContinuation(["locks"]).write(marks(3)),
    cursor.slice(0, -2),
    `${cursor}AA`,
    `${cursor}=`,
    write(new Set()),
    write(marks(MAX_SHOWN + 1)),
    "",
    "no cursor",
    "\u0000",
  ];

  for (const each of wrong) expect(() => read(each)).toThrow(AppError);
});
