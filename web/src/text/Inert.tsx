import { useState } from "react";

import { maxInert, pieces } from "./inert";

/**
 * Inert shows text of agents, users and tools. It is the only way that such text
 * gets onto a page. block keeps lines and scrolls.
 */
export function Inert({ text, block = false }: { text: string | undefined | null; block?: boolean }) {
  const [whole, setWhole] = useState(false);
  const all = text ?? "";
  const shown = whole || all.length <= maxInert ? all : all.slice(0, maxInert);
  const body = pieces(shown).map((p, i) => {
    switch (p.kind) {
      case "text":
        return <span key={i}>{p.text}</span>;
      case "sign":
        return (
          <span key={i} className="h-inert-sign" title={p.name}>
            {p.text}
          </span>
        );
      case "mixed":
        return (
          <span key={i} className="h-inert-mixed" title={`letters of ${p.scripts.join(" and ")} in one word`}>
            {p.text}
          </span>
        );
      case "pseudonym":
        return (
          <span key={i} className="h-pseudonym" title="a personal value, kept as a pseudonym only">
            {short(p.text)}
          </span>
        );
    }
  });
  const more = shown.length < all.length && (
    <button type="button" onClick={() => setWhole(true)}>
      show all {all.length.toLocaleString()} characters
    </button>
  );
  if (!block) {
    return (
      <bdi className="h-inert">
        {body}
        {more}
      </bdi>
    );
  }
  return (
    <span className="h-inert h-inert-block" tabIndex={0} role="group" aria-label="text as recorded">
      {body}
      {more}
    </span>
  );
}

/** short is "pii:email:k1:163619adbc95c946" as people can tell it apart. */
const short = (pseudonym: string) => {
  const [, kind, , hash] = pseudonym.split(":");
  return `${kind}·${(hash ?? "").slice(0, 6)}`;
};

/** InertValue shows any JSON as indented text. Strings are shown as they are. */
export function InertValue({ value }: { value: unknown }) {
  return <Inert block text={typeof value === "string" ? value : JSON.stringify(value, null, 2)} />;
}
