"""The database: connections, tables, migrations, and ways to use it efficiently."""
