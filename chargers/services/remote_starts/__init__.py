"""Remote starts as intents with a deadline: a session, or a failure that says why."""
