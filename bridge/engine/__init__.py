"""The engine: receives, delivers, operates. It moves what `core` decided and `store` keeps; it reads no clock."""
