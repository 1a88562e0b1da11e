// Rows of one kind under named columns.

import type { ComponentChildren } from "preact";
import "./data.css";

export interface Column<Row> {
  title: string;
  /** Keeps the title for screen readers only (a column of buttons). */
  hideTitle?: boolean;
  width?: string;
  align?: "start" | "end";
  cell: (row: Row) => ComponentChildren;
}

export interface TableProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string | number;
}

export function Table<Row>({ label, columns, rows, rowKey }: TableProps<Row>) {
  return (
    <table class="table" aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th
              key={column.title}
              scope="col"
              class={column.align === "end" ? "end" : ""}
              style={column.width === undefined ? {} : { width: column.width }}
            >
              <span class={column.hideTitle === true ? "visually-hidden" : ""}>{column.title}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={rowKey(row)}>
            {columns.map((column) => (
              <td key={column.title} class={column.align === "end" ? "end" : ""}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
