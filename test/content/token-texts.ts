/** Texts of our own, of the kinds that documents hold, to hold an estimate of tokens against a real tokeniser. */
export const tokenTexts: Record<string, string> = {
  English: `# Orb webs

An orb web is spun anew each night. The spider first lets a thread drift on the wind until it catches on a twig, walks across it with a second one, and drops from the middle to make a frame. Radii follow, some thirty of them, and only then the sticky spiral for which the web is known.

Old silk is eaten before the new web is begun, because protein is expensive. Measurements show that more than ninety per cent of it can be recovered within half an hour; nevertheless, a heavy storm in September means an unprofitable night. See [the appendix](https://webs.example/appendix/silk#recovery) for how these numbers were obtained, and **note** that they were taken indoors.

- Frame threads are strong and dry.
- The capture spiral is elastic: it stretches to three times its length.
- Young spiders build complete webs without having seen one.`,
  German: `# Radnetze

Ein Radnetz wird jede Nacht neu gesponnen. Zuerst lässt die Spinne einen Faden im Wind treiben, bis er an einem Zweig hängen bleibt, läuft mit einem zweiten hinüber und lässt sich von der Mitte herab, um einen Rahmen zu bauen. Danach folgen die Speichen, ungefähr dreißig, und erst dann die klebrige Fangspirale, für die das Netz bekannt ist.

Die alte Seide wird gefressen, bevor das neue Netz begonnen wird, denn Eiweiß ist kostbar. Untersuchungen zeigen, dass sich innerhalb einer halben Stunde mehr als neunzig Prozent davon wiederverwerten lassen; ein heftiges Unwetter im September bedeutet trotzdem eine verlorene Nacht. Die Versuchsbedingungen und Messgeräte sind im Anhang beschrieben.

- Rahmenfäden sind fest und trocken.
- Die Fangspirale ist dehnbar: Sie reicht für das Dreifache ihrer Länge.
- Jungspinnen bauen vollständige Netze, ohne je eines gesehen zu haben.`,
  Japanese: `# 円網

円網は毎晩新しく張り直される。クモはまず一本の糸を風に流し、それが小枝にかかるのを待つ。次に二本目の糸を持って渡り、真ん中から下りて枠を作る。そのあと三十本ほどの縦糸を張り、最後に粘りけのある横糸を渦巻きのように張っていく。

古い糸は、新しい網を作り始める前に食べられてしまう。たんぱく質は貴重だからである。測定によると、三十分以内に九割以上を再び使うことができる。それでも、九月の激しい嵐の夜には損をすることになる。詳しい条件については付録を見てほしい。

- 枠糸は丈夫で乾いている。
- 横糸はよく伸びるので、長さが三倍になっても切れない。
- 子グモは見たことがなくても完全な網を張る。`,
  Chinese: `# 圆网

圆网每天晚上都要重新织一遍。蜘蛛先让一根丝随风飘动，等它挂到树枝上，再带着第二根丝走过去，然后从中间垂下来做成框架。接着拉出大约三十根辐射丝，最后才织上有黏性的螺旋丝，这也是圆网最有名的地方。

在开始织新网之前，旧的丝会被吃掉，因为蛋白质非常宝贵。测量结果表明，半个小时之内可以回收百分之九十以上；尽管如此，九月里的一场暴风雨仍然意味着白忙一夜。具体的实验条件请参见附录。

- 框架丝结实而干燥。
- 捕捉用的螺旋丝有弹性，可以拉长到原来的三倍。
- 小蜘蛛从来没有见过网，也能织出完整的网。`,
  code: `\`\`\`ts
import { readFile } from "node:fs/promises";

/** Counts how often each thread of a web is crossed. */
export async function countCrossings(path: string, options: { minLength?: number } = {}): Promise<Map<string, number>> {
  const { minLength = 12 } = options;
  const counts = new Map<string, number>();
  const lines = (await readFile(path, "utf8")).split("\\n");
  for (const [index, line] of lines.entries()) {
    const [from, to, length] = line.trim().split(/\\s+/);
    if (!from || !to || Number(length) < minLength) continue;
    const key = from < to ? \`\${from}-\${to}\` : \`\${to}-\${from}\`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (index % 1_000 === 0) console.log(\`line \${index}: \${counts.size} crossings\`);
  }
  return counts;
}
\`\`\`

\`\`\`python
def spiral(radius: float, turns: int, step: float = 0.05) -> list[tuple[float, float]]:
    """Points of the capture spiral, from the rim to the hub."""
    points = []
    angle = 0.0
    while angle < turns * 2 * math.pi:
        r = radius * (1 - angle / (turns * 2 * math.pi))
        points.append((r * math.cos(angle), r * math.sin(angle)))
        angle += step
    return points
\`\`\``,
  table: `| Part of the web | Threads | Length in cm | Hours |
| --- | ---: | ---: | ---: |
| Frame | 7 | 212.5 | 0.25 |
| Radii | 32 | 640.0 | 0.5 |
| Hub | 1 | 12.75 | 0.1 |
| Capture spiral | 1 | 1,870.0 | 1.25 |
| Signal thread | 1 | 45.5 | 0.05 |`,
};
