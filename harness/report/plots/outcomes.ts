// SPDX-License-Identifier: MIT
import * as Plot from '@observablehq/plot';
import type { Outcome } from '../../model/outcome.js';
import { newDocument } from '../dom.js';

/** How an outcome is drawn: by colour and by form, so that it can be told without colours. */
export const OUTCOME_STYLES: readonly {
  readonly outcome: Outcome | 'missed';
  readonly colour: string;
  readonly symbol: Plot.SymbolType;
}[] = [
  { outcome: 'survived', colour: 'var(--good)', symbol: 'circle' },
  { outcome: 'crashed', colour: 'var(--bad)', symbol: 'times' },
  { outcome: 'not-reached', colour: 'var(--doubt)', symbol: 'triangle' },
  { outcome: 'missed', colour: 'var(--doubt)', symbol: 'triangle' },
  { outcome: 'lost', colour: 'var(--ink)', symbol: 'square' },
];

/** A plot as the text of an SVG element. */
export const plotted = (options: Plot.PlotOptions): string =>
  Plot.plot({
    document: newDocument() as unknown as NonNullable<Plot.PlotOptions['document']>,
    style: { fontSize: '11px' },
    ...options,
  }).outerHTML;
