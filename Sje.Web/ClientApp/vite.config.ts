/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Where `vite` (the development server) finds a running SJE for everything that is not a page.
declare const process: { env: Record<string, string | undefined> };
const server = process.env["SJE_DEV_SERVER"] ?? "http://127.0.0.1:8082";

export default defineConfig({
  base: "/",
  plugins: [react()],
  build: {
    outDir: "../../wwwroot",
    emptyOutDir: true,
    manifest: true,
    target: "es2023",
    // One style sheet: together they compress to two thirds, and no page waits for its own.
    cssCodeSplit: false,
    // Everything that the first paint needs is in the document already: a preload list would only ask for more.
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              name: "vendor",
              test: /rolldown\/runtime|node_modules\/(react|react-dom|scheduler|@tanstack\/(?!react-virtual|virtual-core)[^/]+)\//,
              priority: 30,
            },
            {
              name: "shell",
              test: /src\/(main|app\/(?!Palette|KeysDialog|LoginPage|MenuContent|SignIn)|api\/(client|session)|base\/|live\/|design\/|ui\/(Button|Card|Icon|StateMark|confirm|placeholders|states|toasts|ui\.css))/,
              priority: 20,
            },
            // What most pages use and the shell does not.
            { name: "kit", test: /src\/ui\/(index|Tabs|values|fields|Dialog|CodeView)/, priority: 20 },
            { name: "table", test: /(src\/ui\/DataTable|node_modules\/@tanstack\/(react-virtual|virtual-core))/, priority: 20 },
            { name: "editor", test: /node_modules\/(@codemirror\/(?!lang-)|@lezer\/(?!yaml)|style-mod|w3c-keyname|crelt|@marijn)/, priority: 20 },
            { name: "chart", test: /(src\/ui\/Chart|node_modules\/uplot)/, priority: 20 },
          ],
        },
      },
    },
  },
  // The one style sheet that a test reads; vitest leaves the others empty.
  test: { css: { include: [/tokens\.css/] } },
  server: {
    proxy: Object.fromEntries(
      ["/api", "/task", "/tasks", "/health", "/mgmt", "/hangfire", "/docs", "/openapi", "/executions/.*/spark-ui"].map((path) => [
        `^${path}(/|\\?|$)`,
        { target: server, changeOrigin: true, headers: { origin: server } },
      ]),
    ),
  },
});
