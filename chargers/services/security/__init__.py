"""Passwords, security profiles and security events."""
