"""Our certificate authority for chargers, and the roots that chargers trust."""
