"""Delivery + TrustStore -> signature and checksum observations. Mathematics only; keys are judged by rules."""
