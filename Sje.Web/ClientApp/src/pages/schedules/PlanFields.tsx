import { Select, TextField } from "../../ui";
import { partsOf } from "./cron";
import { cronOf, DEFAULT_CALENDAR, DEFAULT_INTERVAL, planOf, STEPS, WEEKDAYS, type CalendarPlan, type IntervalPlan, type Plan } from "./presets";

export interface BadPart {
  index: number;
  text: string;
}

const KINDS = [
  { id: "interval", label: "Interval" },
  { id: "calendar", label: "Calendar" },
  { id: "cron", label: "Cron line" },
] as const;

/** How often, in one of three ways of saying it; all of them are one cron line. */
export function PlanFields({
  kind,
  cron,
  error,
  badPart,
  disabled,
  onKind,
  onCron,
}: {
  kind: Plan["kind"];
  cron: string;
  error: string | undefined;
  badPart: BadPart | null;
  disabled: boolean;
  onKind(kind: Plan["kind"]): void;
  onCron(cron: string): void;
}) {
  const plan = planOf(cron);
  const choose = (next: Plan["kind"]) => {
    onKind(next);
    if (next === "interval" && plan.kind !== "interval") onCron(cronOf(DEFAULT_INTERVAL));
    if (next === "calendar" && plan.kind !== "calendar") onCron(cronOf(DEFAULT_CALENDAR));
  };
  return (
    <fieldset className="schedules-plan" disabled={disabled}>
      <legend>When</legend>
      <div className="schedules-kinds" role="radiogroup" aria-label="How the time is given">
        {KINDS.map(({ id, label }) => (
          <label key={id} className={kind === id ? "schedules-kind schedules-kind-on" : "schedules-kind"}>
            <input type="radio" name="plan-kind" checked={kind === id} onChange={() => choose(id)} />
            {label}
          </label>
        ))}
      </div>
      {kind === "interval" && <IntervalFields plan={plan.kind === "interval" ? plan : DEFAULT_INTERVAL} onChange={(next) => onCron(cronOf(next))} />}
      {kind === "calendar" && <CalendarFields plan={plan.kind === "calendar" ? plan : DEFAULT_CALENDAR} onChange={(next) => onCron(cronOf(next))} />}
      {kind === "cron" ? (
        <div className="schedules-cron">
          <TextField
            label="Cron line"
            value={cron}
            error={error}
            help="minute hour day-of-month month day-of-week, or six fields with seconds first, or @daily and the like"
            onChange={onCron}
          />
          <CronParts cron={cron} badPart={badPart} />
        </div>
      ) : (
        <p className="muted schedules-as-cron">
          As a cron line: <code>{cron}</code>
        </p>
      )}
    </fieldset>
  );
}

/** The fields of the line by their names; the one that is wrong stands out. */
function CronParts({ cron, badPart }: { cron: string; badPart: BadPart | null }) {
  const parts = partsOf(cron);
  if (parts.length === 0) return null;
  return (
    <ol className="schedules-parts" aria-label="Fields of the cron line">
      {parts.map((part) => {
        const bad = badPart !== null && badPart.index === part.index;
        return (
          <li key={part.index} className={bad ? "schedules-part schedules-part-bad" : "schedules-part"} data-bad={bad || undefined}>
            <code>{part.text}</code>
            <span>
              {part.name}
              {bad && <span className="visually-hidden"> is wrong</span>}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function IntervalFields({ plan, onChange }: { plan: IntervalPlan; onChange(plan: IntervalPlan): void }) {
  return (
    <div className="schedules-line">
      <Select
        label="Every"
        value={String(plan.every)}
        options={STEPS[plan.unit].map((step) => ({ value: String(step), label: String(step) }))}
        onChange={(every) => onChange({ ...plan, every: Number(every) })}
      />
      <Select
        label="Unit"
        value={plan.unit}
        options={[
          { value: "seconds", label: "seconds" },
          { value: "minutes", label: "minutes" },
          { value: "hours", label: "hours" },
        ]}
        onChange={(text) => {
          const unit = text as IntervalPlan["unit"];
          const every = STEPS[unit].includes(plan.every) ? plan.every : (STEPS[unit].at(0) ?? 1);
          onChange({ ...plan, unit, every, minute: unit === "hours" ? plan.minute : 0 });
        }}
      />
      {plan.unit === "hours" && (
        <Select
          label="At minute"
          value={String(plan.minute)}
          options={Array.from({ length: 60 }, (_, minute) => ({ value: String(minute), label: String(minute).padStart(2, "0") }))}
          onChange={(minute) => onChange({ ...plan, minute: Number(minute) })}
        />
      )}
    </div>
  );
}

function CalendarFields({ plan, onChange }: { plan: CalendarPlan; onChange(plan: CalendarPlan): void }) {
  const toggle = (day: number) => {
    const weekdays = plan.weekdays.includes(day) ? plan.weekdays.filter((one) => one !== day) : [...plan.weekdays, day];
    // A week without a day is never due.
    if (weekdays.length > 0) onChange({ ...plan, weekdays });
  };
  return (
    <>
      <div className="schedules-line">
        <Select
          label="Each"
          value={plan.repeat}
          options={[
            { value: "day", label: "day" },
            { value: "week", label: "week" },
            { value: "month", label: "month" },
          ]}
          onChange={(repeat) => onChange({ ...plan, repeat: repeat as CalendarPlan["repeat"] })}
        />
        {plan.repeat === "month" && (
          <Select
            label="On day"
            value={String(plan.monthDay)}
            options={[
              ...Array.from({ length: 31 }, (_, day) => ({ value: String(day + 1), label: String(day + 1) })),
              { value: "last", label: "the last day" },
            ]}
            help={typeof plan.monthDay === "number" && plan.monthDay > 28 ? `Months without a ${plan.monthDay}th are left out` : undefined}
            onChange={(day) => onChange({ ...plan, monthDay: day === "last" ? "last" : Number(day) })}
          />
        )}
        <TextField label="At" type="time" required value={plan.time} onChange={(time) => time !== "" && onChange({ ...plan, time })} />
      </div>
      {plan.repeat === "week" && (
        <div className="schedules-days" role="group" aria-label="On these days">
          {[1, 2, 3, 4, 5, 6, 0].map((day) => (
            <button
              key={day}
              type="button"
              className={plan.weekdays.includes(day) ? "schedules-day schedules-day-on" : "schedules-day"}
              aria-pressed={plan.weekdays.includes(day)}
              aria-label={WEEKDAYS[day]}
              onClick={() => toggle(day)}
            >
              {WEEKDAYS[day]?.slice(0, 3)}
            </button>
          ))}
        </div>
      )}
    </>
  );
}
