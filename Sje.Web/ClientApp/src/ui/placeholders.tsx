import { useEffect, useState, type ReactNode } from "react";
import { ApiError, messageOf } from "../api/client";
import { Button } from "./Button";
import { Icon, type IconName } from "./Icon";

/** True 150 ms after the component came: nothing flickers that is quick. */
export function useLate(): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return late;
}

/** The place of something that is being loaded, of the same size; seen only after 150 ms. */
export function Skeleton({ width = "100%", height = 16, lines = 1 }: { width?: number | string; height?: number | string; lines?: number }) {
  const late = useLate();
  return (
    <div className={`skeleton ${late ? "" : "skeleton-early"}`} aria-busy="true">
      <span className="visually-hidden">Loading</span>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className="skeleton-line" style={{ width, height }} />
      ))}
    </div>
  );
}

/** What is said where there is nothing: what would be here, and what to do about it. */
export function EmptyState({ title, children, icon, actions }: { title: string; children?: ReactNode; icon?: IconName; actions?: ReactNode }) {
  return (
    <div className="empty">
      {icon && <Icon name={icon} size={24} />}
      <p className="empty-title">{title}</p>
      {children && <div className="empty-text">{children}</div>}
      {actions && <div className="row">{actions}</div>}
    </div>
  );
}

/** What is said where something could not be read, with a way to try again. Kept data stays beside it. */
export function ErrorState({ error, onRetry, title }: { error: unknown; onRetry?: () => void; title?: string }) {
  const denied = error instanceof ApiError && error.status === 403;
  return (
    <div className="error-state" role="alert">
      <Icon name="warning" />
      <div>
        <p className="error-title">{title ?? (denied ? "Not allowed" : "This could not be loaded")}</p>
        <p>{messageOf(error)}</p>
      </div>
      {onRetry && !denied && (
        <Button icon="retry" onClick={onRetry}>
          Retry
        </Button>
      )}
    </div>
  );
}
