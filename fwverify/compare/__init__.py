"""Components + vendor SBOM -> discrepancies."""
