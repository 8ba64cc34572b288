import * as fc from 'fast-check';

// A property that fails must fail again: every one starts from the same seed unless FUZZ_SEED gives another.
fc.configureGlobal({ seed: Number(process.env['FUZZ_SEED'] ?? 1) });
