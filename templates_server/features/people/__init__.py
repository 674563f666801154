"""Users, their tags, and visitors: looked up, inserted or updated, removed with all that is known of them."""
