// Holds what was built to its budgets: what each page loads is walked in the manifest, and counted as it goes over the wire (gzip).
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const output = join(import.meta.dirname, "../../../wwwroot");
const KIB = 1024;
const SHELL = 120;
const ROUTE = 150;
const CHUNK = 100;
const STYLES = 15;

const sizes = new Map();

function sizeOf(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(join(output, file)), { level: 9 }).length);
  return sizes.get(file);
}

// The files that a module needs before it runs.
function filesOf(manifest, key, seen = new Set()) {
  const entry = manifest[key];
  if (!entry || seen.has(key)) return seen;
  seen.add(key);
  for (const other of entry.imports ?? []) filesOf(manifest, other, seen);
  return seen;
}

const scriptsOf = (manifest, keys) => [...new Set([...keys].map((key) => manifest[key].file))].filter((file) => file.endsWith(".js"));
const sum = (files) => files.reduce((total, file) => total + sizeOf(file), 0);

/** Each budget with what it is held to and what it is, in bytes. */
export function measure() {
  const file = join(output, ".vite/manifest.json");
  if (!existsSync(file)) throw new Error(`There is no ${file}: build the pages first.`);
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  const page = readFileSync(join(output, "index.html"), "utf8");
  // The document's own scripts: what is in the manifest as the entry may have moved into a chunk.
  const shell = new Set();
  for (const key of Object.keys(manifest)) if (page.includes(`"/${manifest[key].file}"`)) filesOf(manifest, key, shell);
  if (shell.size === 0) throw new Error("The document names no script of the manifest.");
  const found = [{ name: "JavaScript of the shell", size: sum(scriptsOf(manifest, shell)), limit: SHELL * KIB }];
  const pages = Object.keys(manifest).filter((key) => /^src\/pages\/[^/]+\/index\.tsx$/.test(key));
  if (pages.length !== 10) throw new Error(`There are ${pages.length} pages in the manifest, not 10.`);
  for (const key of pages) {
    const all = new Set([...shell, ...filesOf(manifest, key)]);
    found.push({ name: `JavaScript of ${key.split("/")[2]}, all it loads at first`, size: sum(scriptsOf(manifest, all)), limit: ROUTE * KIB });
  }
  const first = new Set(scriptsOf(manifest, shell));
  for (const name of readdirSync(join(output, "assets")).filter((asset) => asset.endsWith(".js"))) {
    const asset = `assets/${name}`;
    if (!first.has(asset)) found.push({ name: `Chunk ${name.replace(/-[\w-]{8}\.js$/, "")}`, size: sizeOf(asset), limit: CHUNK * KIB });
  }
  const styles = readdirSync(join(output, "assets")).filter((asset) => asset.endsWith(".css"));
  found.push({ name: "Styles, all of them", size: sum(styles.map((asset) => `assets/${asset}`)), limit: STYLES * KIB });
  // The document, its theme script, and what it names; the page's own part comes after the first paint.
  const named = page.match(/<(?:script|link)[^>]*(?:src|href)="\/[^"]+"/g) ?? [];
  found.push({ name: "Requests before the first paint", size: named.length + 1, limit: 6, unit: "" });
  return found;
}

const words = ({ size, limit, unit }) =>
  unit === "" ? `${size} of ${limit}` : `${(size / KIB).toFixed(1)} of ${limit / KIB} KiB`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let over = 0;
  for (const budget of measure()) {
    const wrong = budget.size > budget.limit;
    if (wrong) over++;
    if (wrong || process.argv.includes("--all") || budget.limit - budget.size < budget.limit * 0.15) {
      console.log(`${wrong ? "OVER" : "ok  "} ${budget.name}: ${words(budget)}`);
    }
  }
  process.exitCode = over > 0 ? 1 : 0;
}

export { words };
