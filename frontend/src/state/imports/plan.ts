// Which chosen files become which series, and under what name. Pure.

import { naturally, proposedName } from "../format";

export interface Named {
  readonly name: string;
}

/** Whether several images are the frames of one series or a series each. */
export type Grouping = "one" | "each";

export interface PlannedSeries<F extends Named> {
  readonly name: string;
  readonly files: readonly F[];
}

/** Perhaps one frame of many; anything else (zip, video, OME-TIFF) is always a series of its own. */
export const isImage = (file: Named) => /(?<!\.ome)\.(png|jpe?g|tiff?)$/i.test(file.name);

/** What a folder holds beside its images: .DS_Store, Thumbs.db. */
export const isClutter = (file: Named) => /^\.|^(thumbs\.db|desktop\.ini)$/i.test(file.name);

/** Frames go in natural order: frame2 before frame10. */
export function planSeries<F extends Named>(files: readonly F[], grouping: Grouping): PlannedSeries<F>[] {
  const wanted = files.filter((file) => !isClutter(file)).sort((a, b) => naturally(a.name, b.name));
  const images = wanted.filter(isImage);
  const apart = grouping === "one" && images.length > 1 ? wanted.filter((file) => !isImage(file)) : wanted;
  const together = grouping === "one" && images.length > 1 ? [planned(images)] : [];
  return [...together, ...apart.map((file) => planned([file]))];
}

const planned = <F extends Named>(files: readonly F[]): PlannedSeries<F> => ({
  name: proposedName(files.map((file) => file.name)),
  files,
});
