"""The arithmetic of smart charging: profiles, what they add up to, and a site's fair shares.

Pure: no Django, no clock, no database. Limits are Decimals with one decimal (OCPP 1.6 §7.8);
currents of the budget are whole mA per phase; times are aware and in UTC.
"""
