// SPDX-License-Identifier: MIT

export const OUTCOMES = ['survived', 'crashed', 'not-reached', 'lost'] as const;
/** `crashed` wins over everything, `lost` over `not-reached`: silence is not success. */
export type Outcome = (typeof OUTCOMES)[number];
