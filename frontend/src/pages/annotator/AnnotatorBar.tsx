// The bar on top: where one is, which model answers, whether work is saved, export, and who belongs here.

import { counted } from "../../state/format";
import { runCommand } from "../../tools/commands";
import { Avatar } from "../../ui/Avatar";
import { Button, IconButton } from "../../ui/Button";
import { Select } from "../../ui/Field";
import { TopBar } from "../TopBar";
import { shortcut } from "./command_keys";
import { StatusChip } from "./StatusChip";
import { useView, useWorkspace } from "./workspace";

const MOST_PEOPLE = 3;

export function AnnotatorBar() {
  const { dispatch, commands, dialog, session } = useWorkspace();
  const { project } = session;
  const name = useView((state) => state.series.name);
  const model = useView((state) => state.model);
  const models = useView((state) => state.models);
  const beside = useView((state) => state.beside !== null);
  const choices = models
    .filter((one) => one.promptable && one.available)
    .map((one) => ({ value: one.name, label: one.title }));
  const myself = useView((state) => state.user.id);
  // Oneself is in the account's menu beside them.
  const others = project.members.filter(({ user }) => user.id !== myself).map(({ user }) => user.name);
  return (
    <TopBar
      crumbs={[{ label: project.name, href: `/projects/${encodeURIComponent(project.id)}` }, { label: name }]}
    >
      <StatusChip />
      {choices.length > 0 && (
        <span class="model-select" title="Model that answers clicks and boxes">
          <Select
            label="Model that answers clicks and boxes"
            hideLabel
            value={model}
            choices={choices}
            onValue={(chosen) => dispatch({ type: "model", model: chosen, requestId: commands.newId() })}
          />
        </span>
      )}
      <IconButton
        icon="columns"
        label="Second view beside this one"
        {...shortcut("view.beside")}
        pressed={beside}
        onClick={() => runCommand(commands, "view.beside")}
      />
      <IconButton
        icon="image"
        label="Save this view as a picture"
        {...shortcut("view.picture")}
        onClick={() => commands.view.savePicture()}
      />
      <Button
        icon="download"
        data-tour="export"
        onClick={() => {
          dialog.value = "export";
        }}
      >
        Export
      </Button>
      {others.length > 0 && (
        <a
          class="people"
          href={`/projects/${encodeURIComponent(project.id)}/members`}
          title={`Other members: ${others.join(", ")}`}
          aria-label={counted(others.length, "other member")}
        >
          {others.slice(0, MOST_PEOPLE).map((person) => (
            <Avatar key={person} name={person} size={22} />
          ))}
          {others.length > MOST_PEOPLE && <span class="people-more">+{others.length - MOST_PEOPLE}</span>}
        </a>
      )}
    </TopBar>
  );
}
