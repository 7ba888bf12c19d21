import { useEffect, useId, type ReactNode } from "react";

/** A bordered part of a page with a heading of its own. */
export function Card({
  title,
  actions,
  children,
  className,
  flush = false,
}: {
  title?: ReactNode;
  /** Buttons or links at the right of the heading. */
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
  /** Without padding: for a table that fills it. */
  flush?: boolean;
}) {
  const id = useId();
  return (
    <section className={`card ${flush ? "card-flush" : ""} ${className ?? ""}`} aria-labelledby={title ? id : undefined}>
      {(title || actions) && (
        <header className="card-head">
          {title && <h2 id={id}>{title}</h2>}
          {actions && <div className="row">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** The head of a page: its one `h1`, what belongs beside it, its actions. Sets the title of the tab. */
export function PageHead({ title, beside, actions, tab }: { title: ReactNode; beside?: ReactNode; actions?: ReactNode; /** The tab's title where `title` is not plain text. */ tab?: string }) {
  const text = tab ?? (typeof title === "string" ? title : undefined);
  useEffect(() => {
    if (text) document.title = `${text} – SJE`;
  }, [text]);
  return (
    <header className="page-head">
      <h1>{title}</h1>
      {beside}
      {actions && <div className="row page-head-actions">{actions}</div>}
    </header>
  );
}
