/** The types that a job may declare, as the server knows them. */
export const PARAMETER_TYPES = ["string", "int", "double", "boolean", "date", "timestamp", "json"] as const;
export type ParameterType = (typeof PARAMETER_TYPES)[number];

/** A parameter that a job declares. */
export interface Declaration {
  name: string;
  type: ParameterType;
  default: unknown;
  required: boolean;
}

/** What stands in the fields of a form: text, whatever the type; an absent one is left to its default. */
export type FieldTexts = Readonly<Record<string, string>>;

export interface FormResult {
  /** The values to send: only those that were given. */
  values: Record<string, unknown>;
  /** What is wrong, by parameter. */
  errors: Record<string, string>;
}

/** The declarations of a job in canonical form, those that must be given first. */
export function declarationsOf(job: Record<string, unknown>): Declaration[] {
  const written = isObject(job["parameters"]) ? job["parameters"] : {};
  const found = Object.entries(written).map(([name, value]): Declaration => {
    const fields: Record<string, unknown> = isObject(value) ? value : {};
    return {
      name,
      type: PARAMETER_TYPES.find((type) => type === fields["type"]) ?? "json",
      default: fields["default"],
      required: fields["required"] === true,
    };
  });
  return [...found.filter((one) => one.required), ...found.filter((one) => !one.required)];
}

/** A value as a field shows it. */
export function textOf(type: ParameterType, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (type === "json") return JSON.stringify(value, null, 2);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Reads a form: what can be told without the server is told at once, in the server's words. */
export function readForm(declared: readonly Declaration[], texts: FieldTexts): FormResult {
  const result: FormResult = { values: {}, errors: {} };
  for (const { name, type, default: preset, required } of declared) {
    const text = texts[name];
    if (text === undefined || (text === "" && type !== "string")) {
      if (required && preset === undefined) result.errors[name] = "A value must be given.";
      continue;
    }
    const read = readValue(type, text);
    if ("wanted" in read) result.errors[name] = `Must be ${read.wanted}.`;
    else if (read.value !== undefined) result.values[name] = read.value;
  }
  return result;
}

/** Puts the faults of a refused run at their fields; `rest` are those of no field. */
export function errorsByField(
  errors: readonly { pointer?: string | null; detail: string }[],
  names: readonly string[],
): { fields: Record<string, string>; rest: string[] } {
  const fields: Record<string, string> = {};
  const rest: string[] = [];
  for (const { pointer, detail } of errors) {
    const name = names.find((one) => pointer === `/parameters/${escapePointer(one)}`);
    if (name === undefined) rest.push(detail);
    else fields[name] = name in fields ? `${fields[name]} ${detail}` : detail;
  }
  return { fields, rest };
}

/** A record without one of its entries. */
export function without<T>(record: Readonly<Record<string, T>>, name: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}

function readValue(type: ParameterType, text: string): { value: unknown } | { wanted: string } {
  const trimmed = text.trim();
  switch (type) {
    case "string":
      return { value: text };
    case "int":
      // Beyond 2^53 a number of JavaScript is another number: the text goes as it is, and the server reads it.
      if (!/^-?\d{1,19}$/.test(trimmed)) return { wanted: "a whole number" };
      return { value: Number.isSafeInteger(Number(trimmed)) ? Number(trimmed) : trimmed };
    case "double":
      return /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(trimmed) && Number.isFinite(Number(trimmed))
        ? { value: Number(trimmed) }
        : { wanted: "a number such as 2.5" };
    case "boolean":
      return trimmed === "true" || trimmed === "false" ? { value: trimmed === "true" } : { wanted: "true or false" };
    case "date":
      return isDate(trimmed) ? { value: trimmed } : { wanted: "a date like 2024-05-31" };
    case "timestamp":
      return /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[-+]\d\d:\d\d)?$/.test(trimmed)
        ? { value: trimmed }
        : { wanted: "an instant like 2024-05-31T06:00:00Z" };
    case "json":
      try {
        return { value: JSON.parse(text) as unknown };
      } catch (wrong) {
        return { wanted: `JSON: ${wrong instanceof Error ? wrong.message : String(wrong)}` };
      }
  }
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** RFC 6901. */
function escapePointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
