"""A bridge between a chatbot platform and CRMs: what it answers with success reaches the CRM, once."""

__version__ = "0.1.0"
