"""A small CRM on SQLAlchemy, and cancelkit over its tables: python -m sqlalchemy_crm."""
