import { useEffect, useSyncExternalStore } from "react";
import { Button, IconButton } from "./Button";
import { Icon } from "./Icon";

export interface ToastOptions {
  text: string;
  tone?: "info" | "success" | "failed";
  /** Shown as "Undo" for 8 s. */
  undo?: () => void | Promise<void>;
  /** Another button than "Undo". */
  action?: { label: string; run(): void };
  /** How long it stays; failures stay until they are closed unless this says otherwise. */
  seconds?: number;
}

interface Toast extends ToastOptions {
  id: number;
}

let toasts: readonly Toast[] = [];
let newest = 0;
const watchers = new Set<() => void>();

function put(next: readonly Toast[]): void {
  toasts = next;
  for (const watcher of watchers) watcher();
}

/** Says something at the edge of the screen. Returns how to take it back. */
export function showToast(options: ToastOptions): () => void {
  const id = ++newest;
  put([...toasts.filter((toast) => toast.text !== options.text), { ...options, id }].slice(-4));
  return () => dismiss(id);
}

function dismiss(id: number): void {
  put(toasts.filter((toast) => toast.id !== id));
}

/**
 * Short messages about what was just done.
 * @example toasts.show({ text: "Paused “etl”.", tone: "success", undo: () => resume("etl") })
 */
export function useToasts(): { show: typeof showToast } {
  return api;
}

const api = { show: showToast };

/** Where they appear; once, in the shell. */
export function ToastHost() {
  const shown = useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => toasts,
  );
  return (
    <div className="toasts" role="region" aria-label="Messages">
      <div aria-live="polite">
        {shown.map((toast) => (
          <Shown key={toast.id} toast={toast} />
        ))}
      </div>
    </div>
  );
}

function Shown({ toast }: { toast: Toast }) {
  const { id, text, tone = "info", undo, action, seconds = tone === "failed" ? undefined : 8 } = toast;
  useEffect(() => {
    if (seconds === undefined) return;
    const timer = setTimeout(() => dismiss(id), seconds * 1000);
    return () => clearTimeout(timer);
  }, [id, seconds]);
  return (
    <div className={`toast toast-${tone}`}>
      <Icon name={tone === "failed" ? "warning" : tone === "success" ? "check" : "info"} />
      <span className="toast-text">{text}</span>
      {undo && (
        <Button
          tone="quiet"
          onClick={() => {
            dismiss(id);
            void undo();
          }}
        >
          Undo
        </Button>
      )}
      {action && (
        <Button
          tone="quiet"
          onClick={() => {
            dismiss(id);
            action.run();
          }}
        >
          {action.label}
        </Button>
      )}
      <IconButton icon="close" label="Close message" onClick={() => dismiss(id)} />
    </div>
  );
}
