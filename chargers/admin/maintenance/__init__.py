"""Configuration, firmware and logs in the admin."""
