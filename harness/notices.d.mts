// SPDX-License-Identifier: MIT
/** The text of THIRD-PARTY-NOTICES.txt; packages with the same text stand above it together. */
export declare function notices(): Promise<string>;
