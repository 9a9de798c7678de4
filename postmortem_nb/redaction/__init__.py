"""Redaction: secrets and personal data become keyed tokens, by rules that are data."""
