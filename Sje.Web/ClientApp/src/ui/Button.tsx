import { Link } from "@tanstack/react-router";
import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Icon, type IconName } from "./Icon";

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary` at most once a view; `danger` where something ends or goes. */
  tone?: "plain" | "primary" | "danger" | "quiet";
  icon?: IconName;
  /** Draws it as working and takes no second click. */
  busy?: boolean;
  /** Why it cannot be used now: it stays reachable by keyboard, and says so. */
  reason?: string;
}

/** A button that does something here. What leads to another page is a `ButtonLink`. */
export function Button({ tone = "plain", icon, busy = false, reason, children, className, onClick, title, ...rest }: ButtonProps) {
  const off = busy || reason !== undefined;
  return (
    <button
      type="button"
      className={`button button-${tone} ${className ?? ""}`}
      aria-disabled={off || undefined}
      aria-busy={busy || undefined}
      title={reason ?? title}
      aria-description={reason}
      onClick={(event) => {
        if (off) event.preventDefault();
        else onClick?.(event);
      }}
      {...rest}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A button with an icon alone; `label` is its name and its hover text. */
export function IconButton({ icon, label, className, ...rest }: Omit<ButtonProps, "children" | "icon"> & { icon: IconName; label: string }) {
  return (
    <Button {...rest} tone={rest.tone ?? "quiet"} icon={icon} aria-label={label} title={rest.reason ?? label} className={`button-icon ${className ?? ""}`} />
  );
}

/** A link that looks like a button. `to` is an address of ours, such as `/executions?state=failed`. */
export function ButtonLink({
  to,
  tone = "plain",
  icon,
  children,
}: {
  to: string;
  tone?: "plain" | "primary" | "quiet";
  icon?: IconName;
  children: ReactNode;
}) {
  return (
    <PageLink to={to} className={`button button-${tone}`}>
      {icon && <Icon name={icon} />}
      {children}
    </PageLink>
  );
}

/** A link to a page of ours by its whole address, with parameters and fragment. */
export function PageLink({
  to,
  children,
  className,
  title,
  ...rest
}: {
  to: string;
  children: ReactNode;
  className?: string;
  title?: string;
  "aria-label"?: string;
  "aria-current"?: "page" | undefined;
  tabIndex?: number;
}) {
  const [path, query] = split(to);
  return (
    <Link to={path} search={query as never} className={className} title={title} {...rest} activeProps={{}}>
      {children}
    </Link>
  );
}

function split(address: string): [string, Record<string, string>] {
  const mark = address.indexOf("?");
  return mark < 0 ? [address, {}] : [address.slice(0, mark), Object.fromEntries(new URLSearchParams(address.slice(mark + 1)))];
}
