import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { get, type Page } from "../api/client";
import { preferences, shownTheme } from "../base/preferences";
import { Icon, type IconName } from "../ui/Icon";
import { StateMark } from "../ui/StateMark";
import { isPageOfOurs, PAGES } from "./routes";
import { toggleTheme } from "./TopBar";

interface Entry {
  id: string;
  group: string;
  name: string;
  /** What else it is found by. */
  words?: string;
  icon?: IconName;
  state?: string;
  note?: string;
  run(): void;
}

interface FoundExecution {
  id: string;
  name: string;
  state: string;
  retrying?: boolean;
}

interface FoundJob {
  name: string;
  description?: string | null;
}

interface Found {
  executions: FoundExecution[];
  jobs: FoundJob[];
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Finds pages, commands, and by the server's search executions and jobs; goes there with Enter. */
export default function Palette({ onClose, onHelp }: { onClose(): void; onHelp(): void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const base = useId();
  const navigate = useNavigate();
  const dialog = useRef<HTMLDialogElement>(null);
  const asked = useSettled(text.trim(), 120);

  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);

  const found = useQuery<Found>({
    queryKey: ["palette", asked],
    enabled: asked.length > 0 && !ID.test(asked),
    staleTime: 5_000,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const [executions, jobs] = await Promise.all([
        get<Page<FoundExecution>>("/executions", { query: { q: asked, limit: 8 }, signal }),
        get<Page<FoundJob>>("/jobs", { query: { q: asked, limit: 6 }, signal }),
      ]);
      return { executions: executions.items, jobs: jobs.items };
    },
  });

  const go = (to: string) => {
    onClose();
    if (!isPageOfOurs(to)) return location.assign(to);
    const [path, query] = to.split("?");
    void navigate({ to: path ?? "/", search: Object.fromEntries(new URLSearchParams(query)) as never });
  };

  const fixed: Entry[] = [
    ...PAGES.map((page) => ({ id: page.path, group: "Pages", name: page.name, words: page.words, icon: page.icon, note: `g ${page.key}`, run: () => go(page.path) })),
    { id: "failed", group: "Pages", name: "Failed executions", words: "errors", icon: "executions" as const, run: () => go("/executions?state=failed") },
    { id: "hangfire", group: "Pages", name: "Hangfire's dashboard", icon: "bolt" as const, run: () => go("/hangfire") },
    { id: "docs", group: "Pages", name: "API documentation", words: "openapi reference", icon: "info" as const, run: () => go("/docs") },
    {
      id: "theme",
      group: "Commands",
      name: shownTheme() === "dark" ? "Use the light theme" : "Use the dark theme",
      words: "colours appearance",
      icon: "moon" as const,
      note: "t",
      run: () => {
        toggleTheme();
        onClose();
      },
    },
    {
      id: "zone",
      group: "Commands",
      name: preferences.get().zone === "utc" ? "Show times in this browser's zone" : "Show times in UTC",
      words: "time zone",
      icon: "schedules" as const,
      run: () => {
        preferences.set({ zone: preferences.get().zone === "utc" ? "local" : "utc" });
        onClose();
      },
    },
    {
      id: "keys",
      group: "Commands",
      name: "Show the keys",
      words: "help shortcuts keyboard",
      icon: "help" as const,
      note: "?",
      run: () => {
        onClose();
        onHelp();
      },
    },
  ];

  const entries = useMemo<Entry[]>(() => {
    const wanted = text.trim().toLowerCase();
    const words = wanted.split(/\s+/);
    const matches = fixed.filter((entry) => {
      const all = `${entry.name} ${entry.words ?? ""}`.toLowerCase();
      return words.every((word) => all.includes(word));
    });
    // A page whose name begins with what was typed comes before one that only has it somewhere.
    matches.sort((a, b) => Number(b.name.toLowerCase().startsWith(wanted)) - Number(a.name.toLowerCase().startsWith(wanted)));
    if (wanted === "") return matches;
    if (ID.test(wanted)) {
      return [{ id: wanted, group: "Executions", name: `Open execution ${wanted}`, icon: "executions" as const, run: () => go(`/executions/${wanted}`) }];
    }
    return [
      ...matches,
      ...(found.data?.jobs ?? []).map((job) => ({
        id: `job:${job.name}`,
        group: "Jobs",
        name: job.name,
        icon: "jobs" as const,
        note: job.description ?? undefined,
        run: () => go(`/jobs/${encodeURIComponent(job.name)}`),
      })),
      ...(found.data?.executions ?? []).map((execution) => ({
        id: execution.id,
        group: "Executions",
        name: execution.name,
        state: execution.retrying ? "retrying" : execution.state,
        note: execution.id.slice(-12),
        run: () => go(`/executions/${execution.id}`),
      })),
    ];
    // The fixed ones close over nothing that changes while the palette is open.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [text, found.data]);

  const active = Math.min(at, entries.length - 1);
  useEffect(() => {
    document.getElementById(`${base}-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [active, base]);

  return (
    <dialog
      ref={dialog}
      className="dialog palette"
      aria-label="Find"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className="palette-inside">
        <div className="palette-input">
          <Icon name="search" />
          <input
            type="text"
            role="combobox"
            aria-label="Find pages, executions and jobs"
            aria-expanded="true"
            aria-controls={`${base}-list`}
            aria-activedescendant={active >= 0 ? `${base}-${active}` : undefined}
            aria-autocomplete="list"
            autoComplete="off"
            spellCheck={false}
            autoFocus
            placeholder="Find pages, executions, jobs"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setAt(0);
            }}
            onKeyDown={(event) => {
              const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
              if (move && entries.length > 0) {
                event.preventDefault();
                setAt((active + move + entries.length) % entries.length);
              } else if (event.key === "Enter") {
                event.preventDefault();
                entries[active]?.run();
              }
            }}
          />
        </div>
        <div id={`${base}-list`} role="listbox" aria-label="Found" className="palette-list">
          {entries.map((entry, index) => (
            <div
              key={entry.id}
              id={`${base}-${index}`}
              role="option"
              aria-selected={index === active}
              className="palette-entry"
              onMouseMove={() => setAt(index)}
              onClick={() => entry.run()}
            >
              {entry.state ? <StateMark state={entry.state} compact /> : entry.icon && <Icon name={entry.icon} />}
              <span className="palette-name">{entry.name}</span>
              <span className="palette-note">{entry.note ?? ""}</span>
              <span className="palette-group">{entry.group}</span>
            </div>
          ))}
        </div>
        <p className="palette-none" role="status">
          {found.isError ? "The search failed." : entries.length > 0 ? "" : found.isFetching ? "Searching …" : "Nothing is called that."}
        </p>
      </div>
    </dialog>
  );
}

// What was typed once the typing rests.
function useSettled(value: string, ms: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
