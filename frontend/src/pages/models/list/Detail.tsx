// One model or version: what it is, how good, trained on what, its card, and what can be done with it.

import { useSignal } from "@preact/signals";
import { versionFileUrl } from "../../../protocol/addresses";
import { asApiError } from "../../../protocol/errors";
import type { ModelVersion, ProjectModel } from "../../../protocol/models";
import type { Project } from "../../../protocol/rest";
import { fileSize, timeAgo } from "../../../state/format";
import { changeVersion } from "../../../state/models/effects";
import { weightCount } from "../../../state/models/store";
import { mayAs } from "../../../state/projects/store";
import { Badge } from "../../../ui/Badge";
import { Button, LinkButton } from "../../../ui/Button";
import { Icon } from "../../../ui/icons";
import { Markdown } from "../../../ui/Markdown";
import { Menu, type MenuEntry } from "../../../ui/Menu";
import { NameDialog } from "../../../ui/NameDialog";
import { routePath } from "../../../ui/router";
import { showToast } from "../../../ui/Toast";
import { Caution } from "../Caution";
import { Curves } from "../train/Curves";
import { DefaultDialog } from "./DefaultDialog";
import { Fact } from "./Fact";
import { Hash } from "./Hash";
import { Provenance, SettingsList } from "./Provenance";
import { ScoreBar } from "./ScoreBar";

const SCORE_NAMES: Record<string, string> = {
  iou: "IoU",
  dice: "Dice",
  ap50: "AP50",
  ap75: "AP75",
  pq: "PQ",
  boundary_f1: "Boundary F1",
};

export function VersionDetail({ project, version }: { project: Project; version: ModelVersion }) {
  const asks = useSignal<"rename" | "default" | null>(null);
  const close = () => {
    asks.value = null;
  };
  const acts = mayAs(project.role, "annotator");
  const archive = () =>
    changeVersion(version.id, { archived: !version.archived }).then(
      () =>
        showToast("success", `${version.name} is ${version.archived ? "back in the lists" : "archived"}.`),
      (cause) => showToast("danger", asApiError(cause).message),
    );
  const entries: MenuEntry[] = [
    { label: "Rename…", icon: "edit", onChoose: () => (asks.value = "rename") },
    { label: version.archived ? "Bring back" : "Archive", icon: "folder", onChoose: archive },
  ];
  const settings = version.model === "threshold";
  const count = weightCount(version.metadata);
  const { card, ...notes } = version.metadata.notes ?? {};
  return (
    <aside class="panel model-detail" aria-label={version.name}>
      <header class="detail-head">
        <div>
          <h2>{version.name}</h2>
          <p class="muted">
            {version.title}, version {version.number}
          </p>
        </div>
        {acts && (
          <Menu label={`Actions for ${version.name}`} entries={entries}>
            <Icon name="dots" />
          </Menu>
        )}
      </header>
      <div class="badges">
        <Badge>{version.origin}</Badge>
        {version.archived && <Badge icon="folder">archived</Badge>}
      </div>
      {!version.available && (
        <Caution>
          Its file is not on the server any more. An administrator can restore the folder models from a
          backup; or train or upload it again.
        </Caution>
      )}
      <div class="detail-actions">
        {acts && (
          <Button
            tone="primary"
            icon="check"
            disabled={!version.available || version.archived}
            onClick={() => {
              asks.value = "default";
            }}
          >
            Use for series…
          </Button>
        )}
        {settings && (
          <LinkButton
            icon="settings"
            href={routePath({
              page: "models",
              project: project.id,
              place: { part: "threshold", version: version.id, series: undefined, frame: undefined },
            })}
          >
            Open in the tuner
          </LinkButton>
        )}
        <LinkButton icon="download" href={versionFileUrl(version.id)} download="">
          Download {fileSize(version.size_bytes)}
        </LinkButton>
      </div>
      <Scores scores={version.scores} />
      <dl class="facts">
        {count !== null && <Fact name="Parameters">{count.toLocaleString("en")}</Fact>}
        {typeof version.metadata.config === "string" && (
          <Fact name="Configuration">{version.metadata.config}</Fact>
        )}
        {version.phases.length > 0 && (
          <Fact name="Phases">
            <span class="phase-names">
              {version.phases.map((phase) => (
                <span key={phase.id ?? phase.name} class="phase-name">
                  <span class="swatch" style={{ background: phase.colour }} />
                  {phase.name}
                </span>
              ))}
            </span>
          </Fact>
        )}
        <Provenance project={project} version={version} />
        {Object.entries(notes).map(([name, text]) => (
          <Fact key={name} name={name}>
            {text}
          </Fact>
        ))}
        <Fact name="Made">
          <time dateTime={version.created_at} title={new Date(version.created_at).toLocaleString()}>
            {timeAgo(version.created_at, Date.now())}
          </time>{" "}
          by {version.created_by.name}
        </Fact>
        <Fact name="SHA-256">
          <Hash sha256={version.sha256} />
        </Fact>
      </dl>
      {settings && <SettingsList parameters={version.parameters} />}
      {version.curve.length > 1 && <Curves rows={version.curve} />}
      {card !== undefined && <Markdown text={card} />}
      {asks.value === "rename" && (
        <NameDialog
          title="Rename version"
          label="Name"
          confirm="Rename"
          name={version.name}
          onName={(name) => changeVersion(version.id, { name })}
          onClose={close}
        />
      )}
      {asks.value === "default" && (
        <DefaultDialog
          title={version.name}
          choice={{ model: version.model, version: version.id }}
          onClose={close}
        />
      )}
    </aside>
  );
}

