// The project's series as cards: searched, narrowed down, in order; the archive apart.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { Project } from "../../protocol/rest";
import { loadArchivedSeries, loadSeries } from "../../state/projects/effects";
import { everything, type Listing, listed, matches } from "../../state/projects/listing";
import { archivedSeries, series } from "../../state/projects/store";
import { readyValue } from "../../state/remote";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { ErrorNote } from "../../ui/ErrorNote";
import { CardGrid } from "../lists/CardGrid";
import { ListTools } from "../lists/ListTools";
import { SeriesCard } from "./SeriesCard";

export interface SeriesListProps {
  project: Project;
  /** What stands where there are no series at all. */
  empty: ComponentChildren;
}

export function SeriesList({ project, empty }: SeriesListProps) {
  const listing = useSignal<Listing>(everything);
  const { narrowing, search, order } = listing.value;
  const archive = narrowing === "archived";
  const load = archive ? loadArchivedSeries : loadSeries;
  useEffect(() => {
    if (archive) void loadArchivedSeries(project.id);
  }, [archive, project.id]);
  const present = archive ? archivedSeries.value : series.value;
  const all = readyValue(series.value) ?? [];
  const shown = listed(readyValue(present) ?? [], listing.value);
  const nothing = present.status === "ready" && shown.length === 0;
  const showAll = () => {
    listing.value = { ...everything, order };
  };
  return (
    <>
      {series.value.status === "ready" && (
        <ListTools
          what="series"
          listing={listing}
          counts={{
            all: all.length,
            proposals: all.filter((one) => matches(one, "proposals")).length,
            untouched: all.filter((one) => matches(one, "untouched")).length,
            archived: readyValue(archivedSeries.value)?.length,
          }}
        />
      )}
      {present.status === "failed" && (
        <ErrorNote
          message={present.error.message}
          action={<Button onClick={() => load(project.id)}>Try again</Button>}
        />
      )}
      {shown.length > 0 && (
        <CardGrid label="Series">
          {shown.map((one) => (
            <SeriesCard key={one.id} series={one} project={project} />
          ))}
        </CardGrid>
      )}
      {nothing && archive && present.value.length === 0 && (
        <EmptyState icon="archive" title="No series in the archive">
          A manager archives a series from its menu. There it can still be seen and exported, and is deleted
          or restored.
        </EmptyState>
      )}
      {nothing && !archive && present.value.length === 0 && empty}
      {nothing && present.value.length > 0 && (
        <EmptyState
          icon="search"
          title="No series matches"
          action={<Button onClick={showAll}>Show all</Button>}
        >
          {search === "" ? "None is in this state." : `No name here has “${search}” in it.`}
        </EmptyState>
      )}
    </>
  );
}
