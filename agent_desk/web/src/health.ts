/** How the machine is: asked now and then, and at once when the feed breaks or comes back. */
import { shallowRef, watch } from "vue";
import { api } from "./api/endpoints";
import type { Health } from "./api/types";
import { feed } from "./feed";

const EVERY_MS = 20_000;

/** null while it cannot be told. */
export const health = shallowRef<Health | null>(null);

async function look(): Promise<void> {
  health.value = await api.health().catch(() => null);
}

void look();
window.setInterval(() => void look(), EVERY_MS);
watch([() => feed.state.connected, () => feed.state.lost], () => void look());
