"""The web floor: HTTP in, HTTP out. It decides nothing about webhooks; `engine/receive` does."""
