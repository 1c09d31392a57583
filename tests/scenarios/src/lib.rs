//! The whole house, over real sockets and processes.
