"""The policy of settlements: banks, fees, bookings, schedules, proofs, and what is in doubt."""
