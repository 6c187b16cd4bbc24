"""Papers: made of rows, by ReportLab, in either language, in the zone of their place."""
