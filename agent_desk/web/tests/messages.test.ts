/** Every text goes through vue-i18n, and every key that a screen asks for exists in both languages. */
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { en } from "../src/i18n/en";
import { zh } from "../src/i18n/zh";

const SOURCE = fileURLToPath(new URL("../src/", import.meta.url));
const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((name) => /\.(vue|ts)$/.test(name) && !name.startsWith("i18n"));
const texts = files.map((name) => [name, readFileSync(SOURCE + name, "utf8")] as const);

function has(messages: object, key: string): boolean {
  const found = key.split(".").reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], messages);
  return typeof found === "string";
}

describe("texts", () => {
  const asked = texts.flatMap(([name, text]) => [...text.matchAll(/\bt\(\s*"([a-zA-Z0-9_.]+)"|label: "(keys\.[a-zA-Z]+)"/g)].map((m) => [name, m[1] ?? m[2] ?? ""] as const));

  it("finds keys at all", () => expect(asked.length).toBeGreaterThan(100));
  it.each([["zh", zh], ["en", en]] as const)("every key asked for is there in %s", (_language, messages) => {
    expect(asked.filter(([, key]) => !has(messages, key))).toEqual([]);
  });

  it("no template holds Chinese text of its own", () => {
    const loose = texts
      .filter(([name]) => name.endsWith(".vue"))
      .flatMap(([name, text]) => {
        const template = (text.split("<template>").slice(1).join("") || "").replace(/<!--[\s\S]*?-->/g, "").replace(/\{\{[\s\S]*?\}\}|(?:[:@#]|v-)[\w.:-]+="[^"]*"/g, "");
        return [...template.matchAll(/[\u3001\u3002\u4e00-\u9fff\uff01-\uff5e]+/g)].map((m) => `${name}: ${m[0]}`);
      });
    expect(loose).toEqual([]);
  });
});
