// "Use this one": the series starts with this model from now on.

import { asApiError } from "../../../protocol/errors";
import type { ComparedModel } from "../../../protocol/models";
import { useAction } from "../../../ui/action";
import { Badge } from "../../../ui/Badge";
import { Button } from "../../../ui/Button";
import { showToast } from "../../../ui/Toast";

export interface UseButtonProps {
  row: ComparedModel;
  used: boolean;
  onUse: (row: ComparedModel) => Promise<void>;
}

export function UseButton({ row, used, onUse }: UseButtonProps) {
  const { busy, error, run } = useAction();
  if (used) {
    return (
      <Badge tone="success" icon="check">
        in use
      </Badge>
    );
  }
  const use = async () => {
    if (!(await run(() => onUse(row))) && error.value !== null)
      showToast("danger", asApiError(error.value).message);
  };
  return (
    <Button busy={busy.value} onClick={use}>
      Use this one
    </Button>
  );
}
