// Checkpoints on their way to the server, and what became of them.

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { asApiError } from "../../../protocol/errors";
import type { ModelVersion } from "../../../protocol/models";
import { fileSize } from "../../../state/format";
import { sendVersion } from "../../../state/models/effects";
import { Button, IconButton, LinkButton } from "../../../ui/Button";
import { ErrorNote } from "../../../ui/ErrorNote";
import { Icon } from "../../../ui/icons";
import { ProgressBar } from "../../../ui/ProgressBar";
import { routePath } from "../../../ui/router";

interface Upload {
  readonly id: number;
  readonly file: File;
  readonly sent: number;
  readonly version: ModelVersion | null;
  readonly error: string | null;
  readonly stop: AbortController;
}

export interface Uploads {
  readonly tasks: Signal<readonly Upload[]>;
  add(files: readonly File[]): void;
  retry(id: number): void;
  forget(id: number): void;
}

let nextId = 1;

export function useUploads(project: string): Uploads {
  const tasks = useSignal<readonly Upload[]>([]);
  const running = useRef(tasks);
  useEffect(() => () => running.current.peek().forEach((task) => void task.stop.abort()), []);
  const change = (id: number, values: Partial<Upload>) => {
    tasks.value = tasks.value.map((task) => (task.id === id ? { ...task, ...values } : task));
  };
  const send = async ({ id, file, stop }: Upload) => {
    try {
      const version = await sendVersion(project, file, {}, (sent) => change(id, { sent }), stop.signal);
      change(id, { version });
    } catch (cause) {
      const error = asApiError(cause);
      if (!error.aborted) change(id, { error: error.message });
    }
  };
  const start = (file: File) => {
    const task = { id: nextId++, file, sent: 0, version: null, error: null, stop: new AbortController() };
    tasks.value = [...tasks.value, task];
    void send(task);
  };
  const forget = (id: number) => {
    tasks.value.find((task) => task.id === id)?.stop.abort();
    tasks.value = tasks.value.filter((task) => task.id !== id);
  };
  return {
    tasks,
    add: (files) => files.forEach(start),
    retry(id) {
      const task = tasks.value.find((one) => one.id === id);
      forget(id);
      if (task !== undefined) start(task.file);
    },
    forget,
  };
}

export function UploadButton({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button icon="upload" onClick={() => picker.current?.click()}>
        Upload a checkpoint
      </Button>
      <input
        ref={picker}
        class="visually-hidden"
        type="file"
        accept=".safetensors,.json"
        multiple
        tabIndex={-1}
        aria-label="Checkpoints to upload"
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}

export function UploadList({ project, uploads }: { project: string; uploads: Uploads }) {
  if (uploads.tasks.value.length === 0) return null;
  return (
    <ul class="panel import-list" aria-label="Uploads">
      {uploads.tasks.value.map((task) => (
        <UploadRow key={task.id} project={project} task={task} uploads={uploads} />
      ))}
    </ul>
  );
}

function UploadRow({ project, task, uploads }: { project: string; task: Upload; uploads: Uploads }) {
  const { id, file, sent, version, error } = task;
  const state = error !== null ? "failed" : version !== null ? "done" : "uploading";
  const whole = sent >= file.size;
  return (
    <li class={`import ${state}`}>
      <Icon name={state === "done" ? "check" : state === "failed" ? "warning" : "upload"} />
      <div class="import-text">
        <strong>{file.name}</strong>
        <span class="muted">
          {version !== null
            ? `Added as ${version.name}`
            : error !== null
              ? "Nothing was added"
              : whole
                ? "Checking keys and shapes"
                : `Sending ${fileSize(sent)} of ${fileSize(file.size)}`}
        </span>
      </div>
      {state === "uploading" ? (
        <ProgressBar
          label={`upload of ${file.name}`}
          value={whole || file.size === 0 ? undefined : sent / file.size}
          onCancel={() => uploads.forget(id)}
        />
      ) : (
        <div class="import-actions">
          {version !== null && (
            <LinkButton
              href={routePath({ page: "models", project, place: { part: "list", version: version.id } })}
            >
              Show
            </LinkButton>
          )}
          {error !== null && (
            <Button icon="refresh" onClick={() => uploads.retry(id)}>
              Try again
            </Button>
          )}
          <IconButton icon="close" label="Dismiss" onClick={() => uploads.forget(id)} />
        </div>
      )}
      {error !== null && (
        <div class="import-errors">
          <ErrorNote message={error} />
        </div>
      )}
    </li>
  );
}
