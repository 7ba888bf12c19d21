import { Button, Select, TextArea, TextField } from "../../ui";
import { textOf, type Declaration, type FieldTexts } from "./parameters";

/** A field for each parameter; one that is left alone keeps its default. */
export function ParameterFields({
  declared,
  texts,
  errors,
  onChange,
  disabled = false,
}: {
  declared: readonly Declaration[];
  texts: FieldTexts;
  errors: Readonly<Record<string, string>>;
  /** Undefined is "as the default says". */
  onChange(name: string, text: string | undefined): void;
  disabled?: boolean;
}) {
  return (
    <div className="job-parameters">
      {declared.map((one) => (
        <ParameterField
          key={one.name}
          declaration={one}
          text={texts[one.name]}
          error={errors[one.name]}
          disabled={disabled}
          onChange={(text) => onChange(one.name, text)}
        />
      ))}
    </div>
  );
}

const HINTS: Partial<Record<Declaration["type"], string>> = {
  timestamp: "2024-05-31T06:00:00Z",
  json: "{}",
};

function ParameterField({
  declaration,
  text,
  error,
  disabled,
  onChange,
}: {
  declaration: Declaration;
  text: string | undefined;
  error: string | undefined;
  disabled: boolean;
  onChange(text: string | undefined): void;
}) {
  const { name, type, required } = declaration;
  const preset = textOf(type, declaration.default);
  const hasPreset = declaration.default !== undefined && declaration.default !== null;
  const label = (
    <>
      <span className="job-parameter-name">{name}</span>
      <span className="muted job-parameter-type">{type}</span>
      {required && <span className="job-required">required</span>}
    </>
  );
  const common = { label, error, disabled, "aria-required": required || undefined };
  if (type === "boolean") {
    return (
      <Select
        {...common}
        value={text ?? ""}
        options={[
          { value: "", label: hasPreset ? `${preset} (default)` : required ? "Choose" : "Not given" },
          { value: "true", label: "true" },
          { value: "false", label: "false" },
        ]}
        onChange={(value) => onChange(value === "" ? undefined : value)}
      />
    );
  }
  if (type === "json") {
    return (
      <TextArea
        {...common}
        rows={3}
        value={text ?? ""}
        placeholder={hasPreset ? preset : HINTS.json}
        help={hasPreset ? "Left empty: the default shown." : undefined}
        onChange={(value) => onChange(value === "" ? undefined : value)}
      />
    );
  }
  return (
    <div className="job-parameter-line">
      <TextField
        {...common}
        type={type === "date" ? "date" : "text"}
        inputMode={type === "int" ? "numeric" : type === "double" ? "decimal" : undefined}
        value={text ?? ""}
        placeholder={hasPreset ? preset : HINTS[type]}
        help={
          hasPreset
            ? text === undefined
              ? `Default: ${preset === "" ? "empty" : preset}`
              : `Default would be ${preset === "" ? "empty" : preset}`
            : undefined
        }
        onChange={(value) => onChange(value === "" && type !== "string" ? undefined : value)}
      />
      {text !== undefined && hasPreset && !disabled && (
        <Button tone="quiet" onClick={() => onChange(undefined)}>
          Use default
        </Button>
      )}
    </div>
  );
}
