// Turns src/protocol/schema.json (the server's messages) into src/protocol/messages.ts. With --check: fails when stale.

import { readFile, writeFile } from "node:fs/promises";
import { compile } from "json-schema-to-typescript";

const schemaUrl = new URL("../src/protocol/schema.json", import.meta.url);
const typesUrl = new URL("../src/protocol/messages.ts", import.meta.url);

const types = await compile(JSON.parse(await readFile(schemaUrl, "utf8")), "Protocol", {
  bannerComment:
    "// Generated from backend/protocol/messages.py by `make protocol`. Edit that file, not this one.",
  additionalProperties: false,
  style: { printWidth: 110 },
});

if (process.argv.includes("--check")) {
  const present = await readFile(typesUrl, "utf8").catch(() => "");
  if (present !== types) {
    console.error("src/protocol/messages.ts is stale: run `npm run protocol` and commit it.");
    process.exit(1);
  }
} else {
  await writeFile(typesUrl, types);
}
