import { useState } from "preact/hooks";
import type { Viewer } from "../lib/viewer.ts";
import { useTick } from "./hooks.ts";
import { Modal } from "./modal.tsx";

/** Asks for a token when the daemon refused the one there was, or none. */
export function Unlock({ viewer }: { viewer: Viewer }) {
  useTick();
  const [problem, say] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const token = String(new FormData(event.currentTarget).get("token")).trim();
    say(viewer.unlock(token) ? "" : "a token has letters, digits, - and _ only");
  };
  const known = viewer.access.known ? "The token is not valid (any more)." : "This daemon wants a token.";
  return (
    <Modal open={viewer.live.link.phase === "locked"} label="Token">
      <form class="unlock" onSubmit={submit}>
        <h2>{known}</h2>
        <label for="token">Token</label>
        <input id="token" name="token" type="password" autocomplete="off" spellcheck={false} required />
        <p class="hint fault" role="alert">
          {problem}
        </p>
        <button type="submit">Connect</button>
        <p class="hint">It is kept in this tab until the tab is closed.</p>
      </form>
    </Modal>
  );
}
