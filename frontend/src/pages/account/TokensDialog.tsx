// API tokens: make one (it is shown once), see which there are, delete them.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ApiToken, NewApiToken } from "../../protocol/rest";
import { timeAgo } from "../../state/format";
import { createToken, deleteToken, loadTokens } from "../../state/session/effects";
import { tokens } from "../../state/session/store";
import { fieldError, formError, useAction } from "../../ui/action";
import { Button, IconButton } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { Dialog } from "../../ui/Dialog";
import { ErrorNote } from "../../ui/ErrorNote";
import { Field } from "../../ui/Field";
import { Table } from "../../ui/Table";
import "./account.css";

export function TokensDialog({ onClose }: { onClose: () => void }) {
  const name = useSignal("");
  const made = useSignal<NewApiToken | null>(null);
  const { busy, error, run } = useAction();
  useEffect(() => {
    void loadTokens();
  }, []);
  const create = async () => {
    const wanted = name.value.trim();
    if (wanted === "") return;
    await run(async () => {
      made.value = await createToken(wanted);
      name.value = "";
    });
  };
  const failure = formError(error.value, ["name"]);
  const all = tokens.value;
  return (
    <Dialog title="API tokens" onClose={onClose} onSubmit={create} wide>
      <p class="muted">
        A token lets a script act as you: <code class="mono">Authorization: Token …</code>. The interface is
        described at{" "}
        <a href="/api/docs" target="_blank" rel="noreferrer">
          /api/docs
        </a>
        .
      </p>
      <div class="token-form">
        <Field
          label="New token for"
          placeholder="Analysis notebook"
          value={name.value}
          maxLength={100}
          autocomplete="off"
          error={fieldError(error.value, "name")}
          onValue={(value) => {
            name.value = value;
          }}
        />
        <Button type="submit" tone="primary" busy={busy.value} disabled={name.value.trim() === ""}>
          Create
        </Button>
      </div>
      {failure !== undefined && <ErrorNote message={failure} />}
      {made.value !== null && (
        <div class="token-made" role="status">
          <strong>{made.value.name}: copy it now. It is shown this once.</strong>
          <div class="token-secret">
            <code class="mono">{made.value.token}</code>
            <CopyButton text={made.value.token} />
          </div>
        </div>
      )}
      {all.status === "failed" && <ErrorNote message={all.error.message} />}
      {all.status === "ready" && all.value.length === 0 && made.value === null && (
        <p class="muted">You have no tokens.</p>
      )}
      {all.status === "ready" && all.value.length > 0 && (
        <Table<ApiToken>
          label="Your API tokens"
          rows={all.value}
          rowKey={(token) => token.id}
          columns={[
            { title: "Name", cell: (token) => token.name },
            { title: "Created", cell: (token) => timeAgo(token.created_at, Date.now()) },
            {
              title: "Last used",
              cell: (token) =>
                token.last_used_at === null ? "never" : timeAgo(token.last_used_at, Date.now()),
            },
            {
              title: "Actions",
              hideTitle: true,
              align: "end",
              cell: (token) => (
                <IconButton
                  icon="trash"
                  label={`Delete ${token.name}`}
                  onClick={() => run(() => deleteToken(token.id))}
                />
              ),
            },
          ]}
        />
      )}
    </Dialog>
  );
}
