import { describe, expect, test } from "bun:test";
import { normalizeLanguage } from "../../../src/content/metadata/language.ts";
import { prose, readPage } from "./read-page.ts";

const texts: Record<string, string> = {
  en: prose,
  de: "Die Spinne baut jede Nacht ein neues Netz und frisst das alte vorher auf, denn die Seide ist kostbar und nichts davon darf verloren gehen.",
  fr: "Chaque nuit, l'araignée défait sa toile, mange la vieille soie et en tisse une nouvelle avant le lever du jour, pour que les fils restent collants.",
  pt: "Todas as noites a aranha desmancha a teia, come a seda velha e faz outra antes do amanhecer, para que os fios não percam a cola.",
  id: "Setiap malam laba-laba membongkar jaringnya, memakan benang yang lama, dan membuat yang baru karena benang itu tidak bisa lengket lagi.",
  uk: "Щоночі павук знімає своє павутиння, з'їдає старий шовк і тче нове ще до ранку, щоб нитки були свіжі та липкі, коли прилетять мухи.",
  fa: "عنکبوت هر شب تار خود را برمی‌چیند، ابریشم کهنه را می‌خورد و پیش از صبح تار تازه‌ای می‌بافد تا رشته‌ها چسبناک بمانند.",
  hi: "मकड़ी हर रात अपना जाला उतारती है, पुराना रेशम खा जाती है और सुबह होने से पहले नया जाला बुन लेती है ताकि धागे चिपचिपे रहें।",
  ja: "毎晩、蜘蛛は古い巣を食べて、朝までに新しい巣を作ります。糸がいつも粘り強くなければ、虫を捕まえることができないからです。",
  zh: "蜘蛛每天晚上都会把旧网吃掉，在天亮之前织出一张新的网，这样丝线就一直是新鲜而有粘性的，可以捉到早晨飞过的虫子。",
  ko: "거미는 매일 밤 낡은 거미줄을 먹어 치우고 아침이 오기 전에 새 거미줄을 칩니다. 그래야 줄이 끈적끈적하기 때문입니다.",
  el: "Κάθε νύχτα η αράχνη μαζεύει τον ιστό της, τρώει το παλιό μετάξι και υφαίνει καινούργιο πριν ξημερώσει.",
};

describe("where none is declared", () => {
  test.each(Object.keys(texts))("%s is detected", (language) => {
    expect(readPage(`<p>${texts[language]}</p>`).language).toBe(language);
  });

  test("too little text and a menu of languages tell nothing", () => {
    expect(readPage("<p>Silk 4.2</p>").language).toBeNull();
    expect(readPage(`<nav><p>${texts.de}</p></nav><p>OK`).language).toBeNull();
    expect(readPage(`<p lang="de">${texts.de}</p><p>OK`).language).toBeNull();
  });
});

describe("where one is declared", () => {
  const declared = (lang: string, text = "") =>
    readPage(`<html lang="${lang}"><p>${text}</p><p>${text}</p><p>${text}</p></html>`).language;

  test("it holds, if the text can be in it", () => {
    expect(declared("en", texts.en)).toBe("en");
    expect(declared("en-GB", "OK")).toBe("en-GB");
    expect(declared("pt-BR", texts.pt)).toBe("pt-BR");
    expect(declared("zh-TW", texts.zh)).toBe("zh-TW");
    expect(declared("sr", texts.uk)).toBe("sr");
    expect(declared("ja-Latn", texts.de)).toBe("ja-Latn");
    expect(declared("de", texts.en)).toBe("de");
  });

  test("a template's English gives way to what the text is in", () => {
    expect(declared("en", texts.ja)).toBe("ja");
    expect(declared("en-US", texts.uk)).toBe("uk");
    expect(declared("en", texts.de)).toBe("de");
    expect(declared("zh", texts.ja)).toBe("ja");
  });
});

test.each([
  ["en", "en"],
  ["pt_br", "pt-BR"],
  ["zh-hans-cn", "zh-Hans-CN"],
  ["en, de", "en"],
  ["de-DE@euro", "de"],
  ["english please", null],
  ["und", null],
  ["", null],
  ["x-default", null],
])("the language %p is %p", (value, expected) => {
  expect(normalizeLanguage(value)).toBe(expected);
});

test("the detector is not loaded for pages that need none", () => {
  const script = `
    const { readPage, prose } = await import(${JSON.stringify(`${import.meta.dir}/read-page.ts`)});
    for (const html of ["<html lang=de><p>" + prose, "<p>" + prose, "<p>毎晩、蜘蛛は古い巣を食べて、朝までに新しい巣を作ります。糸がいつも粘り強くなければ、虫を捕まえることができないからです。"]) readPage(html);
    console.log(Object.keys(require.cache).filter((path) => path.includes("/eld/")).length);`;

  const { stdout } = Bun.spawnSync([process.execPath, "-e", script]);

  expect(stdout.toString().trim()).toBe("0");
});
