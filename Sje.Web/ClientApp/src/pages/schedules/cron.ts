import cronstrue from "cronstrue";

/** A field of a cron line and where it stands in the line. */
export interface CronPart {
  index: number;
  name: string;
  text: string;
  from: number;
  to: number;
}

const FIVE = ["minute", "hour", "day of month", "month", "day of week"];
const SIX = ["second", ...FIVE];

// The server's words for whole lines; cronstrue does not know all of them.
const MACROS: Record<string, string> = {
  "@every_second": "* * * * * *",
  "@every_minute": "* * * * *",
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

/** Splits a cron line at white space. A field beyond the sixth, or of a line too short, is named by its number. */
export function partsOf(cron: string): CronPart[] {
  const found = [...cron.matchAll(/\S+/g)];
  const names = found.length === 6 ? SIX : found.length === 1 && found[0]?.[0].startsWith("@") ? ["macro"] : FIVE;
  return found.map((match, index) => ({
    index,
    name: names[index] ?? `field ${index + 1}`,
    text: match[0],
    from: match.index,
    to: match.index + match[0].length,
  }));
}

/** The line in fields, for those who know no macros. */
export function fieldsOf(cron: string): string {
  const line = cron.trim().replace(/\s+/g, " ");
  return MACROS[line.toLowerCase()] ?? line;
}

/** What a cron line says, in English; null where there are no words for it (which does not make it wrong: the server judges). */
export function describeCron(cron: string): string | null {
  const fields = fieldsOf(cron);
  const count = fields === "" ? 0 : fields.split(" ").length;
  if (count !== 5 && count !== 6) {
    return null;
  }
  try {
    // The server wants both the day of the month and the day of the week to fit, where classic cron takes either.
    return cronstrue.toString(fields, { use24HourTimeFormat: true, logicalAndDayFields: true });
  } catch {
    return null;
  }
}
