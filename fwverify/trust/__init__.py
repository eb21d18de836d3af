"""keys/ -> TrustStore: which key, whose, for what, valid when, revoked when, learned how."""
