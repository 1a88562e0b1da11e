// The proposals that are stored: one by one by key, or many by score, on this frame, in a range or everywhere.

import type { Scope } from "../../state/annotator/model";
import {
  countBelow,
  countMeant,
  litProposals,
  type Meant,
  selectedProposal,
  storedProposals,
  waitingCount,
} from "../../state/annotator/review";
import { originName } from "../../state/annotator/segmenters";
import { mayEdit } from "../../state/annotator/view";
import { counted } from "../../state/format";
import { runCommand } from "../../tools/commands";
import { useAction } from "../../ui/action";
import { Button, IconButton } from "../../ui/Button";
import { Select } from "../../ui/Field";
import { Icon } from "../../ui/icons";
import { Menu } from "../../ui/Menu";
import { showToast } from "../../ui/Toast";
import { CommandKey, shortcut } from "./command_keys";
import { objectName } from "./objects";
import { RangeInputs } from "./ScopeChoice";
import { ScoreSlider } from "./ScoreSlider";
import { useView, useWorkspace } from "./workspace";

export function ReviewBar() {
  const waiting = useView(waitingCount);
  const drafting = useView((state) => state.prompt !== null || state.proposals !== null);
  const past = useView((state) => state.past !== null);
  const editable = useView(mayEdit);
  // With nothing to decide here the bar keeps small: it lies over the image.
  const idle = useView(
    (state) => state.review.what === "frame" && storedProposals(state, state.frame).length === 0,
  );
  if (waiting === 0 || drafting || past) return null;
  return (
    <section class="stage-bar review-bar" aria-label="Review of proposals">
      <OneByOne waiting={waiting} editable={editable} idle={idle} />
      {!idle && <Many editable={editable} />}
    </section>
  );
}

/** Steps through the proposals; with one selected, decides about it. */
function OneByOne({ waiting, editable, idle }: { waiting: number; editable: boolean; idle: boolean }) {
  const { commands, dispatch } = useWorkspace();
  const here = useView((state) => storedProposals(state, state.frame));
  const lit = useView((state) => litProposals(state, state.frame));
  const selected = useView(selectedProposal);
  const model = useView((state) => (selected === undefined ? null : originName(state, selected.origin)));
  const faded = here.length - lit.length;
  return (
    <div class="bar-row">
      <span class="bar-choice">
        <IconButton
          icon="chevron-left"
          label="Previous proposal"
          {...shortcut("proposal.previous")}
          onClick={() => runCommand(commands, "proposal.previous")}
        />
        <IconButton
          icon="chevron-right"
          label="Next proposal"
          {...shortcut("proposal.next")}
          onClick={() => runCommand(commands, "proposal.next")}
        />
      </span>
      {selected === undefined ? (
        <span class="bar-text" role="status">
          <strong class="number">{counted(here.length, "proposal")}</strong> on this frame
          {faded > 0 && <span class="number">, {faded} of them below the score</span>}
          <span class="bar-note number"> · {waiting.toLocaleString("en")} in the series</span>
        </span>
      ) : (
        <span class="bar-text" role="status">
          Proposal <strong>{objectName(selected.track)}</strong>
          {selected.origin.score !== null && (
            <span class="number"> · score {selected.origin.score.toFixed(2)}</span>
          )}
          {model !== null && <span class="bar-note"> · {model}</span>}
        </span>
      )}
      {idle && (
        <Button tone="quiet" onClick={() => dispatch({ type: "review", change: { what: "series" } })}>
          All frames…
        </Button>
      )}
      {selected !== undefined && editable && (
        <>
          <Button icon="check" onClick={() => runCommand(commands, "proposal.accept")}>
            Accept <CommandKey id="proposal.accept" />
          </Button>
          <Button tone="quiet" onClick={() => runCommand(commands, "proposal.discard")}>
            Discard <CommandKey id="proposal.discard" />
          </Button>
        </>
      )}
    </div>
  );
}

/** The score from which on proposals count, and what happens to all of them. */
function Many({ editable }: { editable: boolean }) {
  const what = useView((all) => all.review.what);
  const frames = useView((all) => all.series.frames);
  return (
    <div class="bar-row">
      {frames > 1 && <Where what={what} />}
      <ScoreSlider />
      {editable && <Decide what={frames === 1 ? "frame" : what} />}
    </div>
  );
}

function Where({ what }: { what: Scope["what"] }) {
  const { dispatch } = useWorkspace();
  const { from, to } = useView((all) => all.scope);
  const range = what === "range" ? "Frames" : `Frames ${from + 1} to ${to + 1}`;
  return (
    <span class="review-scope">
      <Select<Scope["what"]>
        label="Which proposals"
        hideLabel
        value={what}
        choices={[
          { value: "frame", label: "This frame" },
          { value: "range", label: range },
          { value: "series", label: "All frames" },
        ]}
        onValue={(chosen) => dispatch({ type: "review", change: { what: chosen } })}
      />
      {what === "range" && <RangeInputs />}
    </span>
  );
}

/** Either is one step of undo; many are changed on the server. */
function Decide({ what }: { what: Scope["what"] }) {
  const { commands, dispatch, session, state } = useWorkspace();
  const meant = useView((all) => countMeant(all, what));
  const rest = useView((all) => countBelow(all, what));
  const { busy, error, run } = useAction();
  const decide = async (verb: "accepted" | "discarded", below = false) => {
    const present = state.peek();
    if (what === "frame") {
      const reaching = new Set(litProposals(present, present.frame));
      const tracks = storedProposals(present, present.frame)
        .filter((object) => reaching.has(object) !== below)
        .map(({ track }) => track.track);
      const type = verb === "accepted" ? "review/accept" : "review/discard";
      dispatch({ type, tracks, requestId: commands.newId() });
      return;
    }
    const done = await run(async () => {
      const count = await (verb === "accepted" ? session.acceptMany(what) : session.discardMany(what, below));
      if (count === 0) {
        showToast("info", `No proposal there ${below ? "is below" : "reaches"} the score.`);
        return;
      }
      showToast("success", `${counted(count, "proposal")} ${verb}.`, {
        label: "Undo",
        onChoose: () => dispatch({ type: "undo", requestId: commands.newId() }),
      });
    });
    if (!done) showToast("danger", error.value?.message ?? "The proposals could not be changed.");
  };
  const none = meant?.count === 0;
  const discards = [
    {
      label: `Those that reach the score${inBrackets(meant)}`,
      disabled: none,
      onChoose: () => void decide("discarded"),
    },
    {
      label: `Those below the score${inBrackets(rest)}`,
      disabled: rest?.count === 0,
      onChoose: () => void decide("discarded", true),
    },
  ];
  return (
    <>
      <Button
        tone="primary"
        icon="check"
        disabled={none}
        busy={busy.value}
        onClick={() => void decide("accepted")}
      >
        Accept{meant === undefined ? "" : ` ${approximately(meant)}`}{" "}
        {what === "frame" && <CommandKey id="proposal.accept-frame" />}
      </Button>
      <Menu label="Discard" buttonClass="button quiet" entries={discards}>
        Discard <Icon name="chevron-down" size={12} />
      </Menu>
    </>
  );
}

const approximately = ({ count, exact }: Meant) => `${exact ? "" : "about "}${count.toLocaleString("en")}`;
const inBrackets = (meant: Meant | undefined) => (meant === undefined ? "" : ` (${approximately(meant)})`);
