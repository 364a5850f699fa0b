"""The things the bridge talks about: plain values, no behaviour beyond what they are."""
