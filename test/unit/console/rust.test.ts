// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rustName } from '../../../harness/console/rust.js';

test.each([
  // From crashes of kernels with Rust drivers.
  [
    '_RNvMs3_NtCshgDM7dBCdno_11rust_binder7processNtB5_7Process10update_ref',
    '<rust_binder::process::Process>::update_ref',
  ],
  [
    '_RNvCshgDM7dBCdno_11rust_binder26rust_binder_unlocked_ioctl',
    'rust_binder::rust_binder_unlocked_ioctl',
  ],
  ['_RNvNtCs9jEwPDbx20M_4core9panicking9panic_fmt', 'core::panicking::panic_fmt'],
  [
    '_RNvMNtNtCs43vyB533jt3_6kernel5alloc9allocatorNtB2_11ReallocFunc4call',
    '<kernel::alloc::allocator::ReallocFunc>::call',
  ],
  // Made from RFC 2603.
  ['_RINvCs1_4demo4pushmE', 'demo::push::<u32>'],
  ['_RINvCs1_4demo4pushRShE', 'demo::push::<&[u8]>'],
  ['_RNvXCs1_4demoNtB2_4NodeNtB2_4Drop4drop', '<demo::Node as demo::Drop>::drop'],
  ['_RNCNvCs1_4demo4open0B3_', 'demo::open::{closure#0}'],
  ['_RNvCs1_4demo5_init', undefined],
  ['_RNvCs1_4demo', undefined],
  ['_RNvB_4demo', undefined],
  ['demo_init', undefined],
])('%s', (symbol, name) => {
  expect(rustName(symbol)).toBe(name);
});

test('no name is too strange', () => {
  const letter = fc.constantFrom(...'CNMXYIBstvREL_01234Ks');
  fc.assert(
    fc.property(fc.array(letter, { maxLength: 60 }), (letters) => {
      rustName(`_R${letters.join('')}`);
    }),
    { numRuns: 3000 },
  );
});
