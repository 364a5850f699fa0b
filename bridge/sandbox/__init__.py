"""Sandbox: servers that play a CRM, or any HTTP API, with faults on demand. It imports nothing of the bridge."""
