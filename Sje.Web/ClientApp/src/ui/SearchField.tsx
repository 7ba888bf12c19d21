import { useEffect, useRef, useState } from "react";
import { useKeys } from "../base/keys";
import { TextField } from "./fields";

/**
 * The search of a list, which goes on while one types; `/` leads to it. `onChange` gets the text, without space around it, when the fingers
 * have rested for `restMs`, and at the latest when the focus leaves: whatever follows by key or click finds the address written.
 */
export function SearchField({
  value,
  label,
  placeholder = label,
  help,
  restMs,
  className,
  onChange,
}: {
  value: string;
  label: string;
  placeholder?: string;
  /** What the list of keys says of `/`. */
  help: string;
  restMs: number;
  className?: string;
  onChange(text: string): void;
}) {
  const [typed, setTyped] = useState(value);
  const written = useRef(value);
  const box = useRef<HTMLDivElement>(null);
  useKeys("List", [{ key: "/", help, run: () => box.current?.querySelector("input")?.focus() }]);
  useEffect(() => {
    // The address changed by itself: Back, a link, a cleared filter.
    if (value !== written.current) {
      written.current = value;
      setTyped(value);
    }
  }, [value]);
  const write = () => {
    const text = typed.trim();
    if (text === written.current) return;
    written.current = text;
    onChange(text);
  };
  useEffect(() => {
    if (typed.trim() === written.current) return;
    const timer = setTimeout(write, restMs);
    return () => clearTimeout(timer);
  });
  return (
    <div ref={box} className={className} onBlur={write}>
      <TextField type="search" label={label} hideLabel placeholder={placeholder} value={typed} onChange={setTyped} />
    </div>
  );
}
