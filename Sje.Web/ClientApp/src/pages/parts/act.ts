import { useQueryClient, type QueryKey } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { ApiError, messageOf } from "../../api/client";
import { useSession } from "../../api/session";
import { useToasts } from "../../ui";

export interface Deed {
  /** What is said when it is done. */
  said?: string;
  /** Takes it back, for 8 s. */
  undo?: () => Promise<unknown>;
  /** What is read again afterwards. */
  keys?: readonly QueryKey[];
}

/** Carries out what a button asks for: one at a time by its name, says how it ended, reads again what it changed. */
export function useAct() {
  const client = useQueryClient();
  const toasts = useToasts();
  const [busy, setBusy] = useState<string>();
  const run = useCallback(
    async (name: string, call: () => Promise<unknown>, deed: Deed = {}): Promise<boolean> => {
      const again = () => Promise.all((deed.keys ?? []).map((queryKey) => client.invalidateQueries({ queryKey })));
      setBusy(name);
      try {
        await call();
        await again();
        if (deed.said) {
          const { undo } = deed;
          toasts.show({
            text: deed.said,
            tone: "success",
            undo: undo && (async () => void (await run(`undo ${name}`, undo, { keys: deed.keys }))),
          });
        }
        return true;
      } catch (failure) {
        // The shell says what is not allowed, wherever it was tried.
        if (!(failure instanceof ApiError && (failure.status === 403 || failure.status === 429))) toasts.show({ text: messageOf(failure), tone: "failed" });
        void again();
        return false;
      } finally {
        setBusy((now) => (now === name ? undefined : now));
      }
    },
    [client, toasts],
  );
  return { run, busy };
}

/** What the server says may be done with something now. */
export interface Actionable {
  actions?: readonly string[];
}

const RANKS = { viewer: 0, operator: 1, admin: 2 };

/** Why the caller may not change what carries no actions of its own; undefined when they may. */
export function useRoleRefusal(least: "operator" | "admin"): string | undefined {
  const role = useSession().data?.role;
  return role !== undefined && RANKS[role] < RANKS[least] ? `Needs the role ${least}; yours is ${role}.` : undefined;
}

/** Why a verb is not among the actions that the server allows; undefined when it is. */
export function refusal(object: Actionable, verb: string, otherwise = "Not possible now, or your key may not do it."): string | undefined {
  return object.actions?.includes(verb) ? undefined : otherwise;
}
