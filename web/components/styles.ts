import { css } from "lit";

/** Takes the page's font and colour, and follows its colour scheme, not that of the device. */
export const shared = css`
  :host {
    --_accent: var(--quartier-accent, light-dark(#0b5c66, #7cc7cf));
    --_on-accent: var(--quartier-on-accent, light-dark(#fff, #0c1d20));
    --_line: var(--quartier-line, light-dark(#8a979a, #6d7c80));
    --_paper: var(--quartier-paper, light-dark(#fff, #13191c));
    --_ink: var(--quartier-ink, inherit);
    --_gap: var(--quartier-gap, 0.5rem);
    --_radius: var(--quartier-radius, 0.25rem);
    display: block;
    color: var(--_ink);
    font-family: var(--quartier-font, inherit);
    line-height: 1.5;
    overflow-wrap: anywhere;
  }
  :host([hidden]) {
    display: none;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  p,
  ol,
  ul,
  dl,
  dd {
    margin: 0;
    padding: 0;
  }
  ol,
  ul {
    list-style: none;
  }
  bdi {
    unicode-bidi: isolate;
  }
  a {
    color: var(--_accent);
    text-underline-offset: 0.15em;
  }
  button {
    min-height: 2.75rem;
    padding: 0.25rem 0.875rem;
    border: 1px solid var(--_accent);
    border-radius: var(--_radius);
    background: transparent;
    color: var(--_accent);
    font: inherit;
    cursor: pointer;
  }
  button:disabled {
    border-color: var(--_line);
    color: inherit;
    opacity: 0.7;
    cursor: default;
  }
  :focus-visible {
    outline: 3px solid var(--quartier-focus, var(--_accent));
    outline-offset: 2px;
  }
  .note {
    margin-block: var(--_gap);
    padding: var(--_gap) calc(2 * var(--_gap));
    border-inline-start: 4px solid var(--_accent);
  }
  .entry {
    padding-block: calc(1.5 * var(--_gap));
    border-block-end: 1px solid var(--_line);
  }
  .name {
    font-weight: 600;
  }
  .small,
  footer {
    font-size: 0.875em;
  }
  footer {
    margin-block-start: calc(1.5 * var(--_gap));
    line-height: 1.75rem; /* links below each other are targets of 24 px at least */
  }
  .pages {
    display: flex;
    flex-wrap: wrap;
    gap: var(--_gap);
    align-items: center;
    margin-block-start: calc(1.5 * var(--_gap));
  }
  dt {
    font-weight: 600;
  }
  dd + dt {
    margin-block-start: var(--_gap);
  }
  .pre {
    white-space: pre-line;
  }
`;
