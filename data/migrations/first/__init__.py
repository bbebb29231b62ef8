"""The first migration: tables in ``*.sql``, the rules of each family of documents as triggers."""