/** The weights that come with Graticule, or what to do where none do. */
export function UsualDetail({ project, model }: { project: Project; model: ProjectModel }) {
  const asks = useSignal(false);
  const acts = mayAs(project.role, "annotator");
  const { bundled } = model;
  const count = weightCount(bundled?.metadata);
  return (
    <aside class="panel model-detail" aria-label={model.title}>
      <header class="detail-head">
        <div>
          <h2>{model.title}</h2>
          <p class="muted">
            {bundled !== null ? "usual weights" : model.available ? "usual settings" : "no weights yet"}
          </p>
        </div>
      </header>
      {!model.available && <Caution>{model.reason}</Caution>}
      <div class="detail-actions">
        {acts && (
          <Button
            tone="primary"
            icon="check"
            disabled={!model.available}
            onClick={() => {
              asks.value = true;
            }}
          >
            Use for series…
          </Button>
        )}
        {acts && model.trainable && (
          <LinkButton
            icon="wand"
            href={routePath({
              page: "models",
              project: project.id,
              place: { part: "train", job: undefined, model: model.name },
            })}
          >
            Train on this project
          </LinkButton>
        )}
      </div>
      <dl class="facts">
        <Fact name="Kind">{model.promptable ? `${model.kind}, answers clicks and boxes` : model.kind}</Fact>
        {count !== null && <Fact name="Parameters">{count.toLocaleString("en")}</Fact>}
        {model.configs.length > 0 && <Fact name="Configurations">{model.configs.join(", ")}</Fact>}
        {bundled !== null && <Fact name="Size">{fileSize(bundled.size_bytes)}</Fact>}
        {bundled !== null && (
          <Fact name="SHA-256">
            <Hash sha256={bundled.sha256} />
          </Fact>
        )}
      </dl>
      {bundled !== null && bundled.card !== "" && <Markdown text={bundled.card} />}
      {asks.value && (
        <DefaultDialog
          title={model.title}
          choice={{ model: model.name, version: null }}
          onClose={() => {
            asks.value = false;
          }}
        />
      )}
    </aside>
  );
}

function Scores({ scores }: { scores: ModelVersion["scores"] }) {
  const shown = Object.entries(scores).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number" && entry[0] in SCORE_NAMES,
  );
  if (shown.length === 0) return null;
  return (
    <section class="scores" aria-label="Scores on the validation frames">
      {shown.map(([name, value]) => (
        <ScoreBar key={name} name={SCORE_NAMES[name] ?? name} value={value} />
      ))}
      <p class="field-hint">On the frames that were kept for validation.</p>
    </section>
  );
}
