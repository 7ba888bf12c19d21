// Writes ../../src/api/schema.ts from openapi.json beside it, which ApiSnapshotTests holds to what the server serves.
// The first line names the snapshot that it was made from, so that the test can tell a stale one.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const snapshot = readFileSync(new URL("openapi.json", import.meta.url));
const { openapi, info, components } = JSON.parse(snapshot);
const types = await openapiTS(
  { openapi, info, paths: {}, components: { schemas: components.schemas } },
  {
    rootTypes: true,
    rootTypesNoSchemaPrefix: true,
    rootTypesKeepCasing: true,
    alphabetize: true,
    emptyObjectsUnknown: true,
  },
);
const sum = createHash("sha256").update(snapshot).digest("hex");
writeFileSync(
  new URL("../../src/api/schema.ts", import.meta.url),
  `// Generated from tools/types/openapi.json, sha256 ${sum}. Do not edit: npm run generate in tools/types.\n\n${astToString(types)}`,
);
