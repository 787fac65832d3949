/** Language of the screens: follows the preference, Chinese first. */
import { watch } from "vue";
import { createI18n } from "vue-i18n";
import type { ApiError } from "../api/client";
import { language } from "../preferences";
import { en } from "./en";
import { zh } from "./zh";

export const i18n = createI18n({
  legacy: false,
  locale: language.value,
  fallbackLocale: "zh",
  messages: { zh, en },
});

watch(language, (value) => (i18n.global.locale.value = value));

/** The sentence of an error in the person's language. */
export function sentenceOf(error: ApiError): string {
  return language.value === "zh" ? error.zh : error.en;
}

/** A sentence that the engine gives as "中文 / English": the half of the person's language. */
export function halfOf(text: string): string {
  const [zhHalf, enHalf, ...more] = text.split(" / ");
  if (enHalf === undefined || more.length > 0) return text;
  return (language.value === "zh" ? zhHalf : enHalf) ?? text;
}

/** A word that the engine may send and that we may know: translated when we do, as it came when we do not. */
export function wordOf(group: string, word: string | null | undefined, otherwise?: string): string {
  if (!word) return otherwise ?? "";
  const key = `${group}.${word}`;
  return i18n.global.te(key) ? i18n.global.t(key) : (otherwise ?? word);
}
