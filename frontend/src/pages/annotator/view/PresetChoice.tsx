// Saved contrasts of the series: choose one, save the present one, say which opens for everyone.

import { useSignal } from "@preact/signals";
import { asApiError } from "../../../protocol/errors";
import { lookOf, presetInUse } from "../../../state/annotator/viewing";
import { mayAs } from "../../../state/projects/store";
import { Button } from "../../../ui/Button";
import { Icon } from "../../../ui/icons";
import { Menu, type MenuEntry } from "../../../ui/Menu";
import { NameDialog } from "../../../ui/NameDialog";
import { showToast } from "../../../ui/Toast";
import { useView, useWorkspace } from "../workspace";

export function PresetChoice() {
  const { dispatch, session } = useWorkspace();
  const presets = useView((state) => state.presets);
  const present = useView(presetInUse);
  const role = useView((state) => state.role);
  const naming = useSignal(false);
  const editable = mayAs(role, "annotator");
  const attempt = async (change: () => Promise<void>, done: string) => {
    try {
      await change();
      showToast("success", done);
    } catch (cause) {
      showToast("danger", asApiError(cause).message);
    }
  };
  const entries = (): MenuEntry[] => {
    const chosen: MenuEntry[] =
      present === undefined || !editable
        ? []
        : [
            { heading: present.name },
            {
              label: present.is_default
                ? "Do not open with it any more"
                : "Open the series with it, for everyone",
              icon: "eye",
              onChoose: () =>
                void attempt(
                  () => session.setDefaultPreset(present.is_default ? null : present.id),
                  present.is_default
                    ? "The series opens as each person last saw it."
                    : `The series opens with “${present.name}”, for everyone.`,
                ),
            },
            {
              label: "Delete it",
              icon: "trash",
              danger: true,
              onChoose: () =>
                void attempt(() => session.deletePreset(present.id), `“${present.name}” is deleted.`),
            },
          ];
    return [
      { heading: presets.length === 0 ? "Nothing is saved yet" : "Saved contrasts of this series" },
      ...presets.map((preset) => ({
        label: preset.is_default ? `${preset.name} (opens for everyone)` : preset.name,
        checked: preset === present,
        onChoose: () => dispatch({ type: "display", change: lookOf(preset) }),
      })),
      ...chosen,
    ];
  };
  return (
    <div class="side-buttons">
      <Menu label="Saved contrasts" buttonClass="button preset-choice" align="start" entries={entries}>
        <span>{present?.name ?? "Saved contrasts"}</span> <Icon name="chevron-down" size={12} />
      </Menu>
      {editable && (
        <Button
          title="Window, gamma and inversion under a name, for all members"
          onClick={() => {
            naming.value = true;
          }}
        >
          Save as…
        </Button>
      )}
      {naming.value && (
        <NameDialog
          title="Save this contrast"
          label="Name"
          confirm="Save"
          name=""
          onName={(name) => session.savePreset(name)}
          onClose={() => {
            naming.value = false;
          }}
        />
      )}
    </div>
  );
}
