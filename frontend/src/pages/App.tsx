// Chooses the page for the address; without a session, the way in.

import { useEffect } from "preact/hooks";
import { loadSession } from "../state/session/effects";
import { session } from "../state/session/store";
import { Button } from "../ui/Button";
import { EmptyState } from "../ui/EmptyState";
import { lazy } from "../ui/lazy";
import { navigate, type Route, route } from "../ui/router";
import { Toasts } from "../ui/Toast";
import { ProjectPage } from "./project/ProjectPage";
import { ProjectsPage } from "./projects/ProjectsPage";
import { SignInPage } from "./sign-in/SignInPage";
import { TopBar } from "./TopBar";

const AnnotatorPage = lazy(() => import("./annotator/AnnotatorPage").then((page) => page.AnnotatorPage));

export function App() {
  return (
    <>
      <Gate />
      <Toasts />
    </>
  );
}

/** Lets nobody past who is not signed in, and nobody to the sign-in page who is. */
function Gate() {
  const present = session.value;
  const at = route.value;
  const stranger = present.status === "ready" && present.value === null;
  useEffect(() => {
    if (stranger && at.page !== "sign-in") {
      const next = window.location.pathname + window.location.search;
      navigate({ page: "sign-in", next }, { replace: true });
    } else if (present.status === "ready" && !stranger && at.page === "sign-in") {
      navigate(at.next, { replace: true });
    }
  }, [stranger, present.status, at]);
  if (present.status === "failed") return <NoServer message={present.error.message} />;
  if (present.status === "loading") return null;
  if (stranger) return <SignInPage />;
  return <Page at={at} />;
}

function Page({ at }: { at: Route }) {
  switch (at.page) {
    case "projects":
      return <ProjectsPage />;
    case "project":
      return <ProjectPage key={at.project} id={at.project} tab={at.tab} place={null} />;
    case "models":
      return <ProjectPage key={at.project} id={at.project} tab="models" place={at.place} />;
    case "annotator":
      return <AnnotatorPage key={at.series} series={at.series} frame={at.frame} />;
    case "missing":
      return <Missing path={at.path} />;
    case "sign-in":
      return null;
  }
}

function Missing({ path }: { path: string }) {
  return (
    <>
      <TopBar crumbs={[]} />
      <main class="page-message">
        <EmptyState icon="search" title="There is no such page">
          Nothing lives at {path}. <a href="/">Go to your projects</a>.
        </EmptyState>
      </main>
    </>
  );
}

function NoServer({ message }: { message: string }) {
  return (
    <main class="page-message">
      <EmptyState
        icon="warning"
        title="Graticule is out of reach"
        action={
          <Button icon="refresh" onClick={loadSession}>
            Try again
          </Button>
        }
      >
        {message}
      </EmptyState>
    </main>
  );
}
