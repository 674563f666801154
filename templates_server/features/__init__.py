"""The features of the server, one folder each: `api` and `routes`, `schemas`, and all SQL in stores."""
