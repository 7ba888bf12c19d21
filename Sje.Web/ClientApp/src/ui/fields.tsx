import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes } from "react";

export interface FieldProps {
  label: ReactNode;
  /** Hides the label from the eye, not from screen readers: for filters whose meaning is plain. */
  hideLabel?: boolean;
  help?: ReactNode;
  /** What is wrong with the value; drawn at the field and read out. */
  error?: ReactNode;
}

/** Label, help and error around any control; `children` gets the attributes that tie them together. */
export function Field({
  label,
  hideLabel = false,
  help,
  error,
  children,
}: FieldProps & {
  children(control: { id: string; "aria-describedby": string | undefined; "aria-invalid": true | undefined }): ReactNode;
}) {
  const id = useId();
  const described = [help ? `${id}-help` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id} className={hideLabel ? "visually-hidden" : undefined}>
        {label}
      </label>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": error ? true : undefined })}
      {help && (
        <p id={`${id}-help`} className="field-help">
          {help}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className="field-error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

type Changes<E> = Omit<E, "onChange" | "value" | "id">;

/** One line of text. `onChange` gets the text. */
export function TextField({
  label,
  hideLabel,
  help,
  error,
  value,
  onChange,
  ...rest
}: FieldProps & Changes<InputHTMLAttributes<HTMLInputElement>> & { value: string; onChange(value: string): void }) {
  return (
    <Field label={label} hideLabel={hideLabel} help={help} error={error}>
      {(control) => (
        <input type="text" autoComplete="off" spellCheck={false} {...rest} {...control} className="input" value={value} onChange={(event) => onChange(event.target.value)} />
      )}
    </Field>
  );
}

/** Several lines of text. */
export function TextArea({
  label,
  hideLabel,
  help,
  error,
  value,
  onChange,
  ...rest
}: FieldProps & Changes<TextareaHTMLAttributes<HTMLTextAreaElement>> & { value: string; onChange(value: string): void }) {
  return (
    <Field label={label} hideLabel={hideLabel} help={help} error={error}>
      {(control) => <textarea rows={4} spellCheck={false} {...rest} {...control} className="input" value={value} onChange={(event) => onChange(event.target.value)} />}
    </Field>
  );
}

export interface Option {
  value: string;
  label: string;
}

/** One of a few values. */
export function Select({
  label,
  hideLabel,
  help,
  error,
  value,
  options,
  onChange,
  ...rest
}: FieldProps & Changes<SelectHTMLAttributes<HTMLSelectElement>> & { value: string; options: readonly Option[]; onChange(value: string): void }) {
  return (
    <Field label={label} hideLabel={hideLabel} help={help} error={error}>
      {(control) => (
        <select {...rest} {...control} className="input" value={value} onChange={(event) => onChange(event.target.value)}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** Yes or no. */
export function Checkbox({
  label,
  checked,
  onChange,
  help,
  disabled,
  hideLabel = false,
}: {
  label: ReactNode;
  checked: boolean;
  onChange(checked: boolean): void;
  help?: ReactNode;
  disabled?: boolean;
  hideLabel?: boolean;
}) {
  const id = useId();
  return (
    <div className="checkbox">
      <input id={id} type="checkbox" checked={checked} disabled={disabled} aria-describedby={help ? `${id}-help` : undefined} onChange={(event) => onChange(event.target.checked)} />
      <label htmlFor={id} className={hideLabel ? "visually-hidden" : undefined}>
        {label}
      </label>
      {help && (
        <p id={`${id}-help`} className="field-help">
          {help}
        </p>
      )}
    </div>
  );
}
