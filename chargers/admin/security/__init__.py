"""Registration, passwords, profiles, certificates and security events in the admin."""
