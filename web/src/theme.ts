import { createTheme, type CSSVariablesResolver } from "@mantine/core";

/** The theme: system fonts, compact sizes. Colours are tokens of theme.css. */
export const theme = createTheme({
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
  primaryColor: "indigo",
  primaryShade: 8,
  autoContrast: true,
  defaultRadius: "sm",
  headings: { sizes: { h1: { fontSize: "1.35rem" }, h2: { fontSize: "1.05rem" }, h3: { fontSize: "0.95rem" } } },
});

/** tokens makes Mantine's own variables follow ours. */
export const tokens: CSSVariablesResolver = () => {
  const same = {
    "--mantine-color-body": "var(--h-ground)",
    "--mantine-color-text": "var(--h-text)",
    "--mantine-color-dimmed": "var(--h-muted)",
    "--mantine-color-default-border": "var(--h-line)",
    "--mantine-color-anchor": "var(--h-accent)",
    "--mantine-color-error": "var(--h-error)",
    "--mantine-color-placeholder": "var(--h-muted)",
  };
  return { variables: {}, light: same, dark: same };
};
