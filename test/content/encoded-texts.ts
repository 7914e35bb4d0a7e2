/** Real bytes of each encoding, made with Python's codecs. */
export const encodedTexts: Record<string, { text: string; base64: string }> = {
  "windows-1252": {
    text: "Der Übermut kam spät – „größer“ als früher, für 5 € im Café. Straßen und Häuser, Äpfel und Öl.",
    base64:
      "RGVyINxiZXJtdXQga2FtIHNw5HQgliCEZ3L232VykyBhbHMgZnL8aGVyLCBm/HIgNSCAIGltIENhZukuIFN0cmHfZW4gdW5kIEjkdXNlciwgxHBmZWwgdW5kINZsLg==",
  },
  "windows-1251": {
    text: "Съешь же ещё этих мягких французских булок, да выпей чаю. Это обычный русский текст о погоде и природе.",
    base64:
      "0frl+Pwg5uUg5fm4IP3y6PUg7P/j6uj1IPTw4O328+fx6uj1IOHz6+7qLCDk4CDi++/l6SD34P4uIN3y7iDu4fv37fvpIPDz8fHq6Okg8uXq8fIg7iDv7uPu5OUg6CDv8Ojw7uTlLg==",
  },
  "koi8-r": {
    text: "Съешь же ещё этих мягких французских булок, да выпей чаю. Это обычный русский текст о погоде и природе.",
    base64:
      "89/F29gg1sUgxd2jINzUycggzdHHy8nIIMbSwc7D1drTy8nIIMLVzM/LLCDEwSDX2dDFyiDewcAuIPzUzyDPwtneztnKINLV09PLycog1MXL09QgzyDQz8fPxMUgySDQ0snSz8TFLg==",
  },
  shift_jis: {
    text: "日本語の文章です。これは文字コードの検出を試すための、ごく普通のテキストです。カタカナも含みます。",
    base64:
      "k/qWe4zqgsyVto/NgsWCt4FCgrGC6oLNlbaOmoNSgVuDaILMjJ+Pb4Lwjo6Ct4K9gt+CzIFBgrKCrZWBksqCzINlg0yDWINngsWCt4FCg0qDXoNKg2mC4Ircgt2C3IK3gUI=",
  },
  "euc-jp": {
    text: "日本語の文章です。これは文字コードの検出を試すための、ごく普通のテキストです。カタカナも含みます。",
    base64:
      "xvzL3LjspM7KuL7PpMekuaGjpLOk7KTPyri7+qWzobylyaTOuKG90KTyu+6kuaS/pOGkzqGipLSkr8nhxMykzqXGpa2luaXIpMekuaGjpaulv6Wrpcqk4rTepN+k3qS5oaM=",
  },
  gb18030: {
    text: "这是一段普通的中文文本,用来测试字符编码的检测功能。我们希望它能够正确地识别出来。",
    base64:
      "1eLKx9K7ts7G1c2otcTW0M7EzsSxvizTw8C0suLK1NfWt/ux4MLrtcS87LLiuabE3KGjztLDx8+jzfvL/MTcubvV/ci3tdjKtrHws/bAtKGj",
  },
  big5: {
    text: "這是一段普通的中文文字,用來測試字元編碼的偵測功能。我們希望它能夠正確地識別出來。",
    base64:
      "s2+sT6RArHG0trNxqrqkpKTlpOWmciylzqjTtPq41aZypLi9c71Yqrqwu7T6pVyv4KFDp9qtzKfGsealpq/gsPelv71UpmHD0adPpVio06FD",
  },
  "euc-kr": {
    text: "이것은 문자 인코딩 감지를 시험하기 위한 평범한 한국어 문장입니다. 올바르게 인식되기를 바랍니다.",
    base64:
      "wMywzcC6ILmuwNogwM7E2rX5ILCowfa4piC9w8fox8+x4iDAp8fRIMbyufzH0SDH0bG5vu4gua7A5cDUtM+02S4gv8O52bijsNQgwM69xLXHseK4piC52bb4tM+02S4=",
  },
  "iso-8859-2": {
    text: "Příliš žluťoučký kůň úpěl ďábelské ódy. Zażółć gęślą jaźń. Árvíztűrő tükörfúrógép, ő és ű betűk.",
    base64:
      "UPjtbGm5IL5sdbtvdehr/SBr+fIg+nDsbCDv4WJlbHNr6SDzZHkuIFphv/Oz5iBn6rZssSBqYbzxLiDBcnbtenT7cvUgdPxr9nJm+nLzZ+lwLCD1IOlzIPsgYmV0+2su",
  },
  "utf-16le": {
    text: "Plain text in wide characters – with a dash and an ä.",
    base64:
      "UABsAGEAaQBuACAAdABlAHgAdAAgAGkAbgAgAHcAaQBkAGUAIABjAGgAYQByAGEAYwB0AGUAcgBzACAAEyAgAHcAaQB0AGgAIABhACAAZABhAHMAaAAgAGEAbgBkACAAYQBuACAA5AAuAA==",
  },
  "utf-16be": {
    text: "Plain text in wide characters – with a dash and an ä.",
    base64:
      "AFAAbABhAGkAbgAgAHQAZQB4AHQAIABpAG4AIAB3AGkAZABlACAAYwBoAGEAcgBhAGMAdABlAHIAcwAgIBMAIAB3AGkAdABoACAAYQAgAGQAYQBzAGgAIABhAG4AZAAgAGEAbgAgAOQALg==",
  },
};
