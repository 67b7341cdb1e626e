// SPDX-License-Identifier: MIT
/** The script and the style of the report's page, minified, as text; and the files they are of. */
export declare function bundlePage(): Promise<{ script: string; style: string; inputs: string[] }>;
/** Writes them to dist/report/page/. */
export declare function writePage(): Promise<void>;
