// A model card as text: what Markdown marks up, and never HTML.

import { useMemo } from "preact/hooks";
import { type Block, parseMarkdown, type Span } from "./markdown";
import "./data.css";

export function Markdown({ text }: { text: string }) {
  const blocks = useMemo(() => parseMarkdown(text), [text]);
  return (
    <div class="markdown">
      {blocks.map((block, index) => (
        <Part key={index} block={block} />
      ))}
    </div>
  );
}

function Part({ block }: { block: Block }) {
  switch (block.kind) {
    case "heading":
      return block.level === 1 ? (
        <h3 class="markdown-title">
          <Spans spans={block.spans} />
        </h3>
      ) : (
        <h4>
          <Spans spans={block.spans} />
        </h4>
      );
    case "paragraph":
      return (
        <p>
          <Spans spans={block.spans} />
        </p>
      );
    case "code":
      return <pre class="mono">{block.text}</pre>;
    case "list": {
      const items = block.items.map((spans, index) => (
        <li key={index}>
          <Spans spans={spans} />
        </li>
      ));
      return block.ordered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
    case "table":
      return <CardTable block={block} />;
  }
}

function CardTable({ block }: { block: Extract<Block, { kind: "table" }> }) {
  const look = (column: number) => (block.ends[column] === true ? "end" : "");
  return (
    <div class="markdown-table">
      <table>
        <thead>
          <tr>
            {block.head.map((spans, column) => (
              <th key={column} scope="col" class={look(column)}>
                <Spans spans={spans} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {block.rows.map((row, index) => (
            <tr key={index}>
              {row.map((spans, column) => (
                <td key={column} class={look(column)}>
                  <Spans spans={spans} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Spans({ spans }: { spans: readonly Span[] }) {
  return (
    <>
      {spans.map((span, index) => (
        <Marked key={index} span={span} />
      ))}
    </>
  );
}

function Marked({ span }: { span: Span }) {
  switch (span.kind) {
    case "text":
      return <>{span.text}</>;
    case "code":
      return <code>{span.text}</code>;
    case "strong":
      return <strong>{span.text}</strong>;
    case "emphasis":
      return <em>{span.text}</em>;
    case "link":
      return (
        <a href={span.href} target="_blank" rel="noreferrer">
          {span.text}
        </a>
      );
  }
}
