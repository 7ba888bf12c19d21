import { listKeys } from "../base/keys";
import { preferences, usePreferences } from "../base/preferences";
import { Checkbox } from "../ui/fields";
import { Dialog } from "../ui/Dialog";

/** Which keys do something here and now. */
export default function KeysDialog({ onClose }: { onClose(): void }) {
  const { singleKeys } = usePreferences();
  return (
    <Dialog title="Keys" onClose={onClose} wide>
      <div className="keys">
        {[...listKeys()].map(([scope, bindings]) => (
          <section key={scope}>
            <h3>{scope}</h3>
            <dl>
              {bindings.map((binding) => (
                <div key={binding.key}>
                  <dt>
                    {binding.key.split(" ").map((key, index) => (
                      <kbd key={index}>{key.replaceAll("+", " ")}</kbd>
                    ))}
                  </dt>
                  <dd>{binding.help}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <Checkbox
        label="Single keys do things"
        help="Keys without Ctrl never work while you type."
        checked={singleKeys}
        onChange={(on) => preferences.set({ singleKeys: on })}
      />
    </Dialog>
  );
}
