// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, expect, it } from "vitest";
import { VersionDetail } from "../../../../src/pages/models/list/Detail";
import type { ModelVersion } from "../../../../src/protocol/models";
import type { Project } from "../../../../src/protocol/rest";

afterEach(() => render(null, document.body));

it("shows the card of an uploaded file as a card, and what else the file says as facts", () => {
  const version = {
    id: "v",
    model: "yolo",
    title: "YOLOv8n-seg",
    number: 1,
    name: "Sent",
    origin: "uploaded",
    size_bytes: 9,
    sha256: "0".repeat(64),
    metadata: { notes: { card: "# Gold on carbon\n\nTrained by **hand**.", seed: "7" } },
    phases: [],
    provenance: { file_name: "gold.safetensors" },
    scores: {},
    curve: [],
    created_by: { id: 1, name: "Ada" },
    created_at: "2026-01-01T00:00:00Z",
    available: true,
    archived: false,
    parameters: [],
  } as unknown as ModelVersion;
  render(<VersionDetail project={{ id: "p", role: "viewer" } as Project} version={version} />, document.body);
  expect(document.querySelector(".markdown-title")?.textContent).toBe("Gold on carbon");
  expect(document.querySelector(".markdown strong")?.textContent).toBe("hand");
  const facts = [...document.querySelectorAll(".fact")].map((fact) => fact.textContent);
  expect(facts).toContain("seed7");
  expect(facts.join()).not.toContain("Gold on carbon");
});
