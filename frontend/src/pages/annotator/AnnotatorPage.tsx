// The annotator of one series: opens it, then shows its workspace.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ApiError } from "../../protocol/errors";
import { openAnnotator } from "../../state/annotator/effects_open";
import { failed, loading, type Remote, ready } from "../../state/remote";
import { user } from "../../state/session/store";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { TopBar } from "../TopBar";
import { Layout } from "./Layout";
import { createWorkspace, type Workspace, WorkspaceContext } from "./workspace";
import "./annotator.css";
import "./drawing/drawing.css";
import "./foot.css";
import "./panel.css";
import "./stage.css";
import "./segment.css";
import "./tracks.css";
import "./view/view.css";

export interface AnnotatorPageProps {
  series: string;
  frame: number | undefined;
}

export function AnnotatorPage({ series, frame }: AnnotatorPageProps) {
  const opened = useSignal<Remote<Workspace>>(loading);
  const attempt = useSignal(0);
  const person = user.value;

  useEffect(() => {
    if (person === null) return;
    let workspace: Workspace | null = null;
    let left = false;
    opened.value = loading;
    openAnnotator(series, frame ?? 0, { id: person.id, name: person.name }).then(
      (session) => {
        if (left) {
          session.close();
          return;
        }
        workspace = createWorkspace(session);
        opened.value = ready(workspace);
      },
      (cause) => {
        if (!left) opened.value = failed(cause);
      },
    );
    return () => {
      left = true;
      workspace?.close();
    };
  }, [series, person?.id, attempt.value]);

  // A link to another frame of the same series.
  useEffect(() => {
    if (opened.value.status === "ready" && frame !== undefined) {
      opened.value.value.dispatch({ type: "frame/show", frame });
    }
  }, [frame]);

  if (opened.value.status === "ready") {
    return (
      <WorkspaceContext.Provider value={opened.value.value}>
        <Layout />
      </WorkspaceContext.Provider>
    );
  }
  return (
    <>
      <TopBar crumbs={[{ label: "Projects", href: "/" }]} />
      <main class="page-message">
        {opened.value.status === "loading" ? (
          <span class="spinner large" role="status" aria-label="Opening the series" />
        ) : (
          <EmptyState
            icon="warning"
            title={isMissing(opened.value.error) ? "There is no such series" : "The series cannot be opened"}
            action={
              <Button icon="refresh" onClick={() => attempt.value++}>
                Try again
              </Button>
            }
          >
            {isMissing(opened.value.error)
              ? "It was deleted, or you are not a member of its project. A manager of the project can add you."
              : opened.value.error.message}
          </EmptyState>
        )}
      </main>
    </>
  );
}

const isMissing = ({ status }: ApiError) => status === 404;
