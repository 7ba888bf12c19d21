// All checks of the pages that need no server: types, lint, unit tests, budgets. The last line is for ./sje test: "N passed, M failed".
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measure, words } from "./budgets.mjs";

const here = join(import.meta.dirname, "..");
let passed = 0;
const failures = [];

function run(name, command, args) {
  const done = spawnSync(join(here, "node_modules/.bin", command), args, { cwd: here, encoding: "utf8", maxBuffer: 1 << 28 });
  if (done.status === 0) passed++;
  else failures.push(`${name}\n${done.stdout}${done.stderr}`);
}

run("types", "tsc", ["--noEmit"]);
run("lint", "oxlint", ["--deny-warnings", "src", "scripts"]);

const folder = mkdtempSync(join(tmpdir(), "sje-pages-"));
try {
  const report = join(folder, "report.json");
  const done = spawnSync(join(here, "node_modules/.bin/vitest"), ["run", "--reporter=json", `--outputFile=${report}`], {
    cwd: here,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  let told = 0;
  try {
    for (const file of JSON.parse(readFileSync(report, "utf8")).testResults) {
      for (const test of file.assertionResults) {
        if (test.status === "passed") passed++;
        else if (test.status === "failed") {
          told++;
          failures.push(`${file.name}: ${test.fullName}\n${test.failureMessages.join("\n")}`);
        }
      }
      if (file.status === "failed" && file.assertionResults.length === 0) {
        told++;
        failures.push(`${file.name}\n${file.message}`);
      }
    }
  } catch {
    // Without a report the exit code below says it.
  }
  if (done.status !== 0 && told === 0) failures.push(`vitest\n${done.stdout}${done.stderr}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

try {
  for (const budget of measure()) {
    if (budget.size <= budget.limit) passed++;
    else failures.push(`${budget.name}: ${words(budget)}`);
  }
} catch (failure) {
  failures.push(`budgets\n${failure.message}`);
}

for (const failure of failures) console.log(`failed pages: ${failure.split("\n").slice(0, 14).join("\n  ")}`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;
