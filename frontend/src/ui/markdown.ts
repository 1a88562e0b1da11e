// Reads the Markdown of model cards: headings, paragraphs, lists, tables, code, emphasis, links. HTML stays text. Pure.

export type Span =
  | { kind: "text" | "code" | "strong" | "emphasis"; text: string }
  | { kind: "link"; text: string; href: string };

export type Block =
  | { kind: "heading"; level: number; spans: Span[] }
  | { kind: "paragraph"; spans: Span[] }
  | { kind: "list"; ordered: boolean; items: Span[][] }
  | { kind: "table"; head: Span[][]; rows: Span[][][]; ends: boolean[] }
  | { kind: "code"; text: string };

const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const ITEM = /^\s*([-*+]|\d+[.)])\s+(.*)$/;
const RULE = /^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$/;
const FENCE = /^\s*```/;

export function parseMarkdown(text: string): Block[] {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    const heading = HEADING.exec(line);
    if (line.trim() === "") {
      at += 1;
    } else if (FENCE.test(line)) {
      const end = lines.findIndex((later, index) => index > at && FENCE.test(later));
      const stop = end === -1 ? lines.length : end;
      blocks.push({ kind: "code", text: lines.slice(at + 1, stop).join("\n") });
      at = stop + 1;
    } else if (heading !== null) {
      blocks.push({ kind: "heading", level: heading[1]?.length ?? 1, spans: parseSpans(heading[2] ?? "") });
      at += 1;
    } else if (line.includes("|") && RULE.test(lines[at + 1] ?? "")) {
      const stop = endOf(lines, at + 2, (later) => later.includes("|"));
      blocks.push(table(line, lines[at + 1] ?? "", lines.slice(at + 2, stop)));
      at = stop;
    } else if (ITEM.test(line)) {
      const stop = endOf(lines, at + 1, (later) => ITEM.test(later) || /^\s/.test(later));
      blocks.push(list(lines.slice(at, stop)));
      at = stop;
    } else {
      const stop = endOf(lines, at + 1, (later) => !startsBlock(later));
      blocks.push({ kind: "paragraph", spans: parseSpans(lines.slice(at, stop).join(" ")) });
      at = stop;
    }
  }
  return blocks;
}

const startsBlock = (line: string) => HEADING.test(line) || ITEM.test(line) || FENCE.test(line);

/** The first line from `from` on that is empty or does not belong any more. */
function endOf(lines: readonly string[], from: number, belongs: (line: string) => boolean): number {
  const stop = lines.findIndex((line, index) => index >= from && (line.trim() === "" || !belongs(line)));
  return stop === -1 ? lines.length : stop;
}

function list(lines: readonly string[]): Block {
  const items: string[] = [];
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item !== null) items.push(item[2] ?? "");
    else items.push(`${items.pop() ?? ""} ${line.trim()}`);
  }
  return { kind: "list", ordered: /^\s*\d/.test(lines[0] ?? ""), items: items.map(parseSpans) };
}

function table(head: string, rule: string, rows: readonly string[]): Block {
  return {
    kind: "table",
    head: cells(head).map(parseSpans),
    rows: rows.map((row) => cells(row).map(parseSpans)),
    ends: cells(rule).map((cell) => cell.endsWith(":")),
  };
}

const cells = (row: string) =>
  row
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));

const SPAN =
  /`([^`]+)`|\*\*([^*]+)\*\*|(?<![\w*])[*_]([^*_\s](?:[^*_]*[^*_\s])?)[*_](?!\w)|\[([^\]]+)\]\(([^)\s]+)\)/g;

export function parseSpans(text: string): Span[] {
  const spans: Span[] = [];
  let end = 0;
  for (const match of text.matchAll(SPAN)) {
    const [whole, code, strong, emphasis, label, href] = match;
    const span = spanOf(code, strong, emphasis, label, href);
    if (span === undefined) continue;
    if (match.index > end) spans.push({ kind: "text", text: text.slice(end, match.index) });
    spans.push(span);
    end = match.index + whole.length;
  }
  if (end < text.length) spans.push({ kind: "text", text: text.slice(end) });
  return spans;
}

function spanOf(
  code: string | undefined,
  strong: string | undefined,
  emphasis: string | undefined,
  label: string | undefined,
  href: string | undefined,
): Span | undefined {
  if (code !== undefined) return { kind: "code", text: code };
  if (strong !== undefined) return { kind: "strong", text: strong };
  if (emphasis !== undefined) return { kind: "emphasis", text: emphasis };
  // Any other scheme could run a script; a path would lead into the app.
  if (label !== undefined && href !== undefined && /^https?:\/\//i.test(href))
    return { kind: "link", text: label, href };
  return undefined;
}
