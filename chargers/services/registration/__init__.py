"""Whether a charger may work: accepted, on hold or rejected; and how strangers become chargers."""
