//! Runs acquirer plugins within limits.
