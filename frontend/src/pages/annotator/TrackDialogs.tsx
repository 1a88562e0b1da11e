// Dialogs that correct tracks: another ID, joining, exchanging, another phase from here on, and two masks in one place.

import { useSignal } from "@preact/signals";
import {
  afterCollision,
  changeId,
  chosenTracks,
  collidingPair,
  cut,
  exchange,
  join,
  mayExchange,
} from "../../state/annotator/lineage";
import type { Annotator, Refused } from "../../state/annotator/model";
import { trackName } from "../../state/annotator/words";
import { plan } from "../../tools/commands";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Swatch } from "./Swatch";
import { TrackPicker } from "./TrackPicker";
import { useView, useWorkspace } from "./workspace";

interface Closable {
  onClose: () => void;
}

/** The object that is meant: the selected one. */
const subjectOf = (state: Annotator): string | null =>
  chosenTracks(state).find((track) => track === state.selection?.track) ?? chosenTracks(state)[0] ?? null;

export function ChangeIdDialog({ onClose }: Closable) {
  const { commands, picking, state } = useWorkspace();
  const subject = useView(subjectOf);
  const name = useView((all) => (subject === null ? "" : trackName(all, subject)));
  const frame = useView((all) => all.frame);
  const to = useSignal<string | null>(null);
  const only = useSignal(false);
  if (subject === null) return null;
  const change = (other: string) => plan(commands, changeId(state.peek(), subject, other, only.value));
  const submit = () => {
    if (to.value === null) return;
    change(to.value);
    onClose();
  };
  const where = only.value ? `on frame ${frame + 1}` : `from frame ${frame + 1} on`;
  return (
    <Dialog
      title={`Change the ID of ${name}`}
      onClose={onClose}
      onSubmit={submit}
      footer={
        <>
          <Button
            icon="cursor"
            onClick={() => {
              const alone = only.value;
              picking.value = {
                frame,
                hint: `Click the object whose ID ${name} gets ${where}.`,
                onPick: (other) => plan(commands, changeId(state.peek(), subject, other, alone)),
              };
              onClose();
            }}
          >
            Click it on the image
          </Button>
          <Button
            icon="plus"
            onClick={() => {
              plan(commands, cut(state.peek(), subject, commands.newId(), { only: only.value }));
              onClose();
            }}
          >
            New ID
          </Button>
          <Button type="submit" tone="primary" disabled={to.value === null}>
            Change
          </Button>
        </>
      }
    >
      <div class="track-span" role="radiogroup" aria-label="On which frames">
        {[false, true].map((alone) => (
          <label key={String(alone)} class="checkbox">
            <input
              type="radio"
              name="change-id-span"
              checked={only.value === alone}
              onChange={() => {
                only.value = alone;
              }}
            />
            {alone ? `Only on frame ${frame + 1}` : `From frame ${frame + 1} on`}
          </label>
        ))}
      </div>
      <TrackPicker
        label="To the ID"
        except={subject}
        value={to.value}
        onValue={(track) => {
          to.value = track;
        }}
      />
    </Dialog>
  );
}

const PARTNERS = {
  join: {
    title: (name: string) => `Join ${name} with another object`,
    text: () => "On all frames the masks of both become those of one object. It keeps the lower number.",
    verb: "Join",
    hint: (name: string) => `Click the object that ${name} is joined with.`,
    plan: (state: Annotator, one: string, other: string) => join(state, [one, other]),
  },
  exchange: {
    title: (name: string) => `Exchange the ID of ${name}`,
    text: (frame: number) => `From frame ${frame + 1} on each of the two has the other's ID.`,
    verb: "Exchange",
    hint: (name: string) => `Click the object that ${name} exchanges its ID with.`,
    plan: exchange,
  },
};

export function PartnerDialog({ verb, onClose }: Closable & { verb: keyof typeof PARTNERS }) {
  const { commands, picking, state } = useWorkspace();
  const subject = useView(subjectOf);
  const name = useView((all) => (subject === null ? "" : trackName(all, subject)));
  const frame = useView((all) => all.frame);
  const other = useSignal<string | null>(null);
  if (subject === null) return null;
  const what = PARTNERS[verb];
  const submit = () => {
    if (other.value === null) return;
    plan(commands, what.plan(state.peek(), subject, other.value));
    onClose();
  };
  return (
    <Dialog
      title={what.title(name)}
      onClose={onClose}
      onSubmit={submit}
      footer={
        <>
          <Button
            icon="cursor"
            onClick={() => {
              picking.value = {
                frame: verb === "join" ? null : frame,
                hint: what.hint(name),
                onPick: (track) => plan(commands, what.plan(state.peek(), subject, track)),
              };
              onClose();
            }}
          >
            Click it on the image
          </Button>
          <Button type="submit" tone="primary" disabled={other.value === null}>
            {what.verb}
          </Button>
        </>
      }
    >
      <p>{what.text(frame)}</p>
      <TrackPicker
        label="With"
        except={subject}
        value={other.value}
        onValue={(track) => {
          other.value = track;
        }}
      />
    </Dialog>
  );
}

export function PhaseFromDialog({ onClose }: Closable) {
  const { commands, dispatch, state } = useWorkspace();
  const subject = useView(subjectOf);
  const name = useView((all) => (subject === null ? "" : trackName(all, subject)));
  const frame = useView((all) => all.frame);
  const phases = useView((all) => all.phases);
  if (subject === null) return null;
  const choose = (phase: string) => {
    if (frame === 0) dispatch({ type: "phase", phase, requestId: commands.newId() });
    else plan(commands, cut(state.peek(), subject, commands.newId(), { phase }));
    onClose();
  };
  return (
    <Dialog title={`Phase of ${name} from frame ${frame + 1} on`} onClose={onClose}>
      <p>
        {frame === 0
          ? "The whole object changes its phase."
          : `${name} ends on frame ${frame}; from frame ${frame + 1} on it is a new object of the phase.`}
      </p>
      <div class="phase-choices">
        {phases.map((phase) => (
          <button key={phase.id} type="button" class="phase-choice" onClick={() => choose(phase.id)}>
            <Swatch phase={phase.id} />
            <span class="phase-name">{phase.name}</span>
          </button>
        ))}
      </div>
    </Dialog>
  );
}

/** The server found two masks where there can be one. */
export function CollisionDialog({ refused }: { refused: Refused }) {
  const { commands, dispatch } = useWorkspace();
  const { reason, steps, select, message } = refused;
  const pair = useView((state) => collidingPair(steps)?.map((track) => trackName(state, track)));
  const again = (way: Parameters<typeof afterCollision>[1]) =>
    plan(commands, { reason, select, steps: afterCollision(steps, way) });
  const close = () => dispatch({ type: "tracks/let-go" });
  return (
    <Dialog
      title="Two masks in one place"
      onClose={close}
      footer={
        <>
          <Button onClick={close}>Cancel</Button>
          {pair?.[1] !== undefined && <Button onClick={() => again("keep")}>Keep those of {pair[1]}</Button>}
          {pair?.[0] !== undefined && (
            <Button onClick={() => again("replace")}>Keep those of {pair[0]}</Button>
          )}
          {mayExchange(steps) && <Button onClick={() => again("exchange")}>Exchange the two</Button>}
          <Button tone="primary" onClick={() => again("join")}>
            Join the masks
          </Button>
        </>
      }
    >
      <p>
        <strong>{reason}.</strong>
      </p>
      <p>{message}</p>
    </Dialog>
  );
}
