import { useMemo, useState, type ReactNode } from "react";

export interface DataColumn<T> {
  key: string;
  name: string;
  /** cell is what is shown; value is what is sorted by. Without value the column is not sorted. */
  cell: (row: T) => ReactNode;
  value?: (row: T) => number | string | null | undefined;
  num?: boolean;
}

/** DataTable is a table of a page's figures; its headings sort. The rows of a report are few: it draws all. */
export function DataTable<T>({ rows, columns, label, first, keyOf }: { rows: T[]; columns: DataColumn<T>[]; label: string; first?: { key: string; down: boolean }; keyOf: (row: T) => string }) {
  const [sort, setSort] = useState(first);
  const sorted = useMemo(() => {
    const value = columns.find((c) => c.key === sort?.key)?.value;
    if (!value || !sort) return rows;
    // What is unknown goes to the end, either way.
    return rows.slice().sort((a, b) => {
      const x = value(a);
      const y = value(b);
      if (x === null || x === undefined) return y === null || y === undefined ? 0 : 1;
      if (y === null || y === undefined) return -1;
      const n = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
      return sort.down ? -n : n;
    });
  }, [rows, columns, sort]);
  return (
    <div className="h-scroll" tabIndex={0} role="group" aria-label={label}>
      <table className="h-table">
        <thead>
          <tr>
            {columns.map((c) => {
              const on = sort?.key === c.key;
              return (
                <th key={c.key} scope="col" className={c.num ? "h-num" : ""} aria-sort={on ? (sort.down ? "descending" : "ascending") : undefined}>
                  {c.value ? (
                    <button type="button" className="h-sort" onClick={() => setSort({ key: c.key, down: on ? !sort.down : !!c.num })}>
                      {c.name}
                      <span aria-hidden="true">{on ? (sort.down ? " ↓" : " ↑") : ""}</span>
                    </button>
                  ) : (
                    c.name
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((c) => (
                <td key={c.key} className={c.num ? "h-num" : ""}>
                  {c.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
