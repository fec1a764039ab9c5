//! All tests that go through a front door: one binary, so that it links once.

mod contract;
