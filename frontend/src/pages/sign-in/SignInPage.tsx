// The way in.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { signIn } from "../../state/session/effects";
import { fieldError, formError, useAction } from "../../ui/action";
import { Button } from "../../ui/Button";
import { ErrorNote } from "../../ui/ErrorNote";
import { Field } from "../../ui/Field";
import { Logo } from "../../ui/Logo";
import "./sign-in.css";

export function SignInPage() {
  const username = useSignal("");
  const password = useSignal("");
  const { busy, error, run } = useAction();
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => {
    first.current?.focus();
    document.title = "Sign in · Graticule";
  }, []);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void run(() => signIn(username.value, password.value));
  };
  const failure = formError(error.value, ["username", "password"]);
  return (
    <main class="sign-in">
      <form class="sign-in-box" noValidate onSubmit={submit}>
        <div class="sign-in-head">
          <Logo size={36} />
          <h1>Graticule</h1>
          <p class="muted">Annotate, track and measure microscopy image series.</p>
        </div>
        <Field
          label="Username"
          name="username"
          autocomplete="username"
          inputRef={first}
          spellcheck={false}
          value={username.value}
          error={fieldError(error.value, "username")}
          onValue={(value) => {
            username.value = value;
          }}
        />
        <Field
          label="Password"
          name="password"
          type="password"
          autocomplete="current-password"
          value={password.value}
          error={fieldError(error.value, "password")}
          onValue={(value) => {
            password.value = value;
          }}
        />
        {failure !== undefined && <ErrorNote message={failure} />}
        <Button
          type="submit"
          tone="primary"
          busy={busy.value}
          disabled={username.value === "" || password.value === ""}
        >
          Sign in
        </Button>
      </form>
    </main>
  );
}
