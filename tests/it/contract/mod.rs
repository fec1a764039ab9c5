//! What simulators and real systems are both held to.
