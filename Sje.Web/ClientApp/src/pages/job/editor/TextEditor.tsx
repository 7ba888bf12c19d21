import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState, RangeSet, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  gutter,
  GutterMarker,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  type DecorationSet,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import type { TextFault } from "../faults";

export interface TextEditorProps {
  value: string;
  onChange(value: string): void;
  onSave(): void;
  label: string;
  /** The id of what tells more about the text: how to leave, what is wrong. */
  describedBy: string;
  readOnly: boolean;
  faults: readonly TextFault[];
  /** Puts the cursor there when it changes. */
  focus: { line: number; times: number } | null;
}

interface Marked {
  lines: DecorationSet;
  gutter: RangeSet<FaultMarker>;
}

class FaultMarker extends GutterMarker {
  constructor(readonly message: string) {
    super();
  }

  override eq(other: FaultMarker): boolean {
    return other.message === this.message;
  }

  override toDOM(): Node {
    const mark = document.createElement("span");
    mark.className = "job-fault-mark";
    mark.title = this.message;
    mark.textContent = "✕";
    return mark;
  }
}

const setFaults = StateEffect.define<readonly TextFault[]>();

const faultField = StateField.define<Marked>({
  create: () => ({ lines: Decoration.none, gutter: RangeSet.empty }),
  update(marked, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setFaults)) return mark(transaction.state, effect.value);
    }
    return transaction.docChanged ? { lines: marked.lines.map(transaction.changes), gutter: marked.gutter.map(transaction.changes) } : marked;
  },
  provide: (field) => EditorView.decorations.from(field, (marked) => marked.lines),
});

function mark(state: EditorState, faults: readonly TextFault[]): Marked {
  const byLine = new Map<number, string[]>();
  for (const { line, detail } of faults) {
    if (line <= state.doc.lines) byLine.set(line, [...(byLine.get(line) ?? []), detail]);
  }
  const starts = [...byLine].map(([line, found]) => ({ from: state.doc.line(line).from, message: found.join("\n") }));
  return {
    lines: Decoration.set(starts.map(({ from }) => Decoration.line({ class: "job-fault-line" }).range(from))),
    gutter: RangeSet.of(
      starts.map(({ from, message }) => new FaultMarker(message).range(from)),
      true,
    ),
  };
}

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--state-success)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--state-cancelled)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
]);

const theme = EditorView.theme({
  "&": { height: "100%", backgroundColor: "var(--surface)", color: "var(--text)", fontSize: "13px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px" },
  ".cm-content": { caretColor: "var(--text)", padding: "8px 0" },
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--muted)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  ".cm-matchingBracket": { backgroundColor: "var(--selected) !important", outline: "1px solid var(--line)" },
  "&.cm-focused": { outline: "none" },
});

/** An editor of YAML and JSON with faults at their lines. Escape, then Tab leaves it. */
export default function TextEditor({ value, onChange, onSave, label, describedBy, readOnly, faults, focus }: TextEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const calls = useRef({ onChange, onSave });
  useEffect(() => {
    calls.current = { onChange, onSave };
  });

  const first = useRef(value);
  useEffect(() => {
    if (!host.current) return;
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          faultField,
          gutter({ class: "job-fault-gutter", markers: (shown) => shown.state.field(faultField).gutter }),
          lineNumbers(),
          history(),
          indentUnit.of("  "),
          indentOnInput(),
          bracketMatching(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          syntaxHighlighting(colours),
          theme,
          yaml(),
          keymap.of([
            {
              key: "Mod-s",
              preventDefault: true,
              run: () => {
                calls.current.onSave();
                return true;
              },
            },
            ...defaultKeymap,
            ...historyKeymap,
            indentWithTab,
          ]),
          EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": describedBy, tabindex: "0" }),
          readOnly ? [EditorState.readOnly.of(true)] : [],
          EditorView.updateListener.of((update) => {
            if (update.docChanged) calls.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      first.current = editor.state.doc.toString();
      editor.destroy();
    };
  }, [label, describedBy, readOnly]);

  useEffect(() => {
    const editor = view.current;
    if (editor && editor.state.doc.toString() !== value) {
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
    }
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({ effects: setFaults.of(faults) });
  }, [faults]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || !focus) return;
    const { from } = editor.state.doc.line(Math.min(focus.line, editor.state.doc.lines));
    editor.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
    editor.focus();
  }, [focus]);

  return <div ref={host} className="job-text" />;
}
