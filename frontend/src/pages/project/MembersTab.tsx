// Who belongs to the project, and as what.

import { useSignal } from "@preact/signals";
import { asApiError } from "../../protocol/errors";
import { type Member, type Project, type Role, roles } from "../../protocol/rest";
import { addMember, removeMember, updateMember } from "../../state/projects/effects";
import { mayAs } from "../../state/projects/store";
import { user } from "../../state/session/store";
import { Avatar } from "../../ui/Avatar";
import { fieldError, formError, useAction } from "../../ui/action";
import { Button, IconButton } from "../../ui/Button";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import { ErrorNote } from "../../ui/ErrorNote";
import { Field, Select } from "../../ui/Field";
import { navigate } from "../../ui/router";
import { Table } from "../../ui/Table";
import { showToast } from "../../ui/Toast";

const meanings: Record<Role, string> = {
  viewer: "sees and exports",
  reviewer: "sees, exports, reviews",
  annotator: "imports and annotates",
  manager: "keeps phases, members, series",
  owner: "may do everything",
};

export function MembersTab({ project }: { project: Project }) {
  const removes = useSignal<Member | null>(null);
  const manages = mayAs(project.role, "manager");
  const myself = user.value?.id;
  /** Managers deal with everyone but owners. */
  const mayChange = (member: Member) => manages && (member.role !== "owner" || project.role === "owner");
  const change = (member: Member, role: Role) =>
    updateMember(project.id, member.user.id, role).catch((cause) =>
      showToast("danger", asApiError(cause).message),
    );
  const remove = async (member: Member) => {
    await removeMember(project.id, member.user.id);
    if (member.user.id === myself) navigate({ page: "projects" });
  };
  return (
    <div class="narrow">
      <div class="page-head">
        <div>
          <h2>Members</h2>
          <p class="muted">Only members see the project.</p>
        </div>
      </div>
      <div class="panel">
        <Table<Member>
          label="Members of the project"
          rows={project.members}
          rowKey={(member) => member.user.id}
          columns={[
            {
              title: "Person",
              cell: ({ user: person }) => (
                <span class="person">
                  <Avatar name={person.name} size={28} />
                  <span>
                    <strong>{person.name}</strong>
                    <span class="muted">
                      {person.username}
                      {person.id === myself ? " (you)" : ""}
                    </span>
                  </span>
                </span>
              ),
            },
            {
              title: "Role",
              width: "340px",
              cell: (member) => (
                <span class="role">
                  {mayChange(member) ? (
                    <Select
                      label={`Role of ${member.user.name}`}
                      hideLabel
                      value={member.role}
                      choices={choicesFor(project.role)}
                      onValue={(role) => change(member, role)}
                    />
                  ) : (
                    member.role
                  )}
                  <span class="muted">{meanings[member.role]}</span>
                </span>
              ),
            },
            {
              title: "Actions",
              hideTitle: true,
              width: "56px",
              align: "end",
              cell: (member) =>
                mayChange(member) && (
                  <IconButton
                    icon="trash"
                    label={`Remove ${member.user.name}`}
                    onClick={() => {
                      removes.value = member;
                    }}
                  />
                ),
            },
          ]}
        />
        {manages && <NewMember project={project} />}
      </div>
      {removes.value !== null && (
        <ConfirmDialog
          title={`Remove ${removes.value.user.name}`}
          confirm="Remove"
          onConfirm={() => (removes.value === null ? Promise.resolve() : remove(removes.value))}
          onClose={() => {
            removes.value = null;
          }}
        >
          <p>
            {removes.value.user.id === myself
              ? "You will no longer see this project. What you annotated stays; what you let segment, train or compare now stops."
              : "They will no longer see this project. What they annotated stays, under their name; what they let segment, train or compare now stops."}
          </p>
        </ConfirmDialog>
      )}
    </div>
  );
}

const choicesFor = (own: Role) =>
  roles.filter((role) => role !== "owner" || own === "owner").map((role) => ({ value: role, label: role }));

function NewMember({ project }: { project: Project }) {
  const username = useSignal("");
  const role = useSignal<Role>("annotator");
  const { busy, error, run } = useAction();
  const wanted = username.value.trim();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (wanted !== "" && (await run(() => addMember(project.id, wanted, role.value)))) username.value = "";
  };
  const failure = formError(error.value, ["username", "role"]);
  return (
    <form class="new-member" noValidate onSubmit={submit}>
      <Field
        label="Username"
        hideLabel
        placeholder="Username"
        autocomplete="off"
        spellcheck={false}
        value={username.value}
        error={fieldError(error.value, "username")}
        onValue={(value) => {
          error.value = null;
          username.value = value;
        }}
      />
      <Select
        label="Role"
        hideLabel
        value={role.value}
        choices={choicesFor(project.role)}
        onValue={(value) => {
          role.value = value;
        }}
      />
      <Button type="submit" tone="primary" icon="plus" busy={busy.value} disabled={wanted === ""}>
        Add member
      </Button>
      {failure !== undefined && <ErrorNote message={failure} />}
    </form>
  );
}
