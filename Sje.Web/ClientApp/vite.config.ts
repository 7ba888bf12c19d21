import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Where `vite` (the development server) finds a running SJE for everything that is not a page.
declare const process: { env: Record<string, string | undefined> };
const server = process.env["SJE_DEV_SERVER"] ?? "http://127.0.0.1:5180";

export default defineConfig({
  base: "/",
  plugins: [react()],
  build: {
    outDir: "../../wwwroot",
    emptyOutDir: true,
    manifest: true,
    target: "es2023",
    // Everything that the first paint needs is in the document already: a preload list would only ask for more.
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              name: "vendor",
              test: /node_modules\/(react|react-dom|scheduler|@tanstack\/(?!react-virtual|virtual-core)[^/]+)\//,
              priority: 30,
            },
            {
              name: "shell",
              test: /src\/(app\/(?!Palette|KeysDialog|LoginPage)|api\/client|api\/session|base\/|live\/|design\/|ui\/(?!DataTable|Chart|JsonForm|CodeEditor))/,
              priority: 20,
            },
            { name: "table", test: /(src\/ui\/DataTable|node_modules\/@tanstack\/(react-virtual|virtual-core))/, priority: 20 },
            { name: "editor", test: /node_modules\/(@codemirror\/(?!lang-)|@lezer\/(?!yaml)|style-mod|w3c-keyname|crelt|@marijn)/, priority: 20 },
            { name: "chart", test: /(src\/ui\/Chart|node_modules\/uplot)/, priority: 20 },
          ],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ["/api", "/task", "/tasks", "/health", "/mgmt", "/hangfire", "/docs", "/openapi", "/executions/.*/spark-ui"].map((path) => [
        `^${path}(/|\\?|$)`,
        { target: server, changeOrigin: true, headers: { origin: server } },
      ]),
    ),
  },
});
