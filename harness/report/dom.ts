// SPDX-License-Identifier: MIT
import { parseHTML } from 'linkedom';
import type { DomDocument } from './timeline/marks.js';

/** A document outside a browser, for Plot to make its elements in. */
export const newDocument = (): DomDocument =>
  parseHTML('<html></html>').document as unknown as DomDocument;
