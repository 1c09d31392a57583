//! Routes to acquirers: TLS, framing, deadlines, exact delivery.
