// Takes the pictures of the documentation. usage: pictures.mjs URL FOLDER   (see docs/images/make)
import { chromium } from "playwright-core";
import { existsSync } from "node:fs";
import { join } from "node:path";

const [url, folder] = process.argv.slice(2);
if (!folder) {
  console.error("usage: pictures.mjs URL FOLDER");
  process.exit(2);
}

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

const newest = async (query) => {
  const answer = await fetch(`${url}/api/v1/executions?limit=1&${query}`);
  const { items } = await answer.json();
  if (items.length === 0) throw new Error(`There is no execution with ${query}.`);
  return items[0].id;
};

const failed = await newest("job=price-import&state=failed");
const running = await newest("job=nightly-orders");
const pictures = [
  ["operations", "/ops"],
  ["executions", "/executions"],
  ["failed-execution", `/executions/${failed}`],
  ["running-execution", `/executions/${running}`],
  ["execution-graph", `/executions/${running}?tab=graph`],
  ["jobs", "/jobs"],
  ["job", "/jobs/nightly-orders"],
  ["job-definition", "/jobs/nightly-orders?tab=definition"],
  ["schedules", "/schedules"],
  ["queues", "/queues"],
  ["workers", "/workers"],
  ["dead-letters", "/dead-letters"],
  ["settings", "/settings"],
  ["hangfire", "/hangfire/jobs/processing"],
];
// What the documentation shows by night, too.
const dark = ["operations", "failed-execution"];
const trouble = [];
for (const theme of ["light", "dark"]) {
  const context = await browser.newContext({
    colorScheme: theme,
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
  });
  for (const [name, path] of pictures.filter(([name]) => theme === "light" || dark.includes(name))) {
    const page = await context.newPage();
    page.on("pageerror", (error) => trouble.push(`${theme} ${path}: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error") trouble.push(`${theme} ${path}: ${message.text()}`);
    });
    await page.goto(url + path);
    await page.waitForTimeout(2500);
    await page.screenshot({ path: join(folder, theme === "light" ? `${name}.png` : `${name}-dark.png`) });
    await page.close();
  }

  await context.close();
}

await browser.close();
if (trouble.length > 0) {
  console.error(trouble.join("\n"));
  process.exit(1);
}
