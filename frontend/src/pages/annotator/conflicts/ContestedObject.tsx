// One object that two people changed: how it was, mine and theirs side by side, and which of them stays.

import type { JSX } from "preact";
import { areaPx, boxXyxy, decoded, encode, union } from "../../../geometry/rle";
import type { MaskRle } from "../../../protocol/messages";
import { cropAround } from "../../../render/crop";
import { type Choice, type Contested, mayUnite } from "../../../state/annotator/conflicts";
import { conflictText } from "../../../state/annotator/words";
import { areaOf } from "../objects";
import type { Pictures } from "../pictures";
import { useView } from "../workspace";
import { MaskPicture } from "./MaskPicture";

export interface ContestedObjectProps {
  contested: Contested;
  choice: Choice;
  pictures: Pictures;
  onChoose: (choice: Choice) => void;
}

export function ContestedObject({ contested, choice, pictures, onChoose }: ContestedObjectProps) {
  const { key, conflict, masks } = contested;
  const text = useView((state) => conflictText(state, conflict));
  const author = conflict.author?.name ?? "Theirs";
  const both =
    masks?.mine != null && masks.theirs !== null
      ? encode(union(decoded(masks.mine), decoded(masks.theirs)))
      : null;
  const ways: readonly (readonly [Choice, string, MaskRle | null])[] = [
    ["mine", "Mine", masks?.mine ?? null],
    ["theirs", conflict.author === null ? "Theirs" : `${author}’s`, masks?.theirs ?? null],
    ...(mayUnite(contested) ? [["union", "Both together", both] as const] : []),
  ];
  const all = [masks?.before, masks?.mine, masks?.theirs].filter((mask) => mask != null);
  const boxes = all.map((mask) => boxXyxy(decoded(mask)));
  const crop =
    masks === null || boxes.length === 0
      ? null
      : cropAround(masks.frame, [
          Math.min(...boxes.map((box) => box[0])),
          Math.min(...boxes.map((box) => box[1])),
          Math.max(...boxes.map((box) => box[2])),
          Math.max(...boxes.map((box) => box[3])),
        ]);
  const picture = (what: string, mask: MaskRle | null): JSX.Element | null =>
    crop === null ? null : (
      <>
        <MaskPicture
          name={`${key} ${what}`}
          track={conflict.track}
          crop={crop}
          mask={mask}
          pictures={pictures}
        />
        <Area mask={mask} />
      </>
    );
  return (
    <fieldset class="contested">
      <legend>{text}</legend>
      <div class="contested-ways">
        {masks !== null && (
          <div class="contested-way before">
            <span class="contested-name">Before</span>
            {picture("before", masks.before)}
          </div>
        )}
        {ways.map(([way, name, mask]) => (
          <label key={way} class="contested-way">
            <span class="contested-name">
              <input
                type="radio"
                name={`contested ${key}`}
                value={way}
                checked={choice === way}
                onChange={() => onChoose(way)}
              />
              {name}
            </span>
            {masks !== null && picture(way, mask)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Area({ mask }: { mask: MaskRle | null }) {
  const text = useView((state) => (mask === null ? "no mask" : areaOf(state, areaPx(decoded(mask)))));
  return <span class="muted number">{text}</span>;
}
