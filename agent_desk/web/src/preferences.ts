/** What a person chose about the looks: kept in this browser only. */
import { ref, watch } from "vue";

export type Theme = "light" | "dark";
export type Language = "zh" | "en";

function stored<T extends string>(name: string, allowed: readonly T[], otherwise: T): T {
  const value = localStorage.getItem(`hotline.${name}`) as T | null;
  return value !== null && allowed.includes(value) ? value : otherwise;
}

const systemTheme: Theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";

export const theme = ref<Theme>(stored("theme", ["light", "dark"], systemTheme));
export const language = ref<Language>(stored("language", ["zh", "en"], "zh"));

watch(
  theme,
  (value) => {
    document.documentElement.classList.toggle("dark", value === "dark");
    localStorage.setItem("hotline.theme", value);
  },
  { immediate: true },
);
watch(
  language,
  (value) => {
    document.documentElement.lang = value === "zh" ? "zh-CN" : "en";
    localStorage.setItem("hotline.language", value);
  },
  { immediate: true },
);
