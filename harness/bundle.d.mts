// SPDX-License-Identifier: MIT
/**
 * The scripts of the pages of a run and of an audit, and their style, minified, as text; and the
 * files they are of.
 */
export declare function bundlePage(): Promise<{
  script: string;
  audit: string;
  style: string;
  inputs: string[];
}>;
/** Writes them to dist/report/page/. */
export declare function writePage(): Promise<void>;
