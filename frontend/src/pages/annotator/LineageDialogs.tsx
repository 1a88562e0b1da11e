// Dialogs that write down what happened between the frame before and this one: a merge or a split.

import { useSignal } from "@preact/signals";
import { chosenTracks, markMerge, markSplit } from "../../state/annotator/lineage";
import type { Annotator } from "../../state/annotator/model";
import { type ObjectOnFrame, objectOf, objectsOn, type Track } from "../../state/annotator/view";
import { objectName } from "../../state/annotator/words";
import { plan } from "../../tools/commands";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Select } from "../../ui/Field";
import { phaseName } from "./objects";
import { TrackSwatch } from "./Swatch";
import { useView, useWorkspace } from "./workspace";

interface Closable {
  onClose: () => void;
}

export function MergeDialog({ onClose }: Closable) {
  const { commands, state } = useWorkspace();
  const frame = useView((all) => all.frame);
  const here = useView((all) => tracksOn(all, all.frame));
  const both = useView((all) => together(tracksOn(all, all.frame - 1), tracksOn(all, all.frame)));
  const guess = guessMerge(state.peek());
  const parents = useSignal<ReadonlySet<string>>(new Set(guess.parents));
  const child = useSignal(guess.child ?? here[0]?.track ?? "");
  const ready = parents.value.size >= 2 && child.value !== "";
  const submit = () => {
    if (!ready) return;
    const named = { parents: [...parents.value], child: child.value };
    plan(
      commands,
      markMerge(state.peek(), { ...named, newTrack: commands.newId(), event: commands.newId() }),
    );
    onClose();
  };
  return (
    <Dialog
      title={`Merge between frames ${frame} and ${frame + 1}`}
      onClose={onClose}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" disabled={!ready}>
            Mark the merge
          </Button>
        </>
      }
    >
      <Several
        legend="These came together"
        tracks={both}
        chosen={parents.value}
        onChosen={(next) => {
          parents.value = next;
        }}
      />
      <One
        label={`On frame ${frame + 1} they are`}
        tracks={here}
        value={child.value}
        onValue={(track) => {
          child.value = track;
        }}
      />
      {parents.value.has(child.value) && (
        <p class="field-hint">
          The IDs of those that came together end on frame {frame}. What they became gets a new ID.
        </p>
      )}
    </Dialog>
  );
}

export function SplitDialog({ onClose }: Closable) {
  const { commands, state } = useWorkspace();
  const frame = useView((all) => all.frame);
  const here = useView((all) => tracksOn(all, all.frame));
  const before = useView((all) => tracksOn(all, all.frame - 1));
  const guess = guessSplit(state.peek());
  const parent = useSignal(guess.parent ?? before[0]?.track ?? "");
  const children = useSignal<ReadonlySet<string>>(new Set(guess.children));
  // What goes on under the parent's ID is one of the parts.
  const goesOn = here.some(({ track }) => track === parent.value) ? [parent.value] : [];
  const named = new Set([...children.value, ...goesOn]);
  const ready = named.size >= 2 && parent.value !== "";
  const submit = () => {
    if (!ready) return;
    const newTracks = new Map([...named].map((track) => [track, commands.newId()]));
    const values = { parent: parent.value, children: [...named], newTracks, event: commands.newId() };
    plan(commands, markSplit(state.peek(), values));
    onClose();
  };
  return (
    <Dialog
      title={`Split between frames ${frame} and ${frame + 1}`}
      onClose={onClose}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" disabled={!ready}>
            Mark the split
          </Button>
        </>
      }
    >
      <One
        label="This came apart"
        tracks={before}
        value={parent.value}
        onValue={(track) => {
          parent.value = track;
        }}
      />
      <Several
        legend={`On frame ${frame + 1} it is`}
        tracks={here}
        chosen={named}
        onChosen={(next) => {
          children.value = next;
        }}
      />
      {goesOn.length > 0 && (
        <p class="field-hint">The ID of what came apart ends on frame {frame}. That part gets a new ID.</p>
      )}
    </Dialog>
  );
}

interface SeveralProps {
  legend: string;
  tracks: readonly Track[];
  chosen: ReadonlySet<string>;
  onChosen: (chosen: ReadonlySet<string>) => void;
}

function Several({ legend, tracks, chosen, onChosen }: SeveralProps) {
  return (
    <fieldset class="track-checks">
      <legend>{legend}</legend>
      <div class="track-rows">
        {tracks.map((track) => (
          <label key={track.track} class="checkbox track-row">
            <input
              type="checkbox"
              checked={chosen.has(track.track)}
              onChange={(event) => {
                const next = new Set(chosen);
                if (event.currentTarget.checked) next.add(track.track);
                else next.delete(track.track);
                onChosen(next);
              }}
            />
            <Name track={track} />
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Name({ track }: { track: Track }) {
  const phase = useView((state) => phaseName(state, track.phase));
  return (
    <>
      <TrackSwatch track={track} />
      <strong class="number">{objectName(track)}</strong>
      <span class="muted">{phase}</span>
    </>
  );
}

interface OneProps {
  label: string;
  tracks: readonly Track[];
  value: string;
  onValue: (track: string) => void;
}

function One({ label, tracks, value, onValue }: OneProps) {
  const choices = tracks.map((track) => ({ value: track.track, label: objectName(track) }));
  return <Select label={label} value={value} choices={choices} onValue={onValue} />;
}

/** Chosen ones first, then by number. */
function tracksOn(state: Annotator, frame: number): readonly Track[] {
  const chosen = new Set(chosenTracks(state));
  return objectsOn(state, frame)
    .map(({ track }) => track)
    .sort(
      (a, b) =>
        Number(chosen.has(b.track)) - Number(chosen.has(a.track)) || (a.number ?? 0) - (b.number ?? 0),
    );
}

function together(one: readonly Track[], other: readonly Track[]): readonly Track[] {
  const known = new Map([...other, ...one].map((track) => [track.track, track]));
  return [...known.values()];
}

const largest = (objects: readonly ObjectOnFrame[]) =>
  objects.toSorted((a, b) => b.area_px - a.area_px)[0]?.track.track;

/** Of what is marked: the child is what is new on this frame, else the largest there. */
function guessMerge(state: Annotator): { parents: string[]; child: string | undefined } {
  const chosen = chosenTracks(state);
  const here = objectsOn(state, state.frame).filter(({ track }) => chosen.includes(track.track));
  const fresh = here.filter(({ track }) => objectOf(state, track.track, state.frame - 1) === undefined);
  const child = largest(fresh) ?? largest(here);
  const born = fresh.some(({ track }) => track.track === child);
  return { parents: born ? chosen.filter((track) => track !== child) : chosen, child };
}

function guessSplit(state: Annotator): { parent: string | undefined; children: string[] } {
  const chosen = chosenTracks(state);
  const on = (frame: number) => objectsOn(state, frame).filter(({ track }) => chosen.includes(track.track));
  return { parent: largest(on(state.frame - 1)), children: on(state.frame).map(({ track }) => track.track) };
}
