"""What belongs to other operators, as they told us: places, prices, sessions, CDRs."""
