// @vitest-environment happy-dom
import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../src/protocol/errors";
import { fieldError, formError } from "../../src/ui/action";
import { ConfirmDialog } from "../../src/ui/ConfirmDialog";
import { Dialog } from "../../src/ui/Dialog";
import { Field, Select } from "../../src/ui/Field";

const show = (element: Parameters<typeof render>[0]) => act(() => render(element, document.body));
const find = <T extends Element>(selector: string): T => {
  const found = document.body.querySelector<T>(selector);
  if (found === null) throw new Error(`There is no ${selector}.`);
  return found;
};

afterEach(() => {
  render(null, document.body);
});

describe("a field", () => {
  it("ties label and error to its input", async () => {
    await show(<Field label="Name" error="Already taken." value="Au" onValue={() => {}} />);
    const input = find<HTMLInputElement>("input");
    expect(find<HTMLLabelElement>("label").htmlFor).toBe(input.id);
    expect(input.getAttribute("aria-invalid")).toBe("true");
    const note = document.getElementById(input.getAttribute("aria-describedby") ?? "");
    expect(note?.textContent).toBe("Already taken.");
    expect(note?.getAttribute("role")).toBe("alert");
  });
});

describe("a choice", () => {
  const choices = ["owner", "viewer"].map((role) => ({ value: role, label: role }));
  const open = (role: string, onValue: (value: string) => void) =>
    show(<Select label="Role" value={role} choices={choices} onValue={onValue} />);
  const choose = (role: string) =>
    act(() => {
      const select = find<HTMLSelectElement>("select");
      select.value = role;
      select.dispatchEvent(new Event("change", { bubbles: true }));
    });

  it("shows what was chosen once that is the value", async () => {
    await open("owner", (role) => void open(role, () => {}));
    await choose("viewer");
    expect(find<HTMLSelectElement>("select").value).toBe("viewer");
  });

  it("goes on showing the value when the choice was refused", async () => {
    const onValue = vi.fn();
    await open("owner", onValue);
    await choose("viewer");
    expect(onValue).toHaveBeenCalledWith("viewer");
    expect(find<HTMLSelectElement>("select").value).toBe("owner");
  });
});

describe("errors of a form", () => {
  const error = new ApiError(400, "invalid", "Check the fields.", { name: ["Too long.", "Odd."] });

  it("stand at their field, and only there", () => {
    expect(fieldError(error, "name")).toBe("Too long. Odd.");
    expect(formError(error, ["name"])).toBeUndefined();
  });

  it("stand below the form when it has no such field", () => {
    expect(formError(error, ["colour"])).toBe("Check the fields.");
    expect(formError(new ApiError(409, "last_owner", "The only owner."), ["name"])).toBe("The only owner.");
  });
});

describe("a dialog", () => {
  const open = (body: Parameters<typeof render>[0]) =>
    show(
      <Dialog title="Keys" onClose={() => {}}>
        {body}
      </Dialog>,
    );

  it("opens with the focus on its first control, so that Enter does not close it", async () => {
    await open(<Field label="Name" value="" onValue={() => {}} />);
    expect(document.activeElement).toBe(find("input"));
  });

  it("without controls has the focus itself", async () => {
    await open(<p>Nothing to do here.</p>);
    expect(document.activeElement).toBe(find("dialog"));
  });
});

describe("a confirmation that must be typed", () => {
  const onConfirm = vi.fn(() => Promise.resolve());
  const onClose = vi.fn();
  const open = () =>
    show(
      <ConfirmDialog
        title="Delete"
        confirm="Delete it"
        typed="Sintering"
        onConfirm={onConfirm}
        onClose={onClose}
      >
        <p>For good.</p>
      </ConfirmDialog>,
    );
  const type = (text: string) =>
    act(() => {
      const input = find<HTMLInputElement>("input");
      input.value = text;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
  const submit = () =>
    act(() => {
      find("form").dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    });

  it("does nothing for another text, not even by Enter", async () => {
    await open();
    await type("sintering");
    expect(find<HTMLButtonElement>("button[type=submit]").disabled).toBe(true);
    await submit();
    expect(onConfirm).not.toHaveBeenCalled();
  });

  it("acts once the name is typed, then closes", async () => {
    await open();
    await type("Sintering");
    await submit();
    expect(onConfirm).toHaveBeenCalledOnce();
    await vi.waitFor(() => expect(onClose).toHaveBeenCalledOnce());
  });
});
