"""Id tokens: issued, changed, blocked, imported, and adopted where they were seen unknown."""
