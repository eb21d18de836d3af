"""What earlier runs found out, by the digest of what they looked at."""
