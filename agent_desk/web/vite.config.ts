import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

/** Where the engine (or `npm run mock`) listens while the front end is being written. */
const ENGINE = process.env.HOTLINE_ENGINE ?? "http://127.0.0.1:8012";

export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  define: {
    __VUE_I18N_LEGACY_API__: "false",
    __VUE_I18N_FULL_INSTALL__: "false",
    __INTLIFY_PROD_DEVTOOLS__: "false",
    __VUE_PROD_DEVTOOLS__: "false",
  },
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 900,
  },
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: { "/api": { target: ENGINE, ws: true } },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
