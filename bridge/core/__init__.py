"""Pure decisions: values in, values out; no clock, no environment, no database, no network."""
