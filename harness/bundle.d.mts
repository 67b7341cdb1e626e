// SPDX-License-Identifier: MIT
/** Makes dist/ anew, the page apart. */
export declare function writeProgram(): Promise<void>;
/** Bundles a script of the repository's own for Node; returns the file to run or to import. */
export declare function bundleScript(entry: string, text?: string): Promise<string>;
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
