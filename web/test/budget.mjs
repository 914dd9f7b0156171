// Holds the JavaScript that the first page loads against its budget: 350 KB
// gzipped. What is loaded: the entry script, what it imports, and the overview.
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const budget = 350 * 1024;
const dir = new URL("../../internal/web/dist/ui/", import.meta.url);
const read = (name) => readFileSync(new URL(name, dir));
const html = read("index.html").toString();
const seen = new Set([...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((m) => m[1]));
const overview = readdirSync(new URL("assets/", dir)).find((n) => /^Overview-.*\.js$/.test(n));
if (overview) seen.add(`assets/${overview}`);
for (const name of seen) {
  // Static imports only: what a page imports later is not part of the first load.
  for (const m of read(name).toString().matchAll(/(?:^|[;}\s])(?:import|export)\s*(?:[\w*{}$,\s]+from\s*)?"\.\/([^"]+\.js)"/g)) seen.add(`assets/${m[1]}`);
}
const total = [...seen].reduce((n, name) => n + gzipSync(read(name), { level: 9 }).length, 0);
console.log(`first load: ${(total / 1024).toFixed(1)} KB of gzipped JavaScript in ${seen.size} files, of ${budget / 1024} KB`);
if (seen.size < 2 || total > budget) {
  console.error("over the budget, or the files were not found");
  process.exit(1);
}
