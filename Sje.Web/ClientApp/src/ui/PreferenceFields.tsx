import { zoneName } from "../base/format";
import { preferences, usePreferences, type Preferences } from "../base/preferences";
import { Checkbox, Select } from "./fields";
import { Time } from "./values";

const set =
  <P extends keyof Preferences>(name: P) =>
  (value: string) =>
    preferences.set({ [name]: value } as Partial<Preferences>);

/**
 * How things look in this browser.
 * @param explained with what each means, and with those that are chosen once
 */
export function PreferenceFields({ explained = false }: { explained?: boolean }) {
  const chosen = usePreferences();
  return (
    <>
      <Select
        label="Theme"
        value={chosen.theme}
        onChange={set("theme")}
        options={[
          { value: "system", label: "As the system" },
          { value: "light", label: "Light" },
          { value: "dark", label: "Dark" },
        ]}
      />
      <Select
        label="Times are in"
        help={explained && <>Now it is <Time at={new Date()} show="full" />. Charts and Gantt bars follow.</>}
        value={chosen.zone}
        onChange={set("zone")}
        options={[
          { value: "local", label: `This browser's zone (${zoneName("local")})` },
          { value: "utc", label: "UTC" },
        ]}
      />
      <Select
        label="Rows of tables"
        value={chosen.density}
        onChange={set("density")}
        options={[
          { value: "compact", label: "Compact: 26 pixels" },
          { value: "normal", label: "Normal: 32 pixels" },
          { value: "comfortable", label: "Comfortable: 40 pixels" },
        ]}
      />
      {explained && <Checkbox label="Navigation as icons only" checked={chosen.narrow} onChange={(narrow) => preferences.set({ narrow })} />}
      <Checkbox
        label="Single keys do things"
        help={explained && "j, k, r, g o and the like. Off, only keys with Ctrl, Enter, arrows and Esc work. Press ? for all of them."}
        checked={chosen.singleKeys}
        onChange={(singleKeys) => preferences.set({ singleKeys })}
      />
    </>
  );
}
