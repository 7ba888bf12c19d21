import { useState } from "react";
import { Button } from "./Button";
import { Checkbox, Select, TextArea, TextField } from "./fields";

/** The part of JSON Schema that forms are made of. */
export interface FormSchema {
  type?: "object" | "string" | "integer" | "number" | "boolean" | "array";
  title?: string;
  description?: string;
  default?: unknown;
  enum?: readonly (string | number | boolean)[];
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  properties?: Record<string, FormSchema>;
  required?: readonly string[];
  items?: FormSchema;
  writeOnly?: boolean;
}

/** A job's parameter as the API gives it: `{ type, default, … }`, or a bare value. */
export interface JobParameter {
  type?: string;
  default?: unknown;
  description?: string;
  required?: boolean;
  enum?: readonly (string | number | boolean)[];
  min?: number;
  max?: number;
}

const TYPES: Record<string, FormSchema["type"]> = {
  int: "integer",
  long: "integer",
  integer: "integer",
  double: "number",
  decimal: "number",
  float: "number",
  number: "number",
  bool: "boolean",
  boolean: "boolean",
  list: "array",
  array: "array",
};

/** The schema of a job's parameters, for `JsonForm`. */
export function schemaOfParameters(parameters: Record<string, unknown>): FormSchema {
  const properties: Record<string, FormSchema> = {};
  const required: string[] = [];
  for (const [name, given] of Object.entries(parameters)) {
    const isSpec = given !== null && typeof given === "object" && !Array.isArray(given);
    const spec: JobParameter = isSpec ? (given as JobParameter) : { default: given, type: typeOf(given) };
    properties[name] = {
      type: TYPES[spec.type ?? ""] ?? "string",
      format: spec.type === "date" || spec.type === "timestamp" ? spec.type : undefined,
      title: name,
      description: spec.description,
      default: spec.default,
      enum: spec.enum,
      minimum: spec.min,
      maximum: spec.max,
    };
    if (spec.required || (isSpec && spec.default === undefined)) required.push(name);
  }
  return { type: "object", properties, required };
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? "array" : typeof value === "number" ? (Number.isInteger(value) ? "integer" : "number") : typeof value;
}

/** What is wrong with a value, by JSON pointer; empty when nothing is. */
export function checkForm(schema: FormSchema, value: Record<string, unknown>): Record<string, string> {
  const faults: Record<string, string> = {};
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const given = value[name];
    const pointer = `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (given === undefined || given === "") {
      if (schema.required?.includes(name) && field.default === undefined) faults[pointer] = "Needed.";
      continue;
    }
    if ((field.type === "integer" || field.type === "number") && (typeof given !== "number" || !Number.isFinite(given))) faults[pointer] = "A number is needed.";
    else if (field.type === "integer" && !Number.isInteger(given)) faults[pointer] = "A whole number is needed.";
    else if (typeof given === "number" && field.minimum !== undefined && given < field.minimum) faults[pointer] = `At least ${field.minimum}.`;
    else if (typeof given === "number" && field.maximum !== undefined && given > field.maximum) faults[pointer] = `At most ${field.maximum}.`;
    else if (typeof given === "string" && field.maxLength !== undefined && given.length > field.maxLength) faults[pointer] = `At most ${field.maxLength} characters.`;
    else if ((field.type === "array" || field.type === "object") && typeof given === "string") faults[pointer] = "This is not JSON yet.";
  }
  return faults;
}

/**
 * A form from a schema. The value holds only what was set: a field that is left alone keeps the job's default.
 * @param errors messages by JSON pointer (`/day`), such as `checkForm` or the server's problem gives
 */
export function JsonForm({
  schema,
  value,
  onChange,
  errors = {},
}: {
  schema: FormSchema;
  value: Record<string, unknown>;
  onChange(value: Record<string, unknown>): void;
  errors?: Record<string, string>;
}) {
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties ?? {});
  const main = fields.filter(([name]) => required.has(name));
  const rest = fields.filter(([name]) => !required.has(name));
  const draw = ([name, field]: [string, FormSchema]) => (
    <FormField
      key={name}
      name={name}
      schema={field}
      required={required.has(name)}
      value={value[name]}
      error={errors[`/${name}`]}
      onChange={(next) => {
        const { [name]: _, ...others } = value;
        onChange(next === undefined ? others : { ...others, [name]: next });
      }}
    />
  );
  return (
    <div className="form">
      {main.map(draw)}
      {rest.map(draw)}
    </div>
  );
}

function FormField({
  name,
  schema,
  value,
  required,
  error,
  onChange,
}: {
  name: string;
  schema: FormSchema;
  value: unknown;
  required: boolean;
  error?: string;
  onChange(value: unknown): void;
}) {
  const label = `${schema.title ?? name}${required ? " *" : ""}`;
  const standing = schema.default === undefined ? "" : typeof schema.default === "string" ? schema.default : JSON.stringify(schema.default);
  const set = value !== undefined;
  const reset = set && !required && (
    <Button tone="quiet" onClick={() => onChange(undefined)}>
      Reset
    </Button>
  );
  const help = [schema.description, standing === "" ? "" : `Default: ${standing}`].filter(Boolean).join(" · ") || undefined;

  if (schema.enum) {
    const options = schema.enum.map((option) => ({ value: JSON.stringify(option), label: String(option) }));
    return (
      <div className="form-field">
        <Select
          label={label}
          help={help}
          error={error}
          value={set ? JSON.stringify(value) : ""}
          options={[{ value: "", label: standing === "" ? "Choose" : `${standing} (default)` }, ...options]}
          onChange={(next) => onChange(next === "" ? undefined : (JSON.parse(next) as unknown))}
        />
      </div>
    );
  }
  if (schema.type === "boolean") {
    return (
      <div className="form-field">
        <Checkbox label={label} help={help} checked={Boolean(value ?? schema.default)} onChange={onChange} />
        {reset}
      </div>
    );
  }
  if (schema.type === "array" || schema.type === "object") {
    return (
      <div className="form-field">
        <JsonField label={label} help={help} error={error} value={value} standing={standing} onChange={onChange} />
        {reset}
      </div>
    );
  }
  const numeric = schema.type === "integer" || schema.type === "number";
  return (
    <div className="form-field">
      <TextField
        label={label}
        help={help}
        error={error}
        required={required}
        type={schema.writeOnly ? "password" : schema.format === "date" ? "date" : "text"}
        inputMode={numeric ? "decimal" : undefined}
        placeholder={standing}
        value={value === undefined ? "" : String(value)}
        onChange={(text) => {
          const number = Number(text);
          onChange(text === "" ? undefined : numeric && text.trim() !== "" && Number.isFinite(number) && !/[.]$/.test(text) ? number : text);
        }}
      />
      {reset}
    </div>
  );
}

// Keeps what is typed while it is not JSON yet.
function JsonField({
  label,
  help,
  error,
  value,
  standing,
  onChange,
}: {
  label: string;
  help?: string;
  error?: string;
  value: unknown;
  standing: string;
  onChange(value: unknown): void;
}) {
  const [text, setText] = useState(value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value));
  return (
    <TextArea
      label={label}
      help={help}
      error={error}
      value={value === undefined ? "" : text}
      placeholder={standing}
      onChange={(next) => {
        setText(next);
        if (next === "") return onChange(undefined);
        try {
          onChange(JSON.parse(next));
        } catch {
          onChange(next);
        }
      }}
    />
  );
}
