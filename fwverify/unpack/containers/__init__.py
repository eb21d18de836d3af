"""The room of plug-ins; entered through the registry only."""
