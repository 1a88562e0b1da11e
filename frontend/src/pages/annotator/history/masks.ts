// Masks by their hash, each asked for once.

import type { MaskRle } from "../../../protocol/messages";
import type { Session } from "../../../state/annotator/effects_open";

export type MaskCache = (sha256: string | null) => Promise<MaskRle | null>;

export function cacheMasks({ maskOf }: Pick<Session, "maskOf">): MaskCache {
  const known = new Map<string, Promise<MaskRle>>();
  return async (sha256) => {
    if (sha256 === null) return null;
    let asked = known.get(sha256);
    if (asked === undefined) {
      asked = maskOf(sha256);
      known.set(sha256, asked);
      asked.catch(() => known.delete(sha256));
    }
    return asked;
  };
}
