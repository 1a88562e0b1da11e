import { describe, expect, it } from "vitest";
import { parseMarkdown, parseSpans } from "../../src/ui/markdown";

describe("a card", () => {
  it("has headings, paragraphs over several lines, and lists whose items go on", () => {
    const blocks = parseMarkdown("# swin_unet\n\nTrained on\nparticles.\n\n- one\n  goes on\n- two\n");
    expect(blocks).toEqual([
      { kind: "heading", level: 1, spans: [{ kind: "text", text: "swin_unet" }] },
      { kind: "paragraph", spans: [{ kind: "text", text: "Trained on particles." }] },
      {
        kind: "list",
        ordered: false,
        items: [[{ kind: "text", text: "one goes on" }], [{ kind: "text", text: "two" }]],
      },
    ]);
  });

  it("has tables, whose numbers stand at the end", () => {
    const [table] = parseMarkdown("| frames | IoU |\n|---|---:|\n| `calm` | 0.915 |\n");
    expect(table).toEqual({
      kind: "table",
      head: [[{ kind: "text", text: "frames" }], [{ kind: "text", text: "IoU" }]],
      rows: [[[{ kind: "code", text: "calm" }], [{ kind: "text", text: "0.915" }]]],
      ends: [false, true],
    });
  });

  it("keeps code as it is, even without its end", () => {
    expect(parseMarkdown("```sh\n# not a heading")).toEqual([{ kind: "code", text: "# not a heading" }]);
  });
});

describe("text", () => {
  it("is emphasised, and names with underscores are left alone", () => {
    expect(parseSpans("**bold** and *thin*, efficient_sam_ti")).toEqual([
      { kind: "strong", text: "bold" },
      { kind: "text", text: " and " },
      { kind: "emphasis", text: "thin" },
      { kind: "text", text: ", efficient_sam_ti" },
    ]);
  });

  it("links to other sites only by http", () => {
    expect(parseSpans("[paper](https://doi.org/10.1)")).toEqual([
      { kind: "link", text: "paper", href: "https://doi.org/10.1" },
    ]);
    for (const text of ["[x](javascript:alert(1))", "[x](data:text/html,1)", "[x](/api/v1/session)"]) {
      expect(parseSpans(text).every((span) => span.kind === "text")).toBe(true);
    }
  });

  it("stays text where it is HTML", () => {
    expect(parseSpans("<img src=x onerror=alert(1)>")).toEqual([
      { kind: "text", text: "<img src=x onerror=alert(1)>" },
    ]);
  });
});
