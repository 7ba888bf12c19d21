/** Writes a job as YAML; the library is loaded when it is first needed. */
export async function toYaml(job: Record<string, unknown>): Promise<string> {
  const { stringify } = await import("yaml");
  // Long commands and conditions stay on their line, as people write them.
  return stringify(job, { lineWidth: 0, version: "1.2", aliasDuplicateObjects: false });
}
