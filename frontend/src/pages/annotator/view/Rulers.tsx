// Rulers of this frame and the line of the profile, over the image; each ruler with its measure and a way to remove it.

import { toScreen, type Viewport } from "../../../geometry/viewport";
import { labelPlace, rulerText } from "../../../render/ruler_marks";
import type { Profile, Ruler } from "../../../state/annotator/model";
import { calibrationOf } from "../../../state/annotator/view";
import { Icon } from "../../../ui/icons";
import { useView, useWorkspace } from "../workspace";

export function Rulers() {
  const { viewport, drawn, dispatch } = useWorkspace();
  const rulers = useView((state) => state.rulers);
  const profile = useView((state) => state.profile);
  const calibration = useView(calibrationOf);
  const here = rulers.filter(({ frame }) => frame === drawn.value.frame);
  if (here.length === 0 && profile === null) return null;
  const view = viewport.value;
  return (
    <>
      <svg class="marks rulers" aria-hidden="true">
        {profile !== null && <ProfileLine profile={profile} view={view} />}
        {here.map((ruler) => (
          <Lines key={ruler.id} ruler={ruler} view={view} />
        ))}
      </svg>
      {here.map((ruler) => {
        const at = toScreen(view, labelPlace(ruler.points));
        const text = rulerText(ruler, calibration);
        return (
          <span
            key={ruler.id}
            class="ruler-label number"
            style={{ transform: `translate(${at.x + 8}px, ${at.y - 26}px)` }}
          >
            {text}
            <button
              type="button"
              aria-label={`Remove the ruler of ${text}`}
              title="Remove this ruler"
              onClick={() => dispatch({ type: "view/ruler-gone", id: ruler.id })}
            >
              <Icon name="close" size={12} />
            </button>
          </span>
        );
      })}
    </>
  );
}

function Lines({ ruler, view }: { ruler: Ruler; view: Viewport }) {
  const points = ruler.points.map((point) => toScreen(view, point));
  const path = points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join("");
  return (
    <g class="ruler-mark">
      <path class="ruler-shade" d={path} />
      <path d={path} />
      {points.map(({ x, y }, index) => (
        <circle key={index} cx={x} cy={y} r={3} />
      ))}
    </g>
  );
}

/** As wide as what is averaged. */
function ProfileLine({ profile, view }: { profile: Profile; view: Viewport }) {
  const [from, to] = [toScreen(view, profile.from), toScreen(view, profile.to)];
  const d = `M${from.x} ${from.y}L${to.x} ${to.y}`;
  return (
    <g class="profile-mark">
      {profile.width > 1 && (
        <path class="profile-band" d={d} stroke-width={Math.max(1, profile.width * view.scale)} />
      )}
      <path class="ruler-shade" d={d} />
      <path d={d} />
      <circle cx={from.x} cy={from.y} r={4} />
      <circle class="end" cx={to.x} cy={to.y} r={3} />
    </g>
  );
}
