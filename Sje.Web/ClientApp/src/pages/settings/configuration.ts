/** A setting by its whole name. */
export interface Setting {
  key: string;
  value: string;
}

/** Nested settings as `worker.queues: default, etl`; lists of plain values stay in one line. */
export function flatten(settings: Record<string, unknown>, prefix = ""): Setting[] {
  return Object.entries(settings).flatMap(([name, value]): Setting[] => {
    const key = prefix ? `${prefix}.${name}` : name;
    if (Array.isArray(value)) {
      if (value.every((item) => item === null || typeof item !== "object")) return [{ key, value: value.map(String).join(", ") }];
      return value.flatMap((item, index) => (item && typeof item === "object" ? flatten(item as Record<string, unknown>, `${key}[${index}]`) : [{ key: `${key}[${index}]`, value: String(item) }]));
    }
    if (value && typeof value === "object") return flatten(value as Record<string, unknown>, key);
    return [{ key, value: value === null ? "" : String(value) }];
  });
}
