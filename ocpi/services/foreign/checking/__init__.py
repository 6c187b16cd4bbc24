"""Is a CDR right? Priced once more by our own engine, under the tariff of its time."""
