// What happened to the chosen objects, and to any next to the frame in sight: to be confirmed, removed or undone.

import type { EventRevision } from "../../protocol/messages";
import {
  confirmEvent,
  eventsInSight,
  eventText,
  eventWhen,
  removeEvent,
  undoEvent,
  waysBack,
} from "../../state/annotator/lineage";
import { mayEdit } from "../../state/annotator/view";
import { trackName } from "../../state/annotator/words";
import { plan } from "../../tools/commands";
import { IconButton } from "../../ui/Button";
import { Icon } from "../../ui/icons";
import { Menu } from "../../ui/Menu";
import { showEvent } from "./events";
import { useView, useWorkspace } from "./workspace";

const NAMES: Record<EventRevision["what"], string> = {
  merge: "Merge",
  split: "Split",
  contact: "Contact",
  birth: "Birth",
  dissolution: "Dissolution",
  exit: "Exit",
};

export function EventsList() {
  const events = useView(eventsInSight);
  if (events.length === 0) return null;
  return (
    <>
      <h2 class="side-heading">
        Events nearby <span class="muted number">{events.length}</span>
      </h2>
      <ul class="events">
        {events.map((event) => (
          <Event key={event.event} event={event} />
        ))}
      </ul>
    </>
  );
}

function Event({ event }: { event: EventRevision }) {
  const workspace = useWorkspace();
  const { commands, state } = workspace;
  const editable = useView(mayEdit);
  const text = useView((all) => eventText(all, event));
  const name = NAMES[event.what];
  const proposed = event.state === "proposal";
  const ways = waysBack(state.value, event).map(({ track, to }) => ({
    label: `Undo this ${event.what}: ${trackName(state.value, track)} goes on as ${trackName(state.value, to)}`,
    icon: "undo" as const,
    onChoose: () => plan(commands, undoEvent(event, track, to)),
  }));
  return (
    <li class={proposed ? "event-row proposal" : "event-row"}>
      <button type="button" class="event-text" onClick={() => showEvent(workspace, event)}>
        <span>
          {!proposed && (
            <span class="event-confirmed" title="Confirmed">
              <Icon name="check" size={12} />
              <span class="visually-hidden">Confirmed: </span>
            </span>
          )}
          <strong>{name}</strong> <span class="number">{text}</span>
        </span>
        <span class="muted number">{eventWhen(event)}</span>
      </button>
      {editable && (
        <span class="event-buttons">
          {proposed && (
            <IconButton
              icon="check"
              label={`Confirm this ${event.what}`}
              onClick={() => plan(commands, confirmEvent(event))}
            />
          )}
          <IconButton
            icon="close"
            label={`Remove this ${event.what}: it did not happen`}
            onClick={() => plan(commands, removeEvent(event))}
          />
          {ways.length > 0 && (
            <Menu label={`More about this ${event.what}`} entries={ways}>
              <Icon name="dots" />
            </Menu>
          )}
        </span>
      )}
    </li>
  );
}
